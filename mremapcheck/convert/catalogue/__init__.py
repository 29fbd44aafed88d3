"""Every scenario on a page of its own kind: what it is, who relies on it, and what each era of kernels does."""
