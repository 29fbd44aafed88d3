#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/wait.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <pthread.h>
#include <fcntl.h>
static void *thr(void *x){ char*p=mmap(0,8192,3,MAP_PRIVATE|MAP_ANONYMOUS,-1,0); p[0]=1; p=mremap(p,8192,400*4096,1); return p;}
int main(void)
{
	char *m = mmap(0, 16*4096, 3, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0);
	memset(m,1,16*4096);
	mprotect(m+4096,4096,PROT_READ);
	char *n = mmap(0, 64*4096, 0, MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE, -1, 0);
	mremap(m+2*4096,2*4096,2*4096,3,n+4*4096);
	munmap(m+8*4096,4096);
	mremap(m+6*4096,4*4096,4*4096,3,n+20*4096); /* hole */
	int f=memfd_create("ring",0); ftruncate(f,1<<20);
	char *s=mmap(0,65536,3,MAP_SHARED,f,4096*3);
	mremap(s,0,65536,1);
	mremap(s,65536,131072,1);
	mlock(m,4096); madvise(m+4096*5,4096,MADV_DONTFORK);
	mremap(n+40*4096,4096,8192,5,n);
	mremap(n+40*4096,4096,4096,5,n);
	mremap((void*)1,4096,8192,1);
	brk(0); sbrk(8192);
	if(!fork()){ mremap(m,4096,8192,1); mremap(n,4096,4096,3,n+50*4096); _exit(0);} wait(0);
	pthread_t t; pthread_create(&t,0,thr,0); pthread_join(t,0);
	syscall(462,n+30*4096,4096,0); mremap(n+30*4096,4096,8192,1);
	int fd=open("/tmp/mix/data",O_RDWR|O_CREAT,0600); ftruncate(fd,1<<20);
	char *g=mmap(0,8192,1,MAP_PRIVATE,fd,0); mremap(g,8192,16384,1);
	return 0;
}
