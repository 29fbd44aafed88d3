static int open_userfaultfd(unsigned long features)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

	if (fd == -1)
		fd = syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY */);
	MUST(fd);
	MUST(ioctl(fd, UFFDIO_API, &api));
	return fd;
}

static int uffd_register(int fd, char *start, unsigned long size, unsigned long mode)
{
	struct uffdio_register range = { .range = { (unsigned long)start, size }, .mode = mode };

	return ioctl(fd, UFFDIO_REGISTER, &range);
}
