"""The running kernel, asked through the raw system calls."""
