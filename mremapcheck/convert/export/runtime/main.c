/* ---------------------------------------------------------------------------------------------------------------
 * The command line, and KTAP.
 */
static struct version imitated;
static int verbose;

static int same_words(const char *where, const char *expected, const char *seen)
{
	size_t length = strlen(where);

	/* the second place of the kernel's choice is called elsewhere2 */
	if (length > 7 && !strcmp(where + length - 7, ".result") && !strcmp(expected, "elsewhere"))
		return starts(seen, "elsewhere") && strspn(seen + 9, "0123456789") == strlen(seen + 9);
	return !strcmp(expected, seen);
}

static __attribute__((noreturn)) void run(const struct scenario *scenario)
{
	int expected = 0, differs = 0;

	alarm(60);
	if (P != 4096 && scenario->pages_of_4k)
		skip("%s", scenario->pages_of_4k);
	if (scenario->user_end && (u64)(unsigned long)&expected >> 47)  /* a stack lies at the end of user space */
		skip("%s", scenario->user_end);
	objects = scenario->objects;
	scratch_file();
	lift_limits();
	drop_capabilities(scenario->keep);
	if (scenario->near_zero)
		check_lowest(scenario->near_zero);
	if (scenario->committed)
		open_committed();
	for (int i = 0; i < scenario->step_count; i++)
		if (scenario->steps[i].what == DO_REGISTER && scenario->steps[i].number & EVENTS && uffd_events < 0)
			uffd_start_reader();
	for (int i = 0; i < scenario->step_count; i++) {
		const struct step *step = &scenario->steps[i];

		do_step(step);
		if (step->what == DO_FAIL)
			i += (int)step->first;
	}
	observe(scenario);
	if (verbose)
		note_everything(scenario);
	for (int i = 0; i < scenario->expected_count; i++) {
		const struct expectation *entry = &scenario->expected[i];

		if (!admits(entry->kernel, &imitated))
			continue;
		const char *found = words_for(entry->where);

		expected++;
		if (same_words(entry->where, entry->text, found))
			continue;
		differs++;
		note("# %s: expected %s, seen %s\n", entry->where, entry->text, found);
	}
	if (!expected)
		note("# nothing is expected of this kernel\n");
	_exit(differs ? DIFFERS : PASSED);
}

static pid_t run_in_child(const struct scenario *scenario)
{
	fflush(stdout);
	pid_t child = fork();

	if (child == 0)
		run(scenario);
	if (child < 0)
		snprintf(report->reason, sizeof(report->reason), "fork failed: %s", strerror(errno));
	return child;
}

static int wait_for(pid_t child)
{
	int status = BROKEN << 8;

	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* A process that has used up its map slots, and forks for each scenario that is to have few. */
static struct {
	pid_t child;
	int asked[2], told[2];
} crowd;

static __attribute__((noreturn)) void serve_crowd(void)
{
	static const struct step filling = { .where = "process.map_headroom" };
	const struct scenario *scenario;
	int status = 0;

	close(crowd.asked[1]);
	use_up_map_slots(&filling);
	/* The first status says that it is ready. */
	while (write(crowd.told[1], &status, sizeof(status)) == sizeof(status) &&
	       read(crowd.asked[0], &scenario, sizeof(scenario)) == sizeof(scenario))
		status = wait_for(run_in_child(scenario));
	_exit(0);
}

static int told(int *status)
{
	return read(crowd.told[0], status, sizeof(*status)) == sizeof(*status);
}

static int begin_crowd(void)
{
	int ready;

	if (pipe2(crowd.asked, O_CLOEXEC) || pipe2(crowd.told, O_CLOEXEC)) {
		snprintf(report->reason, sizeof(report->reason), "pipe2 failed: %s", strerror(errno));
		return 0;
	}
	fflush(stdout);
	crowd.child = fork();
	if (crowd.child == 0)
		serve_crowd();
	close(crowd.asked[0]);
	close(crowd.told[1]);
	return told(&ready);
}

static int end_crowd(void)
{
	int status;

	close(crowd.asked[1]);
	close(crowd.told[0]);
	status = wait_for(crowd.child);
	crowd.child = 0;
	return status;
}

/* Return the scenario's status as waitpid(2) has it, or that of the process that could not be made ready for it. */
static int run_in_crowd(const struct scenario *scenario)
{
	int status;

	if ((crowd.child > 0 || begin_crowd()) &&
	    write(crowd.asked[1], &scenario, sizeof(scenario)) == sizeof(scenario) && told(&status))
		return status;
	return end_crowd();
}

static int is_crowded(const struct scenario *scenario)
{
	for (int i = 0; i < scenario->step_count; i++)
		if (scenario->steps[i].what == DO_HEADROOM)
			return 1;
	return 0;
}

static enum status run_once(const struct scenario *scenario)
{
	int status;

	report->reason[0] = report->text[0] = '\0';
	report->used = 0;
	report->event_count = 0;
	if (scenario->skip) {
		snprintf(report->reason, sizeof(report->reason), "%s", scenario->skip);
		return SKIPPED;
	}
	status = is_crowded(scenario) ? run_in_crowd(scenario) : wait_for(run_in_child(scenario));
	if (!WIFSIGNALED(status))
		return (enum status)WEXITSTATUS(status);
	snprintf(report->reason, sizeof(report->reason), "ended by a signal: %s", strsignal(WTERMSIG(status)));
	return BROKEN;
}

/* What is said of Committed_AS has to be the same several times in a row. */
static enum status run_apart(const struct scenario *scenario)
{
	static long long last[MOST_MOVES];
	enum status status = run_once(scenario);
	int agreeing = 1;

	for (int i = 1; scenario->committed && (status == PASSED || status == DIFFERS); i++) {
		if (i == MOST_TRIES) {
			report->text[0] = '\0';
			snprintf(report->reason, sizeof(report->reason),
				 "other processes change Committed_AS while this scenario runs: leave the machine alone");
			return SKIPPED;
		}
		memcpy(last, report->committed, sizeof(last));
		status = run_once(scenario);
		agreeing = memcmp(last, report->committed, sizeof(last)) ? 1 : agreeing + 1;
		if (agreeing == AGREEING_RUNS)
			break;
	}
	return status;
}

static int wanted(const struct scenario *scenario, const char *only)
{
	return !only || !fnmatch(only, scenario->name, 0) ||
	       (!strpbrk(only, "*?[") && strstr(scenario->name, only) != NULL);
}

static void usage(FILE *out)
{
	fprintf(out, "usage: pack [--as VERSION] [--only PATTERN] [--list] [--verbose]\n\n"
		"  --as VERSION    expect what this Linux does, such as 6.12 (otherwise what uname says)\n"
		"  --only PATTERN  scenarios whose name matches: part of it, or with * and ?\n"
		"  --list          print their names and end\n"
		"  --verbose       also print everything that was seen\n\n"
		"KTAP goes to stdout. Exit status: 0 all as expected, 1 something was not, 2 usage, 4 nothing ran.\n");
}

int main(int argc, char **argv)
{
	const char *as = IMITATED, *only = NULL;
	int list = 0, asked, selected = 0, number = 0, counts[4] = { 0 };
	struct utsname name;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--as") && i + 1 < argc)
			as = argv[++i];
		else if (!strcmp(argv[i], "--only") && i + 1 < argc)
			only = argv[++i];
		else if (!strcmp(argv[i], "--list"))
			list = 1;
		else if (!strcmp(argv[i], "--verbose") || !strcmp(argv[i], "-v"))
			verbose = 1;
		else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return usage(stdout), 0;
		else
			return usage(stderr), 2;
	}
	if ((u64)sysconf(_SC_PAGESIZE) != P) {
		fprintf(stderr, "built for pages of %llu bytes, and this kernel has %ld: build it with -DP=%ldULL\n", P,
			sysconf(_SC_PAGESIZE), sysconf(_SC_PAGESIZE));
		return 2;
	}
	uname(&name);
	asked = *as != '\0';
	if (!asked)
		as = name.release;
	if (!parse_version(as, &imitated)) {
		fprintf(stderr, "`%s` is not a kernel version: versions look like 6.12, 6.17-rc2 or 6.17.13\n", as);
		return 2;
	}
	if (asked && unknown(&imitated)) {
		fprintf(stderr, "nothing is known here of Linux `%s`: %s\n", as, unknown(&imitated));
		return 2;
	}
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (wanted(&scenarios[i], only) && ++selected && list)
			printf("%-44s %s\n", scenarios[i].name, scenarios[i].summary);
	}
	if (list)
		return selected ? 0 : 4;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED) {
		perror("mmap");
		return 1;
	}
	printf("KTAP version 1\n1..%d\n# running on %s %s, expecting Linux %s\n", selected, name.sysname, name.release, as);
	if (unknown(&imitated))
		printf("# the model of this pack does not reach there: %s\n", unknown(&imitated));
	for (size_t i = 0; i < ARRAY_SIZE(scenarios); i++) {
		if (!wanted(&scenarios[i], only))
			continue;
		enum status status = run_apart(&scenarios[i]);
		const char *result = status == PASSED || status == SKIPPED ? "ok" : "not ok";

		counts[status < BROKEN ? status : BROKEN]++;
		fputs(report->text, stdout);
		printf("%s %d %s", result, ++number, scenarios[i].name);
		if (status == SKIPPED)
			printf(" # SKIP %s\n", report->reason);
		else if (status == PASSED || status == DIFFERS)
			printf("\n");
		else
			printf(" # ERROR %s\n", report->reason);
	}
	if (crowd.child > 0)
		end_crowd();
	printf("# totals pass:%d fail:%d skip:%d error:%d\n", counts[PASSED], counts[DIFFERS], counts[SKIPPED],
	       counts[BROKEN]);
	if (counts[DIFFERS] + counts[BROKEN])
		return 1;
	return counts[PASSED] ? 0 : 4;
}
