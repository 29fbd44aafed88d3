/* What is to be seen needs these capabilities. */
static void need_capabilities(unsigned int capabilities)
{
	unsigned int header[2] = { 0x20080522, 0 }, data[6];

	MUST(syscall(SYS_capget, header, data));
	if (capabilities & ~data[0]) {
		fprintf(stderr, "run as root: this user lacks the capabilities %#x\n", capabilities & ~data[0]);
		exit(4);
	}
}
