/* ---------------------------------------------------------------------------------------------------------------
 * Committed_AS of /proc/meminfo, which is promised to all processes of the machine together. So a change is believed
 * only if it is the same whenever the scenario is run, and if the kernel tells exactly here.
 */
#define AGREEING_RUNS 3
#define MOST_TRIES 12

static int meminfo = -1;

static long long committed_pages(void)
{
	static const char name[] = "Committed_AS:";
	static char text[8192];
	ssize_t length = pread(meminfo, text, sizeof(text) - 1, 0);
	const char *line;

	text[length > 0 ? length : 0] = '\0';
	line = strstr(text, name);
	if (!line)
		stop(BROKEN, "/proc/meminfo has no Committed_AS");
	return strtoll(line + sizeof(name) - 1, NULL, 10) / (long long)(P / 1024);
}

/* Whether a few pages more and less show. */
static int shows_committed(void)
{
	long long had = committed_pages(), more;
	void *place = mmap(NULL, 3 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	more = committed_pages() - had;
	munmap(place, 3 * P);
	return more == 3 && committed_pages() == had;
}

static void open_committed(void)
{
	meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	if (meminfo < 0)
		stop(BROKEN, "/proc/meminfo cannot be opened: %s", strerror(errno));
	for (int i = 0; i < MOST_TRIES; i++)
		if (shows_committed())
			return;
	skip("this kernel does not tell Committed_AS exactly: Linux 5.9 or later is needed");
}
