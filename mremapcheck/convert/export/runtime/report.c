/* ---------------------------------------------------------------------------------------------------------------
 * A scenario runs in a process of its own; this memory is where it leaves its report.
 */
enum status { PASSED, DIFFERS, SKIPPED, BROKEN };

#define MOST_MOVES 256

struct event {
	int kind;                       /* UFFD_EVENT_... */
	u64 first, second, third;
};

static struct report {
	char reason[1024];
	size_t used;
	char text[1 << 20];             /* diagnostics, a line each */
	int event_count;
	struct event events[256];
	long long committed[MOST_MOVES]; /* pages by which Committed_AS grew with each move */
} *report;

static const char *errno_name(int number)
{
	static const struct { int number; const char *name; } names[] = {
#define NAMED(name) { name, #name }
		NAMED(EPERM), NAMED(ENOENT), NAMED(EINTR), NAMED(EIO), NAMED(ENXIO), NAMED(E2BIG), NAMED(EBADF),
		NAMED(EAGAIN), NAMED(ENOMEM), NAMED(EACCES), NAMED(EFAULT), NAMED(EBUSY), NAMED(EEXIST),
		NAMED(ENODEV), NAMED(EINVAL), NAMED(ENFILE), NAMED(EMFILE), NAMED(ETXTBSY), NAMED(EFBIG),
		NAMED(ENOSPC), NAMED(EROFS), NAMED(ERANGE), NAMED(ENOSYS), NAMED(EOVERFLOW), NAMED(EOPNOTSUPP),
#undef NAMED
	};
	static char other[16];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].number == number)
			return names[i].name;
	snprintf(other, sizeof(other), "errno %d", number);
	return other;
}

static PRINTF(1, 2) void note(const char *format, ...)
{
	size_t room = sizeof(report->text) - report->used;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(report->text + report->used, room, format, arguments);
	va_end(arguments);
	if (length > 0)
		report->used += (size_t)length < room ? (size_t)length : room - 1;
}

static PRINTF(2, 3) __attribute__((noreturn)) void stop(enum status status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(report->reason, sizeof(report->reason), format, arguments);
	va_end(arguments);
	_exit(status);
}

#define skip(...) stop(SKIPPED, __VA_ARGS__)

/* What the step that is being done has to fail with, or 0. */
static int wanted_error;
static jmp_buf failed_as_wanted;

static __attribute__((noreturn)) void broken(const struct step *step, const char *call)
{
	if (wanted_error && errno == wanted_error)
		longjmp(failed_as_wanted, 1);
	if (wanted_error)
		stop(BROKEN, "%s: %s failed: %s, not %s", step->where, call, errno_name(errno), errno_name(wanted_error));
	stop(BROKEN, "%s: %s failed: %s", step->where, call, errno_name(errno));
}
