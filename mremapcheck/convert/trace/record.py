"""Running a program under strace, with the calls traced that change an address space."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from mremapcheck.base.errors import MremapcheckError
from mremapcheck.linux import programs

#: What ``import`` understands; of ioctl only a userfaultfd's.
CALLS = (
    "mmap,munmap,mremap,mprotect,pkey_mprotect,madvise,mlock,mlock2,munlock,brk,ioctl,clone,clone3,fork,vfork,execve"
)


def record(command: Sequence[str], log: Path) -> int:
    """Run a command to its end, write what it called to ``log``, and return its exit status.

    Its input and output are ours. Raises MremapcheckError where there is no strace, no such command, or no permission.
    """
    strace = shutil.which("strace")
    if strace is None:
        raise MremapcheckError(
            "strace is not installed: it does the recording",
            "install the package `strace` (apt, dnf, pacman, apk: the same name), or record elsewhere with "
            f"`strace -f -y -o strace.log -e trace={CALLS} COMMAND` and use `mremapcheck import`",
        )
    if shutil.which(command[0]) is None:
        raise MremapcheckError(f"there is no command `{command[0]}`", "give it as you would to a shell, after `--`")
    code = programs.run_family(
        [strace, "-f", "-y", "-qq", "-e", "signal=none", "-e", f"trace={CALLS}", "-o", str(log), "--", *command]
    )
    if not log.exists() or not log.stat().st_size:
        raise MremapcheckError(
            f"strace recorded nothing (its exit status: {code})",
            "it needs ptrace(2): in a container `--cap-add SYS_PTRACE`, elsewhere kernel.yama.ptrace_scope below 3",
        )
    return code
