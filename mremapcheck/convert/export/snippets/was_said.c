/* Tell whether a line was said; its * stand for anything. */
static int was_said(const char *wanted_line, size_t size)
{
	static char pattern[1 << 16], line[1 << 16];

	snprintf(pattern, sizeof(pattern), "%.*s", (int)size, wanted_line);
	for (char *start = said, *end; (end = strchr(start, '\n')); start = end + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)(end - start), start);
		if (!fnmatch(pattern, line, 0))
			return 1;
	}
	return 0;
}
