/* Allocate the protection keys from 1 on: the kernel gives the lowest one that is free. */
static void allocate_keys(int highest)
{
	for (long key = 0; key < highest;)
		MUST(key = syscall(SYS_pkey_alloc, 0, 0)); /* EINVAL, ENOSPC, ENOSYS: this machine has none */
}
