/* ---------------------------------------------------------------------------------------------------------------
 * What /proc/self tells.
 */
#define ARENA_START (0x1000000*P)
#define ARENA_END   (0x20000000*P)
#define MOST_VMAS   20000

/* One mapping; `object` tells files apart, 0 for what has none (its offset means nothing then). */
struct vma {
	u64 start, end, offset, object;
	char prot[4];
	int shared, plain;              /* plain: private and without a page cache */
	char name[24];
};

struct reader {
	int fd;
	size_t used, at;
	char buffer[1 << 16];
};

static int next_line(struct reader *reader, char *line, size_t size)
{
	size_t length = 0;

	for (;;) {
		if (reader->at == reader->used) {
			ssize_t got = read(reader->fd, reader->buffer, sizeof(reader->buffer));

			if (got <= 0)
				return 0;
			reader->used = (size_t)got;
			reader->at = 0;
		}
		char c = reader->buffer[reader->at++];

		if (c == '\n') {
			line[length] = '\0';
			return 1;
		}
		if (length + 1 < size)
			line[length++] = c;
	}
}

static int starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void parse_vma(const char *line, struct vma *vma)
{
	unsigned int major, minor;
	u64 inode;
	char prot[8];
	int length = 0;

	if (sscanf(line, "%llx-%llx %7s %llx %x:%x %llu %n", &vma->start, &vma->end, prot, &vma->offset,
		   &major, &minor, &inode, &length) < 7)
		stop(BROKEN, "/proc/self/maps: a line that does not read as one: %s", line);
	const char *name = line + length;

	memcpy(vma->prot, prot, 3);
	vma->prot[3] = '\0';
	vma->shared = prot[3] == 's';
	/* The first SysV segment of a namespace has the id, and so the inode, 0. */
	vma->object = inode || *name == '/' ? ((inode + 1) << 20) ^ ((u64)major << 12) ^ minor : 0;
	if (starts(name, "[vdso]"))
		vma->object = 1;
	else if (starts(name, "[vvar"))
		vma->object = 2;
	else if (!strcmp(name, "/dev/zero"))
		vma->object = 3;
	if (vma->object <= 3)
		vma->offset = 0;
	vma->plain = !vma->shared && (vma->object == 0 || vma->object == 3);
	snprintf(vma->name, sizeof(vma->name), "%.23s", name);
}

/* Call `each` for every mapping, in address order, until it returns 0. */
static void each_vma(int (*each)(const struct vma *vma, void *data), void *data)
{
	static struct reader reader;
	char line[512];
	struct vma vma;

	reader.fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	reader.used = reader.at = 0;
	if (reader.fd < 0)
		stop(BROKEN, "/proc/self/maps cannot be opened: %s", errno_name(errno));
	while (next_line(&reader, line, sizeof(line))) {
		parse_vma(line, &vma);
		if (!each(&vma, data))
			break;
	}
	close(reader.fd);
}

/* Lines of /proc/self/status that are in kB, in pages. */
static u64 status_pages(const char *name)
{
	static struct reader reader;
	char line[256];
	u64 kilobytes = 0;

	reader.fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	reader.used = reader.at = 0;
	while (reader.fd >= 0 && next_line(&reader, line, sizeof(line)))
		if (starts(line, name) && line[strlen(name)] == ':')
			kilobytes = strtoull(line + strlen(name) + 1, NULL, 10);
	close(reader.fd);
	return kilobytes / (P >> 10);
}

/* Whether all mappings of a range have one of smaps' VmFlags, such as " lo". */
static int all_have(u64 start, u64 size, const char *flag)
{
	static struct reader reader;
	u64 end = start + size, low = 0, high = 0, from, to;
	char line[512];

	reader.fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	reader.used = reader.at = 0;
	while (reader.fd >= 0 && start < end && next_line(&reader, line, sizeof(line))) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2) {
			low = from;
			high = to;
		} else if (starts(line, "VmFlags:") && low <= start && start < high && strstr(line, flag)) {
			start = high;
		}
	}
	close(reader.fd);
	return start >= end;
}

/* Whether all of a range is locked: an mlock that fails because pages cannot be brought in has locked all the same. */
static int is_locked(u64 start, u64 size)
{
	return all_have(start, size, " lo");
}

/* Set a bit for each page that the page tables have, in memory or swapped out; 0 where nobody tells. */
static int presence(u64 start, u64 pages, unsigned char *bits)
{
	static u64 entries[512];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	u64 done = 0;

	memset(bits, 0, (pages + 7) / 8);
	if (fd < 0)
		return 0;
	while (done < pages) {
		size_t wanted = pages - done < ARRAY_SIZE(entries) ? pages - done : ARRAY_SIZE(entries);
		ssize_t got = pread(fd, entries, wanted * 8, (off_t)((start / P + done) * 8));

		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got / 8; i++)
			if (entries[i] >> 62)
				bits[(done + i) / 8] |= 1 << (done + i) % 8;
		done += got / 8;
	}
	close(fd);
	return 1;
}

static int has(const unsigned char *bits, u64 page)
{
	return bits[page / 8] >> page % 8 & 1;
}
