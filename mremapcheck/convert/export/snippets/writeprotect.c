static int uffd_writeprotect(int fd, char *start, unsigned long size, unsigned long long mode)
{
	unsigned long long range[3] = { (unsigned long)start, size, mode };

	return syscall(SYS_ioctl, fd, 0xc018aa06 /* UFFDIO_WRITEPROTECT */, range);
}
