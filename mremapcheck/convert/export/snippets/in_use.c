/* A line of /proc/self/status that is in kB, in bytes. */
static unsigned long in_use(const char *name)
{
	char *line = strstr(contents("/proc/self/status"), name);

	return line ? strtoul(line + strlen(name) + 1, NULL, 10) * 1024 : 0;
}
