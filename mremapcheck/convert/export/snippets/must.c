#define MUST(call) do { if ((long)(call) == -1) { perror(#call); exit(4); } } while (0)
