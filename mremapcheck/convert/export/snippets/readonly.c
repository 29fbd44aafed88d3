/* Open a file once more, for reading only. */
static int readonly(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	MUST(fd = open(path, O_RDONLY));
	return fd;
}
