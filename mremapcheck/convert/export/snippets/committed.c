/* The memory that is promised to all processes of the machine together, in pages. */
static long committed(void)
{
	const char *line = strstr(contents("/proc/meminfo"), "Committed_AS:");

	if (!line) {
		puts("/proc/meminfo has no Committed_AS here");
		exit(4);
	}
	return strtol(line + 13, NULL, 10) / (long)(P / 1024);
}

static int tells_exactly(void)
{
	for (int i = 0; i < 12; i++) { /* other processes may disturb it */
		long had = committed(), more;
		void *place = mmap(NULL, 3 * P, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		more = committed() - had;
		munmap(place, 3 * P);
		if (more == 3 && committed() == had)
			return 1;
	}
	return 0;
}

/* Go on in a child, whose output counts once three in a row have said the same: Committed_AS is everybody's. */
static void go_on_until_steady(void)
{
	static char last[sizeof(said)], output[sizeof(said)];
	int same = 0;

	if (!tells_exactly()) {
		puts("This kernel does not tell Committed_AS exactly: Linux 5.9 or later is needed.");
		exit(4);
	}
	MUST(mmap(said, sizeof(said), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	for (int run = 0; run < 12; run++) {
		int ends[2], status;
		size_t size = 0;
		pid_t child;

		memset(said, 0, sizeof(said));
		MUST(pipe(ends));
		MUST(child = fork());
		if (!child) {
			MUST(dup2(ends[1], 1));
			close(ends[0]);
			close(ends[1]);
			setvbuf(stdout, NULL, _IONBF, 0); /* no heap that would be promised, too */
			return;
		}
		close(ends[1]);
		for (ssize_t got; (got = read(ends[0], output + size, sizeof(output) - size)) > 0;)
			size += got;
		close(ends[0]);
		MUST(waitpid(child, &status, 0));
		same = strcmp(said, last) ? 1 : same + 1;
		if (same == 3 || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
			fwrite(output, 1, size, stdout);
			exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
		}
		strcpy(last, said);
	}
	puts("Other processes change Committed_AS meanwhile: leave the machine alone.");
	exit(4);
}
