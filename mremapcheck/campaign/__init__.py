"""Scenarios nobody wrote: enumerated within bounds or drawn at random, compared on two kernels, shrunk and grouped."""
