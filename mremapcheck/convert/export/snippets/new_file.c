/* A file without a name. */
static int new_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);

	return fd < 0 ? open("/var/tmp", O_TMPFILE | O_RDWR, 0600) : fd;
}
