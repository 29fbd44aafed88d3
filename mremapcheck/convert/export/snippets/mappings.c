/* What is mapped around the regions, as /proc/self/maps has it: before a call, and after it. */
static char before[1 << 21], after[1 << 21];

static int is_of_regions(unsigned long start, unsigned long end)
{
	for (int i = 0; i < region_count; i++)
		if (start < regions[i].ceiling && regions[i].floor < end)
			return 1;
	return 0;
}

static void mappings(char *text)
{
	for (char *line = contents("/proc/self/maps"), *next, *rest; *line; line = next) {
		unsigned long start = strtoul(line, &rest, 16), end = strtoul(rest + 1, NULL, 16);

		next = strchr(line, '\n') + 1;
		if (is_of_regions(start, end)) {
			memcpy(text, line, next - line);
			text += next - line;
		}
	}
	*text = 0;
}
