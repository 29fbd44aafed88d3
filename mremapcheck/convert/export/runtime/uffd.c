/* ---------------------------------------------------------------------------------------------------------------
 * userfaultfd: one for registrations without events, one with. Faults are never served, they fail (SIGBUS feature).
 * Whoever changes a mapping of the second one waits until its event was read, so another process reads them.
 */
#define UFFD_API_NUMBER 0xaaULL
#define UFFD_IOC_API 0xc018aa3fU
#define UFFD_IOC_REGISTER 0xc020aa00U
#define UFFD_IOC_UNREGISTER 0x8010aa01U
#define UFFD_IOC_WRITEPROTECT 0xc018aa06U
#define UFFD_WANTED (1ULL << 0 | 1ULL << 7 | 1ULL << 12) /* write protection faults, SIGBUS, wp of shared memory */
#define UFFD_WITH_EVENTS (1ULL << 2 | 1ULL << 6)
#define EVENT_REMAP 0x14
#define EVENT_UNMAP 0x16

static int uffd_plain = -1, uffd_events = -1, reader_ask = -1, reader_told = -1;

/* Libcs do not agree on the type of ioctl(2)'s request. */
static long uffd_ioctl(int fd, unsigned int request, u64 *argument)
{
	return syscall(SYS_ioctl, fd, request, argument);
}

static int uffd_create(void)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 && errno == EPERM) {
		fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1);
		if (fd < 0)
			skip("userfaultfd is refused to this user: set vm.unprivileged_userfaultfd=1, or run as root "
			     "(Linux 5.11 or later needs neither)");
	}
	if (fd < 0 && errno == ENOSYS)
		skip("this kernel is built without userfaultfd (CONFIG_USERFAULTFD)");
	if (fd < 0)
		stop(BROKEN, "userfaultfd failed: %s", errno_name(errno));
	return fd;
}

static u64 uffd_features(void)
{
	u64 answer[3] = { UFFD_API_NUMBER, 0, 0 };
	int fd = uffd_create();

	uffd_ioctl(fd, UFFD_IOC_API, answer);
	close(fd);
	return answer[1];
}

static int uffd_open(u64 features)
{
	u64 request[3] = { UFFD_API_NUMBER, (UFFD_WANTED & uffd_features()) | features, 0 };
	int fd = uffd_create();

	if (uffd_ioctl(fd, UFFD_IOC_API, request) < 0)
		stop(BROKEN, "UFFDIO_API failed: %s", errno_name(errno));
	return fd;
}

static void uffd_read_event(void)
{
	u64 message[4];

	if (read(uffd_events, message, sizeof(message)) != sizeof(message))
		return;
	if (report->event_count == (int)ARRAY_SIZE(report->events))
		return;
	report->events[report->event_count].kind = (int)(message[0] & 0xff);
	report->events[report->event_count].first = message[1];
	report->events[report->event_count].second = message[2];
	report->events[report->event_count++].third = message[3];
}

static __attribute__((noreturn)) void uffd_reader(int asked, int tell)
{
	struct pollfd fds[2] = { { uffd_events, POLLIN, 0 }, { asked, POLLIN, 0 } };
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			_exit(1);
		if (fds[0].revents & POLLIN)
			uffd_read_event();
		else if (fds[1].revents && read(asked, &byte, 1) != 1)
			_exit(0);
		else if (fds[1].revents && write(tell, &byte, 1) != 1)
			_exit(1);
	}
}

/* Before anything is mapped: a fork later would change what the kernel merges. */
static void uffd_start_reader(void)
{
	int ask[2], told[2];

	uffd_events = uffd_open(UFFD_WITH_EVENTS);
	if (pipe(ask) || pipe(told))
		stop(BROKEN, "pipe failed: %s", errno_name(errno));
	reader_ask = ask[1];
	reader_told = told[0];
	pid_t reader = fork();

	if (reader < 0)
		stop(BROKEN, "fork failed: %s", errno_name(errno));
	if (reader == 0) {
		close(ask[1]);
		uffd_reader(ask[0], told[1]);
	}
	close(ask[0]);
	close(told[1]);
}

/* Return when every event that was sent so far is in the report. */
static void uffd_settle(void)
{
	char byte = '?';

	if (reader_ask >= 0 && (write(reader_ask, &byte, 1) != 1 || read(reader_told, &byte, 1) != 1))
		stop(BROKEN, "the reader of userfaultfd's events is gone");
}

/* End all registrations: what is read from now on is not asked of us. A forked child forgets what it inherited. */
static void uffd_close(void)
{
	u64 all[2];

	if (uffd_plain >= 0)
		close(uffd_plain);
	if (uffd_events >= 0 && reader_ask >= 0) {
		close(reader_ask);              /* the reader ends, and with it the last descriptor */
		while (read(reader_told, all, 1) > 0)
			;
		while (waitpid(-1, NULL, 0) > 0)
			;
	}
	if (uffd_events >= 0)
		close(uffd_events);
	uffd_plain = uffd_events = reader_ask = -1;
}

static void uffd_register(const struct step *step)
{
	u64 request[4] = { step->address, step->size, (u64)(step->number & (MISSING | WP | MINOR)), 0 };
	int with_events = step->number & EVENTS;

	if (!with_events && uffd_plain < 0)
		uffd_plain = uffd_open(0);
	if (with_events && uffd_events < 0)
		uffd_start_reader();
	if (uffd_ioctl(with_events ? uffd_events : uffd_plain, UFFD_IOC_REGISTER, request) == 0)
		return;
	if (errno == EINVAL && step->number & WP) {
		u64 features = uffd_features();

		if (!(features & 1))
			skip("this kernel's userfaultfd has no write-protection: Linux 5.7 or later is needed");
		if (!(features & 1ULL << 12))
			skip("this kernel's userfaultfd write-protects no shared memory: Linux 5.19 or later is needed");
	}
	if (errno == EINVAL && step->number & MINOR && !(uffd_features() & 1ULL << 10))
		skip("this kernel's userfaultfd has no minor mode: Linux 5.14 or later is needed");
	errno = errno ? errno : EINVAL;
	broken(step, "uffd-register");
}

static void uffd_writeprotect(const struct step *step)
{
	u64 request[3] = { step->address, step->size, (u64)step->number };

	if (uffd_plain < 0 && uffd_events < 0)
		uffd_plain = uffd_open(0);
	if (uffd_ioctl(uffd_plain >= 0 ? uffd_plain : uffd_events, UFFD_IOC_WRITEPROTECT, request) < 0)
		broken(step, "uffd-writeprotect");
}

static void uffd_unregister(const struct step *step)
{
	u64 request[2] = { step->address, step->size };

	if (uffd_plain < 0 && uffd_events < 0)
		uffd_plain = uffd_open(0);
	if (uffd_ioctl(uffd_plain >= 0 ? uffd_plain : uffd_events, UFFD_IOC_UNREGISTER, request) < 0)
		broken(step, "uffd-unregister");
}
