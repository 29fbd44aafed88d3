/* The first process of a virtual machine that runs a conformance pack and ends. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *what, const char *where, const char *type)
{
	mkdir(where, 0755);
	mount(what, where, type, 0, NULL);
}

static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0 && write(fd, value, strlen(value)) < 0)
		perror(path);
	close(fd);
}

int main(void)
{
	static char *const pack[] = { "/pack", "--verbose", NULL }, *const environment[] = { "TMPDIR=/disk", NULL };
	int fd;

	mount_at("proc", "/proc", "proc");
	mount_at("dev", "/dev", "devtmpfs");
	mount_at("shm", "/dev/shm", "tmpfs");
	mount_at("tmp", "/tmp", "tmpfs");
	for (int tries = 0; tries < 50 && access("/dev/nvme0n1", F_OK); tries++)
		usleep(100000);
	mount_at("/dev/nvme0n1", "/disk", "ext4");
	set("/proc/sys/vm/mmap_min_addr", "65536");
	set("/proc/sys/vm/overcommit_memory", "1");
	set("/proc/sys/vm/nr_hugepages", "16");
	fd = open(TTY, O_RDWR);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	if (fork() == 0) {
		execve(pack[0], pack, environment);
		_exit(1);
	}
	while (wait(NULL) > 0)
		;
	printf("DONE\n");
	fflush(stdout);
	sleep(1);
	reboot(RB_POWER_OFF);
	return 0;
}
