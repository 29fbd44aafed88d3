/* Which mappings there are in a region: 0+2 begins at its page 0 and is two pages long. */
static void layout(const struct region *region)
{
	const char *between = "";

	say("%-10s mappings ", region->name);
	for (char *line = after, *rest; *line; line = strchr(rest, '\n') + 1) {
		unsigned long start = strtoul(line, &rest, 16), end = strtoul(rest + 1, &rest, 16);

		if (start >= region->ceiling || end <= region->floor)
			continue;
		for (unsigned long page = start; page < end; page += P) {
			for (start = page; page < end && region_of(page) == region; page += P)
				;
			if (start == page)
				continue;
			say("%s%ld+%lu", between, (long)(start - region->start) / (long)P, (page - start) / P);
			between = " ";
		}
	}
	say(*between ? "\n" : "no mapping\n");
}
