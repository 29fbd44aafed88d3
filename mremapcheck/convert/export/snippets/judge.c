/* The line of a mapping, or NULL. */
static const char *mapping_at(const char *maps, unsigned long page)
{
	for (char *rest; *maps; maps = strchr(rest, '\n') + 1)
		if (strtoul(maps, &rest, 16) <= page && page < strtoul(rest + 1, &rest, 16))
			return maps;
	return NULL;
}

/* So many pages of the source have memory: with MREMAP_DONTUNMAP nothing else shows that they were moved. */
static unsigned long resident(unsigned long start, unsigned long size)
{
	unsigned long count = 0;
	unsigned char is_resident;

	for (unsigned long i = 0; i < size / P && i < 1 << 20; i++)
		count += !mincore((void *)(start + i * P), P, &is_resident) && is_resident & 1;
	return count;
}

/* What a call that failed has done nevertheless. */
static const char *judge(unsigned long old, unsigned long new, unsigned long size, unsigned long held)
{
	for (unsigned long at = 0; strcmp(before, after) && at < size; at += P)
		if (mapping_at(after, new + at) && (!mapping_at(before, new + at) ||
		    (mapping_at(before, old + at) && !mapping_at(after, old + at))))
			return "partial";
	if (mapping_at(after, old) && resident(old, size) < held)
		return "partial";
	if (!strcmp(before, after))
		return "refused";
	for (int i = 0; i < region_count; i++)
		for (unsigned long page = regions[i].floor; page < regions[i].ceiling; page += P)
			if (mapping_at(before, page) && !mapping_at(after, page))
				return "damaged";
	return "refused";
}
