/* Maps, unmaps, protects, locks, advises, seals, forks and moves at random: random SEED STEPS. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE 4096L
#define PAGES 96

static char *arena;

static long pick(long below) { return random() % below; }
static char *place(void) { return arena + pick(PAGES - 12) * PAGE; }
static long size(void) { return (1 + pick(8)) * PAGE; }

static void map(void)
{
	static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
	static const int flags[] = {MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED, MAP_PRIVATE | MAP_NORESERVE};
	mmap(place(), size(), prots[pick(4)], flags[pick(4)] | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void move(void)
{
	static const int flags[] = {0, 1, 1, 3, 3, 3, 3, 5, 7};
	long old = size();
	long wanted = pick(3) ? old : size();
	syscall(SYS_mremap, place(), pick(16) ? old : 0, wanted, flags[pick(9)], place());
}

int main(int argc, char **argv)
{
	srandom(argc > 1 ? atoi(argv[1]) : 1);
	arena = mmap(0, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	for (int steps = argc > 2 ? atoi(argv[2]) : 1000; steps; steps--) {
		switch (pick(16)) {
		case 0: case 1: case 2:
			map();
			break;
		case 3:
			munmap(place(), size());
			break;
		case 4:
			mprotect(place(), size(), pick(2) ? PROT_READ : PROT_READ | PROT_WRITE);
			break;
		case 5:
			pick(2) ? mlock(place(), size()) : munlock(place(), size());
			break;
		case 6:
			madvise(place(), size(), pick(2) ? MADV_DONTFORK : MADV_DOFORK);
			break;
		case 7:
			if (!pick(12))
				syscall(462, place(), PAGE, 0); /* mseal */
			break;
		case 8:
			if (!pick(8)) {
				pid_t child = fork();
				if (child) {
					waitpid(child, 0, 0);
					return 0;
				}
			}
			break;
		default:
			move();
		}
	}
	return 0;
}
