/* ---------------------------------------------------------------------------------------------------------------
 * Tags: 8 bytes at the start of a page that say who wrote it. They go through a scratch file, by system calls, so
 * that a page which cannot be reached is an errno and not a signal.
 */
#define TAG_MAGIC 0x6dULL
#define BATCH 512

static int scratch_file(void)
{
	static int fd = -1;

	if (fd < 0)
		fd = (int)syscall(SYS_memfd_create, "scratch", 1U);
	if (fd < 0) {
		FILE *file = tmpfile();

		fd = file ? fileno(file) : -1;
	}
	if (fd < 0)
		stop(BROKEN, "no scratch file: %s", errno_name(errno));
	return fd;
}

static int vector(struct iovec *parts, u64 address, u64 pages)
{
	int count = pages < BATCH ? (int)pages : BATCH;

	for (int i = 0; i < count; i++)
		parts[i] = (struct iovec){ (void *)(unsigned long)(address + (u64)i * P), 8 };
	return count;
}

static __attribute__((noreturn)) void unreachable_page(const struct step *step, const char *call, u64 page)
{
	if (wanted_error == EFAULT)
		longjmp(failed_as_wanted, 1);
	stop(BROKEN, "%s: %s failed: EFAULT at page %llu", step->where, call, page);
}

static void touch(const struct step *step)
{
	static struct iovec parts[BATCH];
	static u64 tags[BATCH];
	u64 pages = (step->size + P - 1) / P;

	for (u64 done = 0; done < pages;) {
		int count = vector(parts, step->address + done * P, pages - done);

		for (int i = 0; i < count; i++)
			tags[i] = TAG_MAGIC | (u64)step->letter << 8 | (step->first + done + (u64)i) << 32;
		if (pwrite(scratch_file(), tags, (size_t)count * 8, 0) != count * 8)
			stop(BROKEN, "the scratch file cannot be written: %s", errno_name(errno));
		ssize_t put = preadv(scratch_file(), parts, count, 0);

		if (put != count * 8)
			unreachable_page(step, "touch", done + (put > 0 ? (u64)put / 8 : 0));
		done += (u64)count;
	}
}

/* Read the first 8 bytes of up to BATCH pages; return how many until the first that cannot be read. */
static int read_tags(u64 address, u64 pages, u64 *tags)
{
	static struct iovec parts[BATCH];
	int count = vector(parts, address, pages);
	ssize_t got = pwritev(scratch_file(), parts, count, 0);

	if (got < 8)
		return 0;
	if (pread(scratch_file(), tags, (size_t)got, 0) != got)
		stop(BROKEN, "the scratch file cannot be read: %s", errno_name(errno));
	return (int)(got / 8);
}

static void read_pages(const struct step *step)
{
	static u64 tags[BATCH];
	u64 pages = (step->size + P - 1) / P;

	for (u64 done = 0; done < pages;) {
		int got = read_tags(step->address + done * P, pages - done, tags);

		if (!got)
			unreachable_page(step, "read", done);
		done += (u64)got;
	}
}
