/* Return 0 if everything was said that the comment says of this Linux, 1 if not, 4 if it says nothing of it. */
static int check(const char *release)
{
	int major, minor, stable = 0, candidate = RELEASE, found = 0;
	struct utsname name;
	const char *rest;

	uname(&name);
	release = release ? release : name.release;
	if (sscanf(release, "%d.%d.%d", &major, &minor, &stable) < 2)
		return fprintf(stderr, "%s is not a version of Linux\n", release), 2;
	if ((rest = strstr(release, "-rc")))
		candidate = strtol(rest + 3, NULL, 10);
	for (int i = 0; wanted[i].lines; i++) {
		unsigned long version = V(major, minor, stable, candidate);

		if (version < wanted[i].from || version >= wanted[i].until)
			continue;
		found = 1;
		for (const char *line = wanted[i].lines; *line; line = strchr(line, '\n') + 1)
			if (!was_said(line, strchr(line, '\n') - line)) {
				printf("This is not what Linux %s does: %.*s\n", release, (int)(strchr(line, '\n') - line), line);
				return 1;
			}
	}
	printf(found ? "As Linux %s does it\n" : "Nothing is said of Linux %s\n", release);
	return found ? 0 : 4;
}
