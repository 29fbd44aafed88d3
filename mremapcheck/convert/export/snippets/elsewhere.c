/* A place that the kernel chose, by its name. */
static char *elsewhere(const char *name)
{
	for (int i = 0; i < region_count; i++)
		if (!strcmp(regions[i].name, name))
			return (char *)regions[i].start;
	puts("No move so far was put where the kernel likes.");
	exit(2);
}
