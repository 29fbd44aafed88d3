/* Print, and keep it: in the end it is held against what the comment says. */
static char said[1 << 20] __attribute__((aligned(P)));
static size_t said_size;

static void say(const char *format, ...)
{
	size_t room = sizeof(said) - said_size;
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(said + said_size, room, format, arguments);
	va_end(arguments);
	fputs(said + said_size, stdout);
	if (size > 0)
		said_size += (size_t)size < room ? (size_t)size : room - 1;
}

/* Whose an address is: the kernel likes to use a place again that was left, so the last one counts. */
static const struct region *region_of(unsigned long address)
{
	for (int i = region_count - 1; i >= 0; i--)
		if (regions[i].floor <= address && address < regions[i].ceiling)
			return &regions[i];
	return NULL;
}

/* An address as the comment has it: src+2p. */
static void say_address(unsigned long address)
{
	const struct region *region = region_of(address);

	for (int i = 0; !region && i < region_count; i++) /* the end of one, or what was left of it */
		if (address >= regions[i].start && address <= regions[i].start + regions[i].pages * P)
			region = &regions[i];
	if (!region) {
		say("%#lx", address);
		return;
	}
	say("%s", region->name);
	long offset = (long)(address - region->start);

	if (offset / (long)P)
		say("%+ldp", offset / (long)P);
	if (offset % (long)P)
		say("%+ldB", offset % (long)P);
}
