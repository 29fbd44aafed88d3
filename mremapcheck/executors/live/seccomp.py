"""A system call filter (seccomp) such as sandboxes have: one call is refused, whatever it asks for."""

from __future__ import annotations

import struct
from errno import EINVAL

from mremapcheck.linux.numbers import (
    BPF_JUMP_IF_EQUAL,
    BPF_LOAD,
    BPF_RETURN,
    PR_SET_NO_NEW_PRIVS,
    PR_SET_SECCOMP,
    SECCOMP_MODE_FILTER,
    SECCOMP_RET_ALLOW,
    SECCOMP_RET_ERRNO,
    SYS_PRCTL,
)
from mremapcheck.linux.sandbox import refusal
from mremapcheck.linux.syscalls import address, buffer, call, errno
from mremapcheck.linux.trouble import Trouble


def refuse(number: int, code: int) -> None:
    """Let a system call of this thread fail with an errno from now on, for ever; raise Trouble.

    The filter looks at the call's number alone (struct seccomp_data begins with it): an executor has but one ABI.
    """
    program = (
        (BPF_LOAD, 0, 0, 0),
        (BPF_JUMP_IF_EQUAL, 0, 1, number),
        (BPF_RETURN, 0, 0, SECCOMP_RET_ERRNO | code),
        (BPF_RETURN, 0, 0, SECCOMP_RET_ALLOW),
    )
    instructions = buffer(b"".join(struct.pack("<HBBI", *words) for words in program))
    description = buffer(struct.pack("<H6xQ", len(program), address(instructions)))
    call(SYS_PRCTL, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    if call(SYS_PRCTL, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, address(description), 0, 0) == -1:
        failed = errno()
        skip = refusal(SYS_PRCTL, PR_SET_SECCOMP, SECCOMP_MODE_FILTER)
        if failed == EINVAL:
            skip = skip or "this kernel has no system call filters: CONFIG_SECCOMP_FILTER is needed"
        raise Trouble(failed, skip)
