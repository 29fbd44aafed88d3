/* Move the process's own mapping of this name ([vdso] or [vvar]) to where the drawing has it. */
static void move_own(const char *name, char *start, unsigned long size)
{
	for (char *line = contents("/proc/self/maps"), *next, *rest; *line; line = next) {
		unsigned long from = strtoul(line, &rest, 16), to = strtoul(rest + 1, NULL, 16);

		next = strchr(line, '\n') + 1;
		next[-1] = 0;
		if (strstr(line, name) && to - from == size)
			MUST(syscall(SYS_mremap, from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start));
	}
}
