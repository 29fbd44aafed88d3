/* Write the letter to each page, or read from it (0), through a pipe: a page that cannot be reached is an errno. */
static int reach(char *start, unsigned long size, char letter)
{
	int ends[2];

	MUST(pipe(ends));
	for (char *page = start; page < start + size; page += P) {
		char byte = letter;

		if (write(ends[1], letter ? &byte : page, 1) != 1 || read(ends[0], letter ? page : &byte, 1) != 1)
			return -1;
	}
	return 0;
}
