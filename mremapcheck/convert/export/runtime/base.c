#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

typedef unsigned long long u64;

/* A page of the kernel that it is built for: -DP=16384ULL, -DP=65536ULL. */
#ifndef P
#define P 4096ULL
#endif
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define PRINTF(text, rest) __attribute__((format(printf, text, rest)))

/* Newer than some libc's headers; these numbers are the same on every architecture. */
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_mseal
#define SYS_mseal 462
#endif

enum prot { NONE, R = PROT_READ, RW = PROT_READ | PROT_WRITE, RX = PROT_READ | PROT_EXEC, RWX = RW | PROT_EXEC };
enum sharing { SHARED = MAP_SHARED, PRIVATE = MAP_PRIVATE, NORESERVE = MAP_NORESERVE, STACK = MAP_STACK,
	READONLY = 1 << 30 /* open for reading only, which is no flag of mmap's */ };
enum flags { MAYMOVE = 1, FIXED = 2, DONTUNMAP = 4 };
enum uffd { MISSING = 1, WP = 2, MINOR = 4, EVENTS = 8 };
enum resource { MEMLOCK, AS, DATA };
enum capability { IPC_LOCK = 1 << 14, SYS_RAWIO = 1 << 17 };

enum kind { /* @names@ */ };

enum what {
	DO_KEYS, DO_MMAP, DO_TRUNCATE, DO_ADD_SEALS, DO_MUNMAP, DO_MPROTECT, DO_MPROTECT_KEY, DO_MADVISE, DO_MLOCK, DO_MLOCKALL, DO_MUNLOCK, DO_MSEAL, DO_TOUCH, DO_READ,
	DO_REGISTER, DO_UNREGISTER, DO_WRITEPROTECT, DO_CLEAR_REFS, DO_NAME, DO_FORK, DO_LIMIT, DO_HEADROOM, DO_REFUSE, DO_MREMAP, DO_FAIL,
};

/* One operation of a scenario; addresses and sizes in bytes. Which fields count depends on what is done. */
/* The n-th place that the kernel chose: where it is is known when it has done so. */
#define CHOSEN(n) (0x500000000000ULL + ((n) - 1) * CHOSEN_ROOM)
#define CHOSEN_ROOM (1ULL << 37)

struct step {
	enum what what;
	const char *where;              /* its place in the scenario file */
	u64 address, size;
	u64 new_size, flags, new_address;
	int prot, kind, sharing, object;
	u64 offset;
	int letter;
	unsigned int first;             /* the page of the letter's mapping that the first tag names */
	int number;                     /* advice, mode, protection key, resource, or a count */
	const char *text;
};

#define DO(d, w, a, s)           .what = DO_##d, .where = w, .address = a, .size = s
#define KEYS(n)                  { DO(KEYS, "pkey", 0, 0), .number = n }
#define MMAP(w, a, s, p, k, sh, o, off) \
	{ DO(MMAP, w, a, s), .prot = p, .kind = k, .sharing = sh, .object = o, .offset = off }
#define TRUNCATE(w, o, s)        { DO(TRUNCATE, w, 0, s), .object = o }
#define ADD_SEALS(w, o, n, t)    { DO(ADD_SEALS, w, 0, 0), .object = o, .number = n, .text = t }
#define TOUCH(w, a, s, l, f)     { DO(TOUCH, w, a, s), .letter = l, .first = f }
#define READ(w, a, s)            { DO(READ, w, a, s) }
#define MUNMAP(w, a, s)          { DO(MUNMAP, w, a, s) }
#define MPROTECT(w, a, s, p)     { DO(MPROTECT, w, a, s), .prot = p }
#define MPROTECT_KEY(w, a, s, p, k) { DO(MPROTECT_KEY, w, a, s), .prot = p, .number = k }
#define MADVISE(w, a, s, n, t)   { DO(MADVISE, w, a, s), .number = n, .text = t }
#define MLOCK(w, a, s)           { DO(MLOCK, w, a, s) }
#define MLOCK_ON_FAULT(w, a, s)  { DO(MLOCK, w, a, s), .number = 1 }
#define LOCK_FUTURE(w, f)        { DO(MLOCKALL, w, 0, 0), .number = f }
#define MUNLOCK(w, a, s)         { DO(MUNLOCK, w, a, s) }
#define MSEAL(w, a, s)           { DO(MSEAL, w, a, s) }
#define REGISTER(w, a, s, m)     { DO(REGISTER, w, a, s), .number = m }
#define UNREGISTER(w, a, s)      { DO(UNREGISTER, w, a, s) }
#define WRITEPROTECT(w, a, s, m) { DO(WRITEPROTECT, w, a, s), .number = m }
#define CLEAR_REFS(w)            { DO(CLEAR_REFS, w, 0, 0) }
#define NAME(w, a, s, t)         { DO(NAME, w, a, s), .text = t }
#define FORK(w)                  { DO(FORK, w, 0, 0) }
#define LIMIT(r, s, relative)    { DO(LIMIT, "process.rlimits", 0, s), .number = r, .flags = relative }
#define HEADROOM(n)              { DO(HEADROOM, "process.map_headroom", 0, 0), .number = n }
#define REFUSE_MREMAP(n)         { DO(REFUSE, "process.seccomp", 0, 0), .number = n }
/* One of the n steps that follow fails, and those behind it are not done. */
#define FAILS(t, e, n)           { DO(FAIL, "", 0, 0), .text = t, .number = e, .first = n }
#define MREMAP(w, a, s, n, f, new) \
	{ DO(MREMAP, w, a, s), .new_size = n, .flags = f, .new_address = new }

/* A stretch of pages of the drawing; whatever is mapped in [floor, ceiling) is reported as this region's. */
struct region {
	const char *name;
	u64 start, pages, floor, ceiling;
};

/* What several mappings can share: a file or a shared memory segment. */
struct object {
	enum kind kind;
	u64 length;
};

/* One thing that is expected of the kernels of a range: what is seen at `where` reads as `text`. */
struct expectation {
	const char *kernel, *where, *text;
};

struct scenario {
	const char *name, *summary;
	const char *skip;               /* why it cannot be run, or NULL */
	const struct region *regions;
	const struct object *objects;
	const struct step *steps;
	const struct expectation *expected;
	int region_count, step_count, expected_count;
	const char *pages_of_4k;        /* why other pages change its meaning, or NULL */
	const char *user_end;           /* why more user space than 2^47 does, or NULL */
	unsigned long keep;             /* capabilities that an ordinary user's process has not */
	int committed;                  /* whether it says by how much moves change Committed_AS */
	u64 near_zero;                  /* the end of the highest page taken for forbidden, or 0 */
};
