"""Options in, reports out, exit codes: the only part that prints and exits.

``main`` builds the program, one file per command beside it; ``codes`` says which exit code means what.
"""
