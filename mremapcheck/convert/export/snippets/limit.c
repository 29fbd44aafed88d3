static void limit(int resource, unsigned long size)
{
	struct rlimit limit;

	MUST(getrlimit(resource, &limit));
	limit.rlim_cur = size;
	MUST(setrlimit(resource, &limit));
}
