"""From what strace saw of a real program to scenarios: one for each kind of mremap that the program makes."""
