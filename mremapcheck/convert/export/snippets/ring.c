/* The kernel itself places rings, in the highest free range that fits: fill every other one for a moment. */
static struct { char *start; unsigned long size; } filled[1024];
static int filled_count;

static void leave_one_gap(char *start, unsigned long size)
{
	char *free = start + size;

	for (char *line = contents("/proc/self/maps"), *next, *rest; *line && filled_count < 1024; line = next) {
		char *from = (char *)strtoul(line, &rest, 16), *to = (char *)strtoul(rest + 1, NULL, 16), *end;

		next = strchr(line, '\n') + 1;
		next[-1] = 0;
		if (to <= free)
			continue;
		end = strstr(line, "[stack]") ? from - 256 * P : from;
		if (end > free) {
			filled[filled_count].start = free;
			filled[filled_count++].size = end - free;
		}
		if (end != from)
			break;
		free = to;
	}
	for (int i = 0; i < filled_count; i++)
		MUST(mmap(filled[i].start, filled[i].size, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0));
}

static void open_gaps(void)
{
	while (filled_count--)
		MUST(munmap(filled[filled_count].start, filled[filled_count].size));
	filled_count = 0;
}
