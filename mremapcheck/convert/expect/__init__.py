"""Writing what kernels do into scenario files, as ``expect`` entries; comments and the order of a file stay."""
