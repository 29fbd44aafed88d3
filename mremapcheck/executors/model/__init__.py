"""The reference model: the kernel's history as steps that changes edit."""
