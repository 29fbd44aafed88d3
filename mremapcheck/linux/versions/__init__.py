"""Versions of Linux: their order, ranges of them, which there were, and what references to kernels have in common."""
