/* So many pages the process is charged for, without those that are mapped outside of the regions. */
static unsigned long charged(void)
{
	unsigned long pages = in_use("VmSize") / P;

	for (char *line = contents("/proc/self/maps"), *next, *rest; *line; line = next) {
		unsigned long start = strtoul(line, &rest, 16), end = strtoul(rest + 1, NULL, 16);

		next = strchr(line, '\n') + 1;
		next[-1] = 0;
		if (!is_of_regions(start, end) && !strstr(line, "[vsyscall]"))
			pages -= (end - start) / P;
	}
	return pages;
}
