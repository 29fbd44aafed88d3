static void draw(char mark, unsigned long run)
{
	if (run > 16)
		say("%c{%lu}", mark, run);
	else
		while (run--)
			say("%c", mark);
}

/* The vvar is nobody's data, even where the kernel cannot read it. */
static int is_vvar(unsigned long page)
{
	const char *line = mapping_at(after, page);

	return line && !strncmp(line + strcspn(line, "[\n"), "[vvar", 5);
}

/* Draw what is left: a letter whose data a page holds, _ nobody's, . not mapped, ? not readable; A{512} are 512 pages. */
static void show(const struct region *region)
{
	char tag[8], mark, last = 0;
	unsigned long drawn = 0, run = 0;
	int ends[2];

	MUST(pipe(ends));
	say("%-10s ", region->name);
	for (unsigned long i = 0; i < region->pages; i++, run++) {
		char *page = (char *)region->start + i * P;
		unsigned char resident;

		/* The kernel reads the page: one that cannot be read is an errno and not a signal. */
		if (region_of((unsigned long)page) != region || mincore(page, P, &resident))
			mark = '.';
		else if (write(ends[1], page, 8) != 8 && (mprotect(page, P, PROT_READ) || write(ends[1], page, 8) != 8))
			mark = is_vvar((unsigned long)page) ? '_' : '?';
		else
			mark = read(ends[0], tag, 8) == 8 && isalpha((unsigned char)*tag) && !memcmp(tag, tag + 1, 7) ? *tag : '_';
		if (mark != last) {
			draw(last, run);
			drawn += run;
			run = 0;
			last = mark;
		}
	}
	if (last != '.' || !drawn)
		draw(last, last == '.' ? 1 : run);
	say("\n");
	close(ends[0]);
	close(ends[1]);
}
