"""Real kernels in a virtual machine: the live executor, inside a guest made on the fly."""
