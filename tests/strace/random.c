/* Maps, unmaps, protects, locks, advises, seals, forks and moves at random, all kinds of memory: random SEED STEPS. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 128
#define RW (PROT_READ | PROT_WRITE)
#define DROPPABLE 8

static char *arena;
static int file, readonly, memfd, zero, monitor, segment;

static long pick(long below) { return random() % below; }
static char *place(void) { return arena + pick(PAGES - 12) * PAGE; }
static long size(void) { return (1 + pick(8)) * PAGE; }

static void map_file(int fd, int flags, int prot)
{
	mmap(place(), size(), prot, flags | MAP_FIXED, fd, pick(8) * PAGE);
}

static void map(void)
{
	static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, RW, PROT_READ | PROT_EXEC};
	static const int flags[] = {MAP_PRIVATE, MAP_PRIVATE, MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED,
				    MAP_PRIVATE | MAP_NORESERVE, MAP_PRIVATE | MAP_STACK,
				    MAP_PRIVATE | MAP_LOCKED, DROPPABLE};
	int prot = prots[pick(6)], either = pick(2) ? MAP_SHARED : MAP_PRIVATE;

	switch (pick(12)) {
	case 0: map_file(file, MAP_SHARED, prot); break;
	case 1: map_file(pick(2) ? file : readonly, MAP_PRIVATE, prot); break;
	case 2: map_file(readonly, MAP_SHARED, prot & ~PROT_WRITE); break;
	case 3: map_file(memfd, either, prot); break;
	case 4: map_file(zero, either, prot); break;
	default: mmap(place(), size(), prot, flags[pick(9)] | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	}
}

static void move(void)
{
	static const int flags[] = {0, 1, 1, 3, 3, 3, 3, 5, 7, 2};
	long old = size(), wanted = pick(3) ? old : size();
	char *to = pick(12) ? place() : (char *)(pick(3) * PAGE + pick(2) * 0x123);

	syscall(SYS_mremap, place() + (pick(40) ? 0 : 8), pick(16) ? old + (pick(40) ? 0 : 100) : 0, wanted,
		flags[pick(10)], to);
}

static void *thread(void *unused)
{
	for (int count = 0; count < 6; count++) {
		map();
		move();
	}
	return unused;
}

static void lock(void)
{
	switch (pick(6)) {
	case 0: mlock(place(), size()); break;
	case 1: syscall(SYS_mlock2, place(), size(), 1); break;
	case 2: pick(8) ? 0 : mlockall(pick(2) ? MCL_FUTURE : MCL_CURRENT); break;
	case 3: munlockall(); break;
	default: munlock(place(), size());
	}
}

static void watch(void)
{
	static const int modes[] = {UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP, UFFDIO_REGISTER_MODE_MINOR};
	struct uffdio_register request = {.range = {(uintptr_t)place(), size()}, .mode = modes[pick(3)]};

	ioctl(monitor, UFFDIO_REGISTER, &request);
	if (!pick(3))
		ioctl(monitor, UFFDIO_UNREGISTER, &(struct uffdio_range){(uintptr_t)place(), size()});
}

static void advise(void)
{
	static const int advices[] = {MADV_DONTFORK, MADV_DOFORK, MADV_DONTDUMP, MADV_DODUMP, MADV_MERGEABLE,
				      MADV_UNMERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_RANDOM, MADV_NORMAL,
				      MADV_DONTNEED, 18 /* WIPEONFORK */, 19, 102 /* GUARD_INSTALL */, 103};

	madvise(place(), size(), advices[pick(15)]);
}

static void attach(void)
{
	char *at = shmat(segment, place(), SHM_REMAP | (pick(2) ? SHM_RDONLY : 0));

	if (at != (char *)-1 && !pick(3))
		shmdt(at);
}

static void prepare(void)
{
	char path[] = "/tmp/randomXXXXXX";
	struct uffdio_api api = {.api = UFFD_API};

	file = mkstemp(path);
	readonly = open(path, O_RDONLY);
	unlink(path);
	memfd = memfd_create("m", 0);
	zero = open("/dev/zero", O_RDWR);
	monitor = syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | 1 /* USER_MODE_ONLY */);
	segment = shmget(IPC_PRIVATE, 4 * PAGE, IPC_CREAT | 0600);
	ioctl(monitor, UFFDIO_API, &api); /* where there is none all that is asked of it fails */
	if (ftruncate(file, 64 * PAGE) || ftruncate(memfd, 64 * PAGE))
		exit(1);
	arena = mmap(0, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

int main(int argc, char **argv)
{
	static const int prots[] = {PROT_NONE, PROT_READ, RW, RW, PROT_READ | PROT_EXEC};
	pthread_t other;
	pid_t child = 0;

	srandom(argc > 1 ? atoi(argv[1]) : 1);
	prepare();
	for (int steps = argc > 2 ? atoi(argv[2]) : 1000; steps && !child; steps--) {
		switch (pick(30)) {
		case 0: case 1: case 2: case 3: case 4: map(); break;
		case 5: munmap(place(), size()); break;
		case 6: case 7: mprotect(place(), size(), prots[pick(5)]); break;
		case 8: lock(); break;
		case 9: case 10: advise(); break;
		case 11: pick(12) ? 0 : syscall(462 /* mseal */, place(), PAGE, 0); break;
		case 12: watch(); break;
		case 13: prctl(PR_SET_VMA, 0, place(), size(), pick(2) ? "one" : pick(2) ? "other" : 0); break;
		case 14: syscall(SYS_remap_file_pages, place(), size(), 0, pick(8), 0); break;
		case 15: attach(); break;
		case 16: child = pick(8) ? 0 : fork(); break;
		case 17:
			if (ftruncate(pick(2) ? file : memfd, (8 + pick(57)) * PAGE))
				return 1;
			break;
		case 18:
			if (!pick(20) && !pthread_create(&other, 0, thread, 0))
				pthread_join(other, 0);
			break;
		default: move();
		}
	}
	if (child)
		waitpid(child, 0, 0);
	shmctl(segment, IPC_RMID, 0);
	return 0;
}
