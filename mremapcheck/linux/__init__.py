"""Linux as programs meet it: system calls, numbers, VM flags, file systems; its platforms and its versions."""
