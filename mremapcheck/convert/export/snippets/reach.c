/* Write the letter to each page, or read from it (0), through a pipe: a page that cannot be reached is an errno. */
static int reach(char *start, unsigned long size, char letter)
{
	int ends[2];

	MUST(pipe(ends));
	for (char *page = start; page < start + size; page += P) {
		char tag[8];

		memset(tag, letter, sizeof(tag));
		if (write(ends[1], letter ? tag : page, 8) != 8 || read(ends[0], letter ? page : tag, 8) != 8)
			return -1;
	}
	return 0;
}
