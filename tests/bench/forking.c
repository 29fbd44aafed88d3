/*
 * What a test program in C does: fork for each test, so that nothing of one is left for the next.
 *
 * The child maps three mappings of two pages (the middle one read-only), writes to all pages, moves them with one
 * mremap call, and reads what came of it: /proc/self/smaps, the page table entries and the pages. Its parent gets
 * the verdict as the exit status. Usage: forking N; prints tests per second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096UL
#define SRC ((char *)0x1000100000UL)
#define DST ((char *)0x1000306000UL)

static int test(void)
{
	static char text[1 << 16];
	uint64_t entries[6];
	size_t size = 0;
	ssize_t got;
	char *end;
	int fd, mappings = 0;

	for (int i = 0; i < 3; i++) {
		char *place = SRC + i * 2 * PAGE;

		if (mmap(place, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != place)
			return 2;
		place[0] = place[PAGE] = 'A' + i;
		if (i == 1 && mprotect(place, 2 * PAGE, PROT_READ))
			return 2;
	}
	if (syscall(SYS_mremap, SRC, 6 * PAGE, 6 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, DST) != (long)DST)
		return 1;

	fd = open("/proc/self/smaps", O_RDONLY);
	while ((got = read(fd, text + size, sizeof(text) - 1 - size)) > 0)
		size += got;
	close(fd);
	text[size] = 0;
	for (char *line = text; line && *line; line = strchr(line, '\n'), line = line ? line + 1 : NULL) {
		unsigned long low = strtoul(line, &end, 16);

		if (*end == '-' && low >= (unsigned long)SRC && low < (unsigned long)DST + 6 * PAGE)
			mappings++;
	}
	fd = open("/proc/self/pagemap", O_RDONLY);
	if (pread(fd, entries, sizeof(entries), (unsigned long)DST / PAGE * 8) != sizeof(entries))
		return 2;
	close(fd);
	for (int i = 0; i < 6; i++)
		if (!(entries[i] >> 63) || DST[i * PAGE] != 'A' + i / 2)
			return 1;
	return mappings == 3 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 2000;
	struct timespec begin, now;
	double seconds;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < count; i++) {
		int status;
		pid_t child = fork();

		if (child == 0)
			_exit(test());
		if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) > 1) {
			fprintf(stderr, "the test could not be run\n");
			return 1;
		}
		if (WEXITSTATUS(status) == 1 && i == 0)
			fprintf(stderr, "this kernel does not move several mappings in one call\n");
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	seconds = (now.tv_sec - begin.tv_sec) + (now.tv_nsec - begin.tv_nsec) / 1e9;
	printf("%.0f\n", count / seconds);
	return 0;
}
