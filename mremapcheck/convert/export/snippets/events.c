/* Whoever changes a mapping waits until its event was read: another process does that, and passes it on. */
static int reader_stop[2], reader_passes[2];

static void read_events(int fd)
{
	struct pollfd fds[2] = { { fd, POLLIN, 0 }, { 0, POLLIN, 0 } };
	unsigned long long message[4];
	pid_t reader;

	MUST(pipe(reader_stop));
	MUST(pipe(reader_passes));
	MUST(reader = fork());
	if (reader) {
		close(reader_passes[1]);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	fds[1].fd = reader_stop[0];
	while (poll(fds, 2, -1) > 0) {
		if (!fds[0].revents)
			break; /* every event was passed on, and nobody waits for another */
		if (read(fd, message, sizeof(message)) == sizeof(message))
			MUST(write(reader_passes[1], message, sizeof(message)));
	}
	_exit(0);
}

/* End the reader, and tell what it read. */
static void say_events(void)
{
	unsigned long long message[4];
	int count = 0;

	say("events: ");
	MUST(write(reader_stop[1], "", 1));
	while (read(reader_passes[0], message, sizeof(message)) == sizeof(message)) {
		int moved = (message[0] & 0xff) == 0x14; /* UFFD_EVENT_REMAP; the other one is UFFD_EVENT_UNMAP */

		say("%s%s", count++ ? "; " : "", moved ? "remap from=" : "unmap start=");
		say_address(message[1]);
		say(moved ? " to=" : " end=");
		say_address(message[2]);
		if (moved)
			say(" len=%llup", message[3] / P);
	}
	say(count ? "\n" : "none\n");
}
