/* Use up the mappings that vm.max_map_count allows, but for so many. */
static char *filler;
static unsigned long filler_size;

static void leave_mappings(int free)
{
	long most = strtol(contents("/proc/sys/vm/max_map_count"), NULL, 10), used = 0;

	filler_size = (most + 8) * P;
	filler = mmap(NULL, filler_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	MUST(filler);
	while (used < most && !mprotect(filler + used * P, P, used % 2 ? PROT_READ : PROT_READ | PROT_EXEC))
		used++;
	if (free < 0)
		MUST(mmap(NULL, P, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)); /* mmap alone goes beyond */
	if (free > 0)
		MUST(munmap(filler, free * P));
	filler += free * P;
	filler_size -= free * P;
}
