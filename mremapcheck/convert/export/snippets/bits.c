/* Draw which pages have a bit of the pagemap (Documentation/admin-guide/mm/pagemap.rst). */
static void bits(const struct region *region, const char *name, int bit)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY);
	unsigned long run = 0;
	char mark, last = 0;

	say("%-10s %s ", region->name, name);
	for (unsigned long i = 0; i < region->pages; i++, run++) {
		unsigned long entry, page = region->start + i * P;

		MUST(pread(pagemap, &entry, 8, page / P * 8));
		mark = region_of(page) != region || !mapping_at(after, page) ? '.' : entry >> bit & 1 ? '#' : '-';
		if (mark != last) {
			draw(last, run);
			run = 0;
			last = mark;
		}
	}
	if (last != '.' || run == region->pages) /* a lone . where nothing is mapped */
		draw(last, last == '.' ? 1 : run);
	say("\n");
	close(pagemap);
}
