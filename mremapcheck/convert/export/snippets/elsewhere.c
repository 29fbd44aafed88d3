/* A place that the kernel chose, by its name. */
static char *elsewhere(const char *name)
{
	for (int i = 0; i < region_count; i++)
		if (!strcmp(regions[i].name, name))
			return (char *)regions[i].start;
	puts("No move so far was put where the kernel likes.");
	exit(2);
}

/* The kernel likes to use a place again that was left: then it is no longer told of that one. */
static void forget_unmapped(void)
{
	unsigned char resident;

	for (struct region *place = regions; place < regions + region_count; place++) {
		if (strncmp(place->name, "elsewhere", 9))
			continue;
		while (place->floor < place->ceiling && mincore((void *)place->floor, P, &resident))
			place->floor += P;
		while (place->floor < place->ceiling && mincore((void *)(place->ceiling - P), P, &resident))
			place->ceiling -= P;
	}
}
