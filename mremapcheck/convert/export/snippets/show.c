/* Draw what is left, a character for each page: its letter, _ no letter, . not mapped, ? not readable. */
static void show(const char *name, char *start, unsigned long pages)
{
	unsigned char resident;
	char letter = 0;
	int ends[2];

	MUST(pipe(ends));
	printf("%-10s ", name);
	for (char *page = start; page < start + pages * P; page += P) {
		if (mincore(page, P, &resident)) {
			putchar('.');
			continue;
		}
		/* The kernel reads the page: one that cannot be read is an errno and not a signal. */
		if (write(ends[1], page, 1) != 1 && (mprotect(page, P, PROT_READ) || write(ends[1], page, 1) != 1))
			letter = '?';
		else if (read(ends[0], &letter, 1) == 1 && (letter < 'A' || letter > 'z'))
			letter = '_';
		putchar(letter);
	}
	putchar('\n');
	close(ends[0]);
	close(ends[1]);
}
