/* ---------------------------------------------------------------------------------------------------------------
 * Kinds of mappings: how each is made.
 */
#define MOST_OBJECTS 64
#define STACK_GAP (256 * P)     /* the kernel keeps this much free below a stack */

static const struct object *objects;    /* of the scenario that runs */
static int handles[MOST_OBJECTS];       /* descriptors, or segment ids, plus one; 0 where not made yet */
static int readonly[MOST_OBJECTS];      /* more descriptors of them, for reading only, plus one */

static int sealed[MOST_OBJECTS];        /* F_SEAL_ flags that they were given */

static const char *noexec;              /* the kind of file for which only folders mounted noexec were found */

/* A file without a name, in a folder on one of these file systems; better one that allows PROT_EXEC. */
static int open_in_folder(const char *kind, const long *magics, const char *missing)
{
	const char *folders[] = { getenv("TMPDIR"), "/tmp", "/var/tmp", getenv("HOME"), "/dev/shm", "." };
	char path[4096];

	for (int any = 0; any < 2; any++)
		for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
			struct statfs info;
			int fits = 0, fd;

			if (!folders[i] || statfs(folders[i], &info) || (!any && info.f_flags & 8))
				continue;
			for (const long *magic = magics; *magic; magic++)
				fits |= *magic == (long)info.f_type;
			snprintf(path, sizeof(path), "%s/mremapcheck-%d", folders[i], (int)getpid());
			/* not mkstemp: it asks the vdso for the time, which may have moved */
			if (!fits || (fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
				continue;
			unlink(path);
			if (any)
				noexec = kind;
			return fd;
		}
	skip("%s", missing);
}

static void check_executable(const struct step *step)
{
	int error = errno;

	if (noexec && (error == EACCES || error == EPERM) && step->prot & PROT_EXEC)
		skip("every folder for files of kind %s is mounted noexec: set TMPDIR to one that is not", noexec);
	errno = error;
}

static int make_object(const struct step *step, const struct object *object)
{
	static const long disk[] = { 0xef53, 0x58465342, 0x9123683e, 0 }, tmpfs[] = { 0x01021994, 0 };
	int fd;

	switch (object->kind) {
/* @make@ */
	default:
		return -1;
	}
	if (fd < 0)
		broken(step, "opening the object");
	if (ftruncate(fd, (off_t)object->length))
		broken(step, "ftruncate");
	return fd;
}

static int handle(const struct step *step)
{
	if (!handles[step->object])
		handles[step->object] = make_object(step, &objects[step->object]) + 1;
	return handles[step->object] - 1;
}

static int reading(const struct step *step)
{
	char path[32];

	if (!readonly[step->object]) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", handle(step));
		readonly[step->object] = open(path, O_RDONLY | O_CLOEXEC) + 1;
	}
	return readonly[step->object] - 1;
}

static int add_seals(const struct step *step)
{
	sealed[step->object] |= step->number;
	return fcntl(handle(step), F_ADD_SEALS, step->number);
}

/* Until 6.7 nothing shared of a memfd that is sealed against writing can be mapped. */
static void check_sealed(const struct step *step)
{
	if (errno == EPERM && step->object >= 0 && sealed[step->object] & F_SEAL_WRITE && !wanted_error &&
	    step->sharing & SHARED && !(step->prot & PROT_WRITE))
		skip("this kernel maps nothing shared of a memfd sealed against writing: Linux 6.7 or later is needed");
}

/* The kernel itself places rings, in the highest free range that fits: so fill every range above [start, end). */
struct gaps {
	u64 free, start[1024], length[1024];
	int count;
};

static int fill_gap(const struct vma *vma, void *data)
{
	struct gaps *gaps = data;
	int stack = starts(vma->name, "[stack]");
	u64 end = stack ? vma->start - STACK_GAP : vma->start;

	if (vma->end <= gaps->free)
		return 1;
	if (end > gaps->free && vma->start > gaps->free && gaps->count < (int)ARRAY_SIZE(gaps->start)) {
		gaps->start[gaps->count] = gaps->free;
		gaps->length[gaps->count++] = end - gaps->free;
	}
	gaps->free = vma->end;
	return !stack;
}

static void leave_one_gap(const struct step *step, struct gaps *gaps)
{
	munmap((void *)(unsigned long)step->address, step->size);
	gaps->free = step->address + step->size;
	gaps->count = 0;
	each_vma(fill_gap, gaps);
	for (int i = 0; i < gaps->count; i++)
		if (mmap((void *)(unsigned long)gaps->start[i], gaps->length[i], PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | 0x100000, -1, 0) == MAP_FAILED)
			gaps->length[i] = 0;
}

static void open_gaps(const struct gaps *gaps)
{
	for (int i = 0; i < gaps->count; i++)
		if (gaps->length[i])
			munmap((void *)(unsigned long)gaps->start[i], gaps->length[i]);
}

struct wanted {
	const char *name;
	u64 start, size;
};

static int find_named(const struct vma *vma, void *data)
{
	struct wanted *wanted = data;

	if (strcmp(vma->name, wanted->name))
		return 1;
	wanted->start = vma->start;
	wanted->size = vma->end - vma->start;
	return 0;
}

/* The process's own vdso or vvar goes where the drawing has it. */
static void move_own(const struct step *step, const char *name)
{
	struct wanted wanted = { name, 0, 0 };
	int length = (int)strlen(name) - 2;

	each_vma(find_named, &wanted);
	if (!wanted.start)
		skip("this kernel gives processes no %.*s", length, name + 1);
	if (wanted.size != step->size)
		skip("the %.*s of this kernel has %llu pages", length, name + 1, wanted.size / P);
	if (syscall(SYS_mremap, wanted.start, wanted.size, wanted.size, MAYMOVE | FIXED, step->address) < 0)
		broken(step, "mremap");
}

/* @functions@ */

static void map(const struct step *step)
{
	void *place = (void *)(unsigned long)step->address;
	int flags = MAP_FIXED | (step->sharing & ~(MAP_PRIVATE | READONLY)), fd = -1;

	if (step->object >= 0)
		fd = step->sharing & READONLY ? reading(step) : handle(step);
	switch (step->kind) {
/* @map@ */
	}
	if (mmap(place, step->size, step->prot, flags, fd, (off_t)step->offset) != MAP_FAILED)
		return;
	switch (step->kind) {
/* @skip@ */
	}
	check_executable(step);
	check_sealed(step);
	broken(step, "mmap");
}
