static char *move(char *old, unsigned long old_size, unsigned long new_size, unsigned long flags, char *new)
{
	long result = syscall(SYS_mremap, old, old_size, new_size, flags, new);

	if (result == -1)
		printf("mremap: errno %d (%m)\n", errno);
	else
		printf("mremap: %#lx\n", result);
	return (char *)result;
}
