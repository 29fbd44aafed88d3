"""Who runs scenarios: the model, the running kernel, a virtual machine, a recording; all behind one protocol."""
