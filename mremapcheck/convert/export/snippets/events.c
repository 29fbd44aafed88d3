/* Whoever changes a mapping waits until its event was read: another process does that. */
static void read_events(int fd)
{
	struct uffd_msg message;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(fd, &message, sizeof(message)) == sizeof(message)) {
		if (message.event == UFFD_EVENT_REMAP)
			printf("event: remap %#llx -> %#llx, %llu bytes\n", (unsigned long long)message.arg.remap.from,
			       (unsigned long long)message.arg.remap.to, (unsigned long long)message.arg.remap.len);
		else if (message.event == UFFD_EVENT_UNMAP)
			printf("event: unmap %#llx - %#llx\n", (unsigned long long)message.arg.remove.start,
			       (unsigned long long)message.arg.remove.end);
		fflush(stdout);
	}
	exit(0);
}
