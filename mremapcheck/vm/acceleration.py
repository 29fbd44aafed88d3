"""Whether guests really run with KVM here: tried with a real one, and remembered until the machine restarts.

/dev/kvm may exist and open, and a guest in it still hang before its first instruction (nested virtualization). So the
device's presence only tells that it is worth a try.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from mremapcheck.images import cache

KVM, TCG = "kvm", "tcg"
_DEVICE = Path("/dev/kvm")


def choices(binary: str) -> list[str]:
    """Return the accelerators to try in turn; ``binary`` is QEMU's path."""
    if not os.access(_DEVICE, os.R_OK | os.W_OK):
        return [TCG]
    known = _remembered(binary)
    if known is None:
        return [KVM, TCG]
    return [KVM, TCG] if known else [TCG]


def is_proven(binary: str) -> bool:
    """Tell whether KVM has worked before, so that a guest that does not start is not KVM's fault."""
    return _remembered(binary) is True


def remember(binary: str, works: bool) -> None:
    """Remember whether a guest ran with KVM."""
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        cache.write(_file(), json.dumps({"key": _key(binary), "kvm": works}).encode())
    except OSError:
        return


def _remembered(binary: str) -> bool | None:
    try:
        facts = json.loads(_file().read_bytes())
        return bool(facts["kvm"]) if facts["key"] == _key(binary) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _file() -> Path:
    return cache.folder("acceleration.json")


def _key(binary: str) -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        modified = Path(binary).stat().st_mtime_ns
    except OSError:
        return ""
    return f"{boot} {binary} {modified}"
