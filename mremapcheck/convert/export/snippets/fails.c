#define FAILS(call, wanted) do { \
	if ((long)(call) != -1 || errno != (wanted)) { \
		fprintf(stderr, #call ": not " #wanted "\n"); \
		exit(1); \
	} \
} while (0)
