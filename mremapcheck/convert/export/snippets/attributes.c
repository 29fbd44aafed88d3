/* Each mapping of a region: protection, sharing, where in its file it begins, and which of some VmFlags it has; its key. */
static void attributes(const struct region *region, const char *flags, int keys)
{
	int count = 0;

	for (char *line = after, *rest; *line; line = strchr(rest, '\n') + 1) {
		unsigned long start = strtoul(line, &rest, 16), end = strtoul(rest + 1, &rest, 16), offset;
		int is_shared = rest[4] == 's';

		if (start >= region->ceiling || end <= region->floor || (region_of(start) && region_of(start) != region))
			continue;
		offset = strtoul(rest + 6, NULL, 16);
		if (!is_shared && !strncmp(rest + 1 + strcspn(rest + 1, "/\n"), "/dev/zero", 9))
			offset = 0; /* anonymous memory is numbered by its address */
		say("%s[%d] %.3s %s %lup", region->name, count++, rest + 1, is_shared ? "shared" : "private", offset / P);
		char *record = contents("/proc/self/smaps"), *told = NULL, *key = NULL;

		for (char *next = record; next && !told; next = strchr(next, '\n') ? strchr(next, '\n') + 1 : NULL)
			if (strtoul(next, NULL, 16) == start) {
				told = strstr(next, "VmFlags:");
				key = strstr(next, "ProtectionKey:");
			}
		for (const char *flag = flags; told && *flag; flag += 3) {
			char name[] = { ' ', flag[0], flag[1], 0 }, *found = strstr(told, name);

			say(" %.2s:%s", flag, found && found < strchr(told, '\n') ? "yes" : "no");
		}
		if (keys)
			say(" pkey:%d", key && key < told ? atoi(key + 14) : 0);
		say("\n");
	}
	say("%s mapped %d times\n", region->name, count);
}
