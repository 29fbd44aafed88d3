"""Options in, reports out, exit codes: the only part that prints and exits."""
