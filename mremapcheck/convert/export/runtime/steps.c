/* ---------------------------------------------------------------------------------------------------------------
 * Running a scenario.
 */
struct move {
	int error;
	u64 from, result;
	int zone;                       /* of the place that the kernel chose, where it went there or stayed; or 0 */
	const char *verdict;
};

static struct move moves[MOST_MOVES];
static int move_count;
static struct snapshot before, after;

/* Whether the kernel has found a new place for what was moved. */
static int is_placed(const struct move *move)
{
	return !move->error && move->result >= P && move->result != move->from &&
	       (move->result < ARENA_START || move->result >= ARENA_END);
}

static void note_place(const struct move *move, u64 size)
{
	if (is_placed(move) && chosen_count < (int)ARRAY_SIZE(chosen)) {
		chosen[chosen_count].start = move->result;
		chosen[chosen_count++].end = move->result + size;
	}
}

struct range {
	u64 start, end, mapped;
};

static int count_mapped(const struct vma *vma, void *data)
{
	struct range *range = data;
	u64 start = vma->start > range->start ? vma->start : range->start;
	u64 end = vma->end < range->end ? vma->end : range->end;

	range->mapped += start < end ? end - start : 0;
	return 1;
}

/* A step as it is done at the place that the kernel chose; all of its range must be mapped. */
static const struct step *located(const struct step *step)
{
	static struct step copy;
	u64 number = (step->address - CHOSEN(1)) / CHOSEN_ROOM, offset = (step->address - CHOSEN(1)) % CHOSEN_ROOM;
	struct range range = { 0, 0, 0 };

	if (step->address < CHOSEN(1) || step->address >= CHOSEN(100))
		return step;
	if (number >= (u64)chosen_count)
		stop(BROKEN, "%s: no move so far was put where the kernel likes", step->where);
	copy = *step;
	copy.address = range.start = chosen[number].start + offset;
	range.end = range.start + (step->size ? whole_pages(step->size) : P);
	each_vma(count_mapped, &range);
	if (range.mapped < range.end - range.start)
		stop(BROKEN, "%s: not all of it is mapped any more", step->where);
	return &copy;
}

static void do_mremap(const struct step *step)
{
	struct move *move = &moves[move_count++];
	long long committed;
	long result;

	look(&before, step);
	committed = meminfo >= 0 ? committed_pages() : 0;
	errno = 0;
	result = syscall(SYS_mremap, step->address, step->size, step->new_size, step->flags, step->new_address);
	move->from = step->address;
	move->error = result == -1 ? errno : 0;
	report->committed[move - moves] = meminfo >= 0 ? committed_pages() - committed : 0;
	move->result = (u64)(unsigned long)result;
	if (move->error == EAGAIN)
		check_memlock(whole_pages(step->new_size));
	note_place(move, whole_pages(step->new_size));
	look(&after, step);
	move->verdict = judge(step, move->error, move->result, &before, &after);
}

/* Everything from here on happens in a child, which reports in our place. */
static void do_fork(const struct step *step)
{
	int status;

	uffd_settle();
	pid_t child = fork();

	if (child < 0)
		broken(step, "fork");
	if (child) {
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
		if (WIFSIGNALED(status))
			stop(BROKEN, "the forked child was killed: %s", strsignal(WTERMSIG(status)));
		_exit(WEXITSTATUS(status));
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(60);
	if (reader_ask >= 0) {
		close(reader_ask);
		close(reader_told);
	}
	reader_ask = reader_told = -1;
	uffd_close();
}

/* Each advice that a kernel knows is taken for private anonymous memory, shared memory, or both. */
static int takes_advice(int sharing, int advice)
{
	void *page = mmap(NULL, P, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
	int taken = !madvise(page, P, advice) || errno != EINVAL;

	munmap(page, P);
	return taken;
}

static void do_madvise(const struct step *step)
{
	static const struct { const char *advice, *needs; } known[] = {
		{ "guard-install", ": Linux 6.13 or later is needed" },
		{ "guard-remove", ": Linux 6.13 or later is needed" },
		{ "cold", ": Linux 5.4 or later is needed" },
		{ "pageout", ": Linux 5.4 or later is needed" },
		{ "populate-read", ": Linux 5.14 or later is needed" },
		{ "populate-write", ": Linux 5.14 or later is needed" },
		{ "dontneed-locked", ": Linux 5.18 or later is needed" },
		{ "collapse", ": Linux 6.1 or later is needed" },
		{ "mergeable", ": it is built without CONFIG_KSM" },
		{ "unmergeable", ": it is built without CONFIG_KSM" },
		{ "hugepage", ": it is built without CONFIG_TRANSPARENT_HUGEPAGE" },
		{ "nohugepage", ": it is built without CONFIG_TRANSPARENT_HUGEPAGE" },
	};
	const char *needs = "";

	if (!madvise((void *)(unsigned long)step->address, step->size, step->number))
		return;
	if (errno != EINVAL)
		broken(step, "madvise");
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(known[i].advice, step->text))
			needs = known[i].needs;
	int shared = takes_advice(MAP_SHARED, step->number);

	if (!shared && !takes_advice(MAP_PRIVATE, step->number))
		skip("this kernel does not know madvise(%s)%s", step->text, needs);
	if (!strcmp(step->text, "guard-install") && !shared)
		skip("this kernel has guard pages in anonymous memory only: Linux 6.15 or later is needed");
	errno = EINVAL;
	broken(step, "madvise");
}

static void do_mlock(const struct step *step)
{
	void *start = (void *)(unsigned long)step->address;

	if (!(step->number ? syscall(SYS_mlock2, start, step->size, 1) : mlock(start, step->size)))
		return;
	int error = errno;

	if (error == ENOMEM && !wanted_error && is_locked(step->address, step->size))
		return;
	check_memlock(step->size);
	errno = error;
	broken(step, "mlock");
}

static void do_name(const struct step *step)
{
	void *probe;

	if (!prctl(0x53564d41, 0, step->address, step->size, step->text))
		return;
	int error = errno;

	probe = mmap(NULL, P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (prctl(0x53564d41, 0, probe, P, "probe"))
		skip("this kernel names no memory: Linux 5.17 or later with CONFIG_ANON_VMA_NAME is needed");
	errno = error;
	broken(step, "name");
}

static void clear_refs(const struct step *step)
{
	static volatile char written;
	u64 entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	int fd = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);

	written = 1;
	if (pread(pagemap, &entry, 8, (off_t)((unsigned long)&written / P * 8)) != 8)
		broken(step, "pread");
	if (!(entry >> 55 & 1))
		skip("this kernel has no soft-dirty bits: it is built without CONFIG_MEM_SOFT_DIRTY");
	if (write(fd, "4", 1) != 1)
		broken(step, "clear-refs");
	close(pagemap);
	close(fd);
}

/* Allocate the protection keys from 1 on: the kernel gives the lowest one that is free. */
static void allocate_keys(const struct step *step)
{
	for (long key = 0; key < step->number;) {
		key = syscall(SYS_pkey_alloc, 0, 0);
		if (key < 0)
			skip("this machine has no protection keys: they need a processor with PKU, and a kernel that knows them");
	}
}

static void check(const struct step *step, const char *call, long result)
{
	if (result)
		broken(step, call);
}

static void do_step(const struct step *step);

static void do_failing(const struct step *fails)
{
	wanted_error = fails->number;
	if (!setjmp(failed_as_wanted)) {
		for (unsigned int i = 1; i <= fails->first; i++)
			do_step(&fails[i]);
		stop(BROKEN, "%s: %s did not fail with %s", fails[1].where, fails->text, errno_name(wanted_error));
	}
	wanted_error = 0;
}

static void do_step(const struct step *written)
{
	const struct step *step = located(written);
	void *start = (void *)(unsigned long)step->address;

	switch (step->what) {
	case DO_MMAP:       map(step); break;
	case DO_TRUNCATE:   check(step, "truncate", ftruncate(handle(step), (off_t)step->size)); break;
	case DO_ADD_SEALS:  check(step, "add-seals", add_seals(step)); break;
	case DO_MUNMAP:     check(step, "munmap", munmap(start, step->size)); break;
	case DO_KEYS:       allocate_keys(step); break;
	case DO_MPROTECT:
	case DO_MPROTECT_KEY:
		if (step->what == DO_MPROTECT ? mprotect(start, step->size, step->prot)
		    : syscall(SYS_pkey_mprotect, start, step->size, step->prot, step->number)) {
			check_executable(step);
			broken(step, "mprotect");
		}
		break;
	case DO_MADVISE:    do_madvise(step); break;
	case DO_MLOCK:      do_mlock(step); break;
	case DO_MLOCKALL:   check(step, "mlockall", mlockall(MCL_FUTURE | (step->number ? 4 : 0))); break;
	case DO_MUNLOCK:    check(step, "munlock", munlock(start, step->size)); break;
	case DO_MSEAL:
		if (!syscall(SYS_mseal, start, step->size, 0))
			break;
		if (errno == ENOSYS)
			skip("this kernel has no mseal: Linux 6.10 or later is needed");
		broken(step, "mseal");
	case DO_TOUCH:      touch(step); break;
	case DO_READ:       read_pages(step); break;
	case DO_REGISTER:   uffd_register(step); break;
	case DO_UNREGISTER: uffd_unregister(step); break;
	case DO_WRITEPROTECT: uffd_writeprotect(step); break;
	case DO_CLEAR_REFS: clear_refs(step); break;
	case DO_NAME:       do_name(step); break;
	case DO_FORK:       do_fork(step); break;
	case DO_LIMIT:      limit(step); break;
	case DO_HEADROOM:   leave_map_slots(step); break;
	case DO_REFUSE:     refuse_mremap(step); break;
	case DO_FAIL:       do_failing(step); break;
	case DO_MREMAP:     do_mremap(step); break;
	}
}
