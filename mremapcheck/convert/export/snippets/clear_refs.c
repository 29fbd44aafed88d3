/* Let all pages count as not written: their soft-dirty bits are cleared, where the kernel has them. */
static void clear_refs(void)
{
	static volatile char written;
	unsigned long long entry = 0;
	int pagemap = open("/proc/self/pagemap", O_RDONLY), fd = open("/proc/self/clear_refs", O_WRONLY);

	written = 1;
	MUST(pread(pagemap, &entry, 8, (unsigned long)&written / P * 8));
	if (!(entry >> 55 & 1)) {
		fprintf(stderr, "this kernel has no soft-dirty bits: it is built without CONFIG_MEM_SOFT_DIRTY\n");
		exit(4);
	}
	MUST(write(fd, "4", 1));
	close(pagemap);
	close(fd);
}
