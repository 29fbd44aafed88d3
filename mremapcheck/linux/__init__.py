"""The kernel's interface in raw form: system calls and their numbers, VM flags, file systems."""
