/* ---------------------------------------------------------------------------------------------------------------
 * Kinds of mappings: how each is made.
 */
#define MOST_OBJECTS 64
#define STACK_GAP (256 * P)     /* the kernel keeps this much free below a stack */

static const struct object *objects;    /* of the scenario that runs */
static int handles[MOST_OBJECTS];       /* descriptors, or segment ids, plus one; 0 where not made yet */

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
	unsigned char parameters[120] = { 0 };
	unsigned int entries = 1;
	int fd;

	switch (object->kind) {
	case MEMFD:
		fd = (int)syscall(SYS_memfd_create, "mremapcheck", 1U);
		break;
	case MEMFD_HUGETLB:
		fd = (int)syscall(SYS_memfd_create, "huge", 1U | 4U);
		if (fd < 0)
			skip("this kernel has no huge pages for memfds (CONFIG_HUGETLBFS)");
		break;
	case FILE_ON_DISK:
		fd = open_in_folder("file", disk, "no writable folder on ext4, xfs or btrfs: set TMPDIR to one");
		break;
	case TMPFS:
		fd = open_in_folder("tmpfs", tmpfs,
				    "no writable folder on tmpfs: mount one on /dev/shm, or set TMPDIR to one");
		break;
	case DEV_ZERO:
		fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
		if (fd < 0)
			skip("/dev/zero cannot be opened: %s", strerror(errno));
		return fd;
	case SECRET:
		fd = (int)syscall(SYS_memfd_secret, 0);
		if (fd < 0 && errno == ENOSYS)
			skip("memfd_secret is off: Linux 5.14 or later, up to 6.4 booted with secretmem.enable=1");
		break;
	case SYSV_SHM:
		fd = shmget(IPC_PRIVATE, object->length, IPC_CREAT | 0600);
		if (fd < 0 && errno == ENOSYS)
			skip("this kernel is built without System V IPC (CONFIG_SYSVIPC)");
		if (fd < 0)
			broken(step, "shmget");
		return fd;
	case IO_URING:
		while (entries * 36 < object->length)   /* bytes of both queues for each entry */
			entries *= 2;
		fd = (int)syscall(SYS_io_uring_setup, entries, parameters);
		if (fd < 0 && errno == ENOSYS)
			skip("this kernel is built without io_uring");
		if (fd < 0 && errno == EPERM)
			skip("io_uring is forbidden here: set kernel.io_uring_disabled=0, or lift the seccomp filter");
		if (fd < 0)
			broken(step, "io_uring_setup");
		return fd;
	default:
		return -1;
	}
	if (fd < 0)
		broken(step, "opening the object");
	if (ftruncate(fd, (off_t)object->length))
		broken(step, "ftruncate");
	return fd;
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

static void map_io_uring(const struct step *step, int fd)
{
	static struct gaps gaps;
	void *place;
	int error;

	leave_one_gap(step, &gaps);
	place = mmap(NULL, step->size, step->prot, MAP_SHARED, fd, 0);
	error = errno;
	open_gaps(&gaps);
	errno = error;
	if (place == MAP_FAILED)
		broken(step, "mmap");
	if ((u64)(unsigned long)place != step->address)
		skip("the kernel put the io_uring ring where the drawing does not have it");
}

static void map_aio(const struct step *step)
{
	static struct gaps gaps;
	unsigned long context = 0;
	long result;
	int error;

	leave_one_gap(step, &gaps);
	result = syscall(SYS_io_setup, step->size / 64 - 2, &context);
	error = errno;
	open_gaps(&gaps);
	if (result && error == ENOSYS)
		skip("this kernel is built without aio (CONFIG_AIO)");
	if (result && error == EAGAIN)
		skip("too many aio contexts: raise fs.aio-max-nr");
	errno = error;
	if (result)
		broken(step, "io_setup");
	if (context != step->address)
		skip("the kernel made another aio ring than the drawing has: with more processors it is longer");
	if (mprotect((void *)context, step->size, step->prot))
		broken(step, "mprotect");
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

static void map(const struct step *step)
{
	void *place = (void *)(unsigned long)step->address;
	int flags = step->sharing | MAP_FIXED, fd = -1;

	if (step->object >= 0) {
		if (!handles[step->object])
			handles[step->object] = make_object(step, &objects[step->object]) + 1;
		fd = handles[step->object] - 1;
	}
	switch (step->kind) {
	case IO_URING:
		map_io_uring(step, fd);
		return;
	case AIO:
		map_aio(step);
		return;
	case VDSO:
		move_own(step, "[vdso]");
		return;
	case VVAR:
		move_own(step, "[vvar]");
		return;
	case SYSV_SHM:
		place = shmat(fd, place, SHM_REMAP | 0100000);
		shmctl(fd, IPC_RMID, NULL);
		if (place == (void *)-1)
			broken(step, "shmat");
		if (mprotect(place, step->size, step->prot))
			broken(step, "mprotect");
		return;
	case HUGETLB:
		flags |= MAP_HUGETLB | MAP_ANONYMOUS;
		break;
	case GROWSDOWN:
		flags |= MAP_GROWSDOWN | MAP_ANONYMOUS;
		break;
	case DROPPABLE:
		flags = 0x08 | MAP_FIXED | MAP_ANONYMOUS;
		break;
	case ANON:
	case ANON_SHARED:
		flags |= MAP_ANONYMOUS;
		break;
	}
	if (mmap(place, step->size, step->prot, flags, fd, (off_t)step->offset) != MAP_FAILED)
		return;
	if (errno == EINVAL && step->kind == DROPPABLE)
		skip("this kernel does not know MAP_DROPPABLE: Linux 6.11 or later is needed");
	if (errno == ENOMEM && (step->kind == HUGETLB || step->kind == MEMFD_HUGETLB))
		skip("no free huge pages: set vm.nr_hugepages");
	check_executable(step);
	broken(step, "mmap");
}
