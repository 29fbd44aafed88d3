"""Kernel versions, ranges of them, and known images."""
