/* Use up the mappings that vm.max_map_count allows, but for so many. */
static void leave_mappings(int free)
{
	FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
	long most = 0, used = 0;
	char *filler;

	if (!file || fscanf(file, "%ld", &most) != 1)
		exit(1);
	fclose(file);
	filler = mmap(NULL, (most + 8) * P, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(filler);
	while (used < most && !mprotect(filler + used * P, P, used % 2 ? PROT_READ : PROT_READ | PROT_EXEC))
		used++;
	if (free < 0)
		MUST(mmap(NULL, P, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)); /* mmap alone goes beyond */
	if (free > 0)
		MUST(munmap(filler, free * P));
}
