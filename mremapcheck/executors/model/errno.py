"""The error names that steps answer with."""

from __future__ import annotations

from typing import Final, TypeAlias

Errno: TypeAlias = str

EPERM: Final = "EPERM"
EAGAIN: Final = "EAGAIN"
ENOMEM: Final = "ENOMEM"
EACCES: Final = "EACCES"
EFAULT: Final = "EFAULT"
EBUSY: Final = "EBUSY"
EINVAL: Final = "EINVAL"
EBADF: Final = "EBADF"
ENOENT: Final = "ENOENT"
ENODEV: Final = "ENODEV"
ENOTSUP: Final = "ENOTSUP"
