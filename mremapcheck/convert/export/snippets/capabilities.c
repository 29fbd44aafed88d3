/* Be an ordinary user's process: without these capabilities, even as root. */
static void drop_capabilities(unsigned int capabilities)
{
	unsigned int header[2] = { 0x20080522, 0 }, data[6];

	MUST(syscall(SYS_capget, header, data));
	data[0] &= ~capabilities;
	MUST(syscall(SYS_capset, header, data));
}
