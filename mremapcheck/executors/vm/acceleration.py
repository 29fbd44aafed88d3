"""Whether guests really run with KVM here: tried with a real one, and remembered until the machine restarts.

/dev/kvm may exist and open, and a guest in it still hang before its first instruction (nested virtualization). So the
device's presence only tells that it is worth a try.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError
from mremapcheck.base.whole_file import write_whole
from mremapcheck.executors.vm.images import cache

KVM, TCG = "kvm", "tcg"
_DEVICE = Path("/dev/kvm")


def known(binary: str) -> str | None:
    """Return kvm or tcg, or None where KVM is still to be tried; ``binary`` is QEMU's path."""
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return TCG
    try:
        facts = read_document(_file(), "cache/acceleration", "what is remembered of KVM")
        if facts["key"] == _key(binary):
            return KVM if facts["kvm"] else TCG
    except (OSError, FileError):
        pass
    return None


def remember(binary: str, works: bool) -> None:
    """Remember whether a guest ran with KVM; where the cache cannot be written it is tried each time."""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        write_whole(_file(), json.dumps({"key": _key(binary), "kvm": works}).encode())
    except OSError:
        return


def forget() -> None:
    """Try KVM again the next time."""
    _file().unlink(missing_ok=True)


def _file() -> Path:
    return cache.folder("acceleration.json")


def _key(binary: str) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        modified = Path(binary).stat().st_mtime_ns
    except OSError:
        return ""
    return f"{boot} {binary} {modified}"
