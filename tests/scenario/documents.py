"""Documents that tests of several modules use."""

from __future__ import annotations

import copy
from typing import Any

from mremapcheck.base.errors import ScenarioError
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.parse import parse_document

PLAIN: dict[str, Any] = {
    "summary": "one mapping moves",
    "map": {"src": "AA", "dst": ".."},
    "moves": [{"old_address": "src", "old_size": "2p", "flags": "MAYMOVE|FIXED", "new_address": "dst"}],
}

RICH: dict[str, Any] = {
    "name": "rich",
    "summary": "something of everything",
    "about": "Line one.\nLine two.\n",
    "cite": ["d5f416c7c364", "mail of 4 August 2025"],
    "map": {"src": {"pages": "A{20}B.C", "align": "2M", "offset": "4K"}, "dst": "XXMM..", "third": "dd"},
    "vmas": {
        "A": {"prot": "none", "lock": "on-fault", "advice": ["dontfork", "nohugepage"], "guard": [0, 1, 3], "pkey": 2},
        "B": {"kind": "memfd", "sharing": "private", "file": "f", "offset": "2p", "uffd": "missing+events"},
        "C": {"kind": "sysv-shm", "touch": False, "lock": True},
        "M": {"kind": "memfd", "file": "f", "offset": "1M", "prot": "r", "seal": True, "name": "a name"},
        "d": {"kind": "io-uring"},
    },
    "process": {
        "rlimits": {"memlock": "4p", "as": "+2p", "data": "+0p"},
        "keep": ["CAP_IPC_LOCK", "SYS_RAWIO"],
        "map_headroom": 6,
        "fork": True,
    },
    "moves": [
        {"op": "mmap", "address": "dst+4p", "size": "2p", "letter": "Y", "prot": "rx", "touch": True, "guard": [1]},
        {"op": "munmap", "address": "dst", "size": "1p"},
        {"op": "mprotect", "address": "src", "size": "1p", "prot": "rwx"},
        {"op": "mprotect", "address": "src", "size": "1p", "prot": "r", "pkey": 1},
        {"op": "madvise", "address": "src", "size": "1p", "advice": "wipeonfork"},
        {"op": "mlock", "address": "src", "size": "1p"},
        {"op": "mlock", "address": "src", "size": "1p", "lock": "on-fault"},
        {"op": "munlock", "address": "src", "size": "1p"},
        {"op": "touch", "address": "src", "size": "3p"},
        {"op": "read", "address": "src", "size": "3p"},
        {"op": "uffd-register", "address": "src", "size": "1p", "mode": "wp"},
        {"op": "uffd-unregister", "address": "src", "size": "1p"},
        {"op": "name", "address": "src", "size": "1p", "name": "x"},
        {"op": "fork"},
        {"old_address": "src+4B", "old_size": "0xfffffffffffff001B", "new_size": "1p", "flags": "0x10|MREMAP_FIXED"},
        {"op": "mseal", "address": "src", "size": "1p"},
        {"old_address": "0x1000", "old_size": "1p", "new_address": 0, "flags": 3},
    ],
    "expect": [
        {"kernel": "<6.17-rc1", "moves": [{}, {"errno": "EFAULT", "verdict": "refused"}], "src": "A{20}B.C"},
        {
            "kernel": ">=6.17-rc1",
            "result": "elsewhere",
            "elsewhere": "_?",
            "layout": {"src": "0+20 20+1", "dst": ""},
            "counters": {"locked": "2p", "total": "9p"},
            "events": [
                {"event": "remap", "from": "src", "to": "dst", "len": "8K"},
                {"event": "unmap", "start": "dst", "end": "dst+4096B"},
            ],
        },
    ],
}


def document(**changes: Any) -> dict[str, Any]:
    """Return PLAIN with other keys, None to leave one out."""
    return {name: value for name, value in {**copy.deepcopy(PLAIN), **changes}.items() if value is not None}


def scenario(**changes: Any) -> Scenario:
    return parse_document(document(**changes))


def refusals(**changes: Any) -> list[str]:
    """Return what is wrong with PLAIN after changes: ``where: message`` and, after `` | ``, the hint."""
    return faults(document(**changes))


def faults(data: Any) -> list[str]:
    try:
        parse_document(data)
    except ScenarioError as error:
        return [f"{found.message} | {found.hint}" if found.hint else found.message for found in error.problems]
    return []


def places(data: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) within plain data."""
    keys: Any = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [place for key in keys for place in [(data, key), *places(data[key])]]
