/* So that a page can be recognised afterwards. */
static void fill(char *start, unsigned long size, char letter)
{
	for (char *page = start; page < start + size; page += P)
		memset(page, letter, 8);
}
