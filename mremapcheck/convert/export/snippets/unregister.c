static int uffd_unregister(int fd, char *start, unsigned long size)
{
	unsigned long long range[2] = { (unsigned long)start, size };

	return syscall(SYS_ioctl, fd, 0x8010aa01 /* UFFDIO_UNREGISTER */, range);
}
