/* The numbers are those of linux/userfaultfd.h, which some libcs come without. */
static int open_userfaultfd(unsigned long long features)
{
	unsigned long long api[3] = { 0xaa, features, 0 };
	int fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd == -1)
		fd = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1 /* UFFD_USER_MODE_ONLY */);
	MUST(fd);
	MUST(syscall(SYS_ioctl, fd, 0xc018aa3f /* UFFDIO_API */, api));
	return fd;
}

static int uffd_register(int fd, char *start, unsigned long size, unsigned long long mode)
{
	unsigned long long range[4] = { (unsigned long)start, size, mode, 0 };

	return syscall(SYS_ioctl, fd, 0xc020aa00 /* UFFDIO_REGISTER */, range);
}
