/* Move the process's own mapping of this name ([vdso] or [vvar]) to where the drawing has it. */
static void move_own(const char *name, char *start, unsigned long size)
{
	FILE *file = fopen("/proc/self/maps", "r");
	char line[512], *from, *to;

	while (file && fgets(line, sizeof(line), file))
		if (strstr(line, name) && sscanf(line, "%p-%p", (void **)&from, (void **)&to) == 2 &&
		    (unsigned long)(to - from) == size)
			MUST(syscall(SYS_mremap, from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, start));
	if (file)
		fclose(file);
}
