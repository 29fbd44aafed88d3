#define MUST(call) do { if ((long)(call) == -1) { perror(#call); exit(1); } } while (0)
