"""Scenarios as C: one as a reproducer for a mailing list, many as a conformance pack that needs nothing but a libc."""
