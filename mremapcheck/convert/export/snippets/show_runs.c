/* Draw what is left, a character for each page: its letter, _ no letter, . not mapped, ? not readable; A{512} are 512. */
static void show(const char *name, char *start, unsigned long pages)
{
	char letter, last = 0;
	unsigned char resident;
	unsigned long run = 0;
	int ends[2];

	MUST(pipe(ends));
	printf("%-10s ", name);
	for (char *page = start; page <= start + pages * P; page += P) {
		if (page == start + pages * P)
			letter = 0;
		else if (mincore(page, P, &resident))
			letter = '.';
		/* The kernel reads the page: one that cannot be read is an errno and not a signal. */
		else if (write(ends[1], page, 1) != 1 &&
			 (mprotect(page, P, PROT_READ) || write(ends[1], page, 1) != 1))
			letter = '?';
		else if (read(ends[0], &letter, 1) == 1 && (letter < 'A' || letter > 'z'))
			letter = '_';
		if (letter != last && run > 8)
			printf("%c{%lu}", last, run);
		else
			while (letter != last && run--)
				putchar(last);
		run = letter == last ? run + 1 : 1;
		last = letter;
	}
	putchar('\n');
	close(ends[0]);
	close(ends[1]);
}
