/* ---------------------------------------------------------------------------------------------------------------
 * Kernel versions and ranges of them, as in `>=6.17-rc1, <6.17-rc3`.
 */
struct version {
	int major, minor, stable, candidate;    /* candidate: -1 for a release */
	int series;                             /* written as 6.17: stands for its stable updates too */
};

static int parse_version(const char *text, struct version *version)
{
	int length = 0;

	*version = (struct version){ .candidate = -1 };
	if (sscanf(text, " v%d.%d%n", &version->major, &version->minor, &length) < 2 &&
	    sscanf(text, " %d.%d%n", &version->major, &version->minor, &length) < 2)
		return 0;
	text += length;
	if (sscanf(text, ".%d%n", &version->stable, &length) == 1)
		text += length;
	else
		version->series = *text == '\0' || *text == ',' || *text == ' ';
	if (sscanf(text, "-rc%d", &version->candidate) == 1 || sscanf(text, "rc%d", &version->candidate) == 1)
		version->series = 0;
	return 1;
}

static int order(const struct version *a, const struct version *b)
{
	int parts[] = { a->major - b->major, a->minor - b->minor, a->stable - b->stable,
			(a->candidate < 0) - (b->candidate < 0), a->candidate - b->candidate };

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i])
			return parts[i];
	return 0;
}

/* Why nobody has told this pack what that Linux does, or NULL. */
static const char *unknown(const struct version *version)
{
	static char reason[128];
	struct version oldest, newest;

	parse_version(OLDEST, &oldest);
	parse_version(NEWEST, &newest);
	if (order(version, &oldest) < 0)
		return "the oldest kernel that can be asked for is " OLDEST;
	for (size_t i = 0; i < ARRAY_SIZE(last_minors); i++)
		if (version->major == last_minors[i].major && version->minor > last_minors[i].minor) {
			snprintf(reason, sizeof(reason), "%d.%d was followed by %d.0", version->major,
				 last_minors[i].minor, version->major + 1);
			return reason;
		}
	if (version->major > newest.major || (version->major == newest.major && version->minor > newest.minor))
		return "the newest kernel that can be asked for is " NEWEST;
	return NULL;
}

static int admits(const char *range, const struct version *version)
{
	while (*range) {
		struct version bound;
		char sign[3] = "";
		int length = 0, difference;

		range += strspn(range, ", ");
		length = (int)strspn(range, "<>=!");
		snprintf(sign, sizeof(sign), "%.*s", length, range);
		if (!parse_version(range + length, &bound))
			return !strcmp(range, "*");
		difference = order(version, &bound);
		if (bound.series && difference > 0 && version->major == bound.major && version->minor == bound.minor)
			difference = 0;
		if (!strcmp(sign, "<") ? difference >= 0 : !strcmp(sign, "<=") ? difference > 0 :
		    !strcmp(sign, ">") ? difference <= 0 : !strcmp(sign, ">=") ? difference < 0 :
		    !strcmp(sign, "!=") ? !difference : difference != 0)
			return 0;
		range += strcspn(range, ",");
	}
	return 1;
}
