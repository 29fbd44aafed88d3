/* ---------------------------------------------------------------------------------------------------------------
 * What the process may do: capabilities, resource limits, how many mappings.
 */
static int memlock_limited;
static void *filler;
static void *one_more;    /* a mapping beyond the limit, which mmap alone makes */
static u64 filler_size;
static long filler_used;  /* its pages that are mappings of their own */

static const struct { int number; const char *name, *in_use; } resources[] = {
	[MEMLOCK] = { RLIMIT_MEMLOCK, "MEMLOCK", "VmLck" },
	[AS] = { RLIMIT_AS, "AS", "VmSize" },
	[DATA] = { RLIMIT_DATA, "DATA", "VmData" },
};

/* Always an ordinary user's process, whoever runs this. */
static void drop_capabilities(unsigned long keep)
{
	unsigned int header[2] = { 0x20080522, 0 }, data[6];

	if (syscall(SYS_capget, header, data))
		return;
	if (keep & ~(unsigned long)data[1])
		skip("this user lacks %s: run as root",
		     keep & ~(unsigned long)data[1] & IPC_LOCK ? "CAP_IPC_LOCK" : "CAP_SYS_RAWIO");
	data[0] = (data[0] & ~(unsigned int)(IPC_LOCK | SYS_RAWIO)) | (unsigned int)keep;
	syscall(SYS_capset, header, data);
}

/* Scenarios take addresses below 64K for forbidden, as distributions have it. */
static void check_lowest(u64 end)
{
	FILE *file = fopen("/proc/sys/vm/mmap_min_addr", "re");
	u64 lowest = 0, place = end - P;

	if (file && fscanf(file, "%llu", &lowest) == 1 && place >= lowest)
		skip("vm.mmap_min_addr is %llu here, so 0x%llx is an address like others: set it to 65536", lowest, place);
	if (file)
		fclose(file);
}

static void set_limit(int number, rlim_t size)
{
	struct rlimit limit;

	getrlimit(number, &limit);
	limit.rlim_cur = size == RLIM_INFINITY ? limit.rlim_max : size;
	setrlimit(number, &limit);
}

static void lift_limits(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		set_limit(resources[i].number, RLIM_INFINITY);
}

static void limit(const struct step *step)
{
	struct rlimit hard;
	u64 size = step->size;

	getrlimit(resources[step->number].number, &hard);
	if (step->flags)
		size += status_pages(resources[step->number].in_use) * P;
	if (hard.rlim_max != RLIM_INFINITY && size > hard.rlim_max)
		skip("the hard limit of RLIMIT_%s is %lluK: raise it (ulimit -H)", resources[step->number].name,
		     (u64)hard.rlim_max >> 10);
	set_limit(resources[step->number].number, size);
	memlock_limited |= step->number == MEMLOCK;
}

/* Why so many bytes cannot be locked here, where that is so. */
static void check_memlock(u64 wanted)
{
	struct rlimit hard;

	getrlimit(RLIMIT_MEMLOCK, &hard);
	if (!memlock_limited && hard.rlim_max != RLIM_INFINITY && status_pages("VmLck") * P + wanted > hard.rlim_max)
		skip("the scenario locks more than the hard limit of RLIMIT_MEMLOCK, %lluK: raise it (ulimit -H -l)",
		     (u64)hard.rlim_max >> 10);
}

/* A system call filter as sandboxes have it: mremap fails, whatever it asks for. */
static void refuse_mremap(const struct step *step)
{
	/* struct sock_filter and sock_fprog of linux/filter.h, which some libcs come without */
	struct { unsigned short code; unsigned char if_equal, if_not; unsigned int k; } filter[] = {
		{ 0x20, 0, 0, 0 },                              /* load the number of the call */
		{ 0x15, 0, 1, SYS_mremap },
		{ 0x06, 0, 0, 0x00050000u | (unsigned int)step->number }, /* SECCOMP_RET_ERRNO */
		{ 0x06, 0, 0, 0x7fff0000u },                    /* SECCOMP_RET_ALLOW */
	};
	struct { unsigned short length; void *filter; } program = { 4, filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &program))
		skip("no system call filter can be set here: %s", strerror(errno));
}

static int count_vma(const struct vma *vma, void *data)
{
	(void)vma;
	++*(long *)data;
	return 1;
}

#define PARKED 512  /* map slots that are free until a scenario is ready for its moves */

/*
 * Use up the map slots but for some: split a mapping, two pages with each call. This takes a tenth of a second, so
 * scenarios that need it are forked from one process that has done it (see main.c).
 */
static void use_up_map_slots(const struct step *step)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
	long most = 0, mapped = 0;

	if (!file || fscanf(file, "%ld", &most) != 1)
		skip("/proc/sys/vm/max_map_count cannot be read");
	fclose(file);
	if (most > 1 << 21)
		skip("vm.max_map_count is %ld, too many to use up: set it to 65530", most);
	each_vma(count_vma, &mapped);
	filler_size = (u64)(most + PARKED) * P;
	filler = mmap(NULL, filler_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (filler == MAP_FAILED)
		broken(step, "mmap");
	for (; filler_used + 2 <= most - mapped - PARKED; filler_used += 2)
		if (mprotect((char *)filler + (filler_used + 1) * (long)P, P, PROT_READ))
			broken(step, "mprotect");
}

/*
 * Leave `step->number` map slots: split until the kernel refuses, then give some back. Counting would not do: nothing
 * tells a process how many mappings it is charged for.
 */
static void leave_map_slots(const struct step *step)
{
	long pages = (long)(filler_size / P);
	int prot = RW;

	for (; filler_used < pages && !mprotect((char *)filler + filler_used * (long)P, P, prot); filler_used++)
		prot ^= PROT_EXEC;
	if (filler_used <= step->number)
		skip("vm.max_map_count leaves no %d mappings", step->number);
	if (filler_used == pages)
		skip("this kernel has no limit of mappings");
	if (step->number < 0) {
		one_more = mmap(NULL, P, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (one_more == MAP_FAILED)
			broken(step, "mmap");
		return;
	}
	if (step->number && munmap(filler, (u64)step->number * P))
		broken(step, "munmap");
	/* What is free now may be a moved mapping's place soon. */
	filler = (char *)filler + (u64)step->number * P;
	filler_size -= (u64)step->number * P;
}

static void give_map_slots_back(void)
{
	if (one_more)
		munmap(one_more, P);
	one_more = NULL;
	if (filler_size)
		munmap(filler, filler_size);
	filler_size = 0;
}
