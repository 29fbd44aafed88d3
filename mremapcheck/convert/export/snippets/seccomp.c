/* A system call filter as sandboxes have it: mremap fails, whatever it asks for. */
static void refuse_mremap(int number)
{
	/* struct sock_filter and sock_fprog of linux/filter.h, which some libcs come without */
	struct { unsigned short code; unsigned char if_equal, if_not; unsigned int k; } filter[] = {
		{ 0x20, 0, 0, 0 },                              /* load the number of the call */
		{ 0x15, 0, 1, SYS_mremap },
		{ 0x06, 0, 0, 0x00050000u | (unsigned int)number }, /* SECCOMP_RET_ERRNO */
		{ 0x06, 0, 0, 0x7fff0000u },                    /* SECCOMP_RET_ALLOW */
	};
	struct { unsigned short length; void *filter; } program = { 4, filter };

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
	MUST(prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, &program));
}
