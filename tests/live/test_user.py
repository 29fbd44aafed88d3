"""An ordinary user gets what root gets, or a reason and what to do about it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.scenario.parse import parse_document
from tests.live.conftest import move, scenario

ROOT = Path(__file__).parent.parent.parent
NOBODY = 65534
PROGRAM = """
import json, sys
sys.path.insert(0, sys.argv[1])
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.scenario.parse import parse_document
with LiveExecutor() as executor:
    scenarios = [parse_document(document) for document in json.load(sys.stdin)]
    print(json.dumps([execution.to_json() for execution in executor.run(scenarios)]))
"""


def as_nobody(documents: list[dict[str, Any]], program: str = PROGRAM) -> list[dict[str, Any]]:
    """Run documents as a user without any rights, by a Python that this user may start."""
    if os.getuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("needs root and setpriv to become an ordinary user")
    become = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    pythons = [python for python in (sys.executable, "/usr/bin/python3") if runs([*become, python, "-c", IMPORT, ROOT])]
    if not pythons:
        pytest.skip("an ordinary user may not start any Python here, or not read this folder")
    answer = subprocess.run(
        [*become, pythons[0], "-c", program, ROOT], input=json.dumps(documents), capture_output=True, text=True, cwd="/"
    )
    assert answer.returncode == 0, answer.stderr
    found: list[dict[str, Any]] = json.loads(answer.stdout)
    return found


IMPORT = (
    "import subprocess, sys; sys.path.insert(0, sys.argv[1]); import mremapcheck.executors.live.executor;"
    "subprocess.run([sys.executable, '-c', ''], check=True)"
)


def runs(command: list[str | Path]) -> bool:
    return subprocess.run(command, capture_output=True, cwd="/").returncode == 0


def test_the_same_outcomes_as_root(live: LiveExecutor) -> None:
    kinds = ("anon", "memfd", "file", "tmpfs", "dev-zero", "sysv-shm")
    parts: list[dict[str, Any]] = [
        *({"vmas": {"A": {"kind": kind}}} for kind in kinds),
        {"vmas": {"A": {"uffd": "missing+events"}}},
        {"vmas": {"A": {"kind": "memfd", "uffd": "wp"}}},
        {"vmas": {"A": {"lock": True}}, "moves": [move("3p", "MAYMOVE", new_size="5p")]},
        {"process": {"rlimits": {"as": "+1p", "memlock": "3p"}}, "vmas": {"A": {"lock": True}}},
        {"process": {"map_headroom": 7, "fork": True}},
        {"vmas": {"A": {"seal": True}}},
        {"moves": [move("3p", "MAYMOVE|FIXED", new_address="0x10")]},
    ]
    documents = [dict(scenario(**part).document) for part in parts]
    root = [execution.to_json() for execution in live.run(parse_document(document) for document in documents)]
    for document, expected, seen in zip(documents, root, as_nobody(documents), strict=True):
        if seen["status"] == "skip":
            assert ": " in seen["reason"], document  # says what to do about it
        else:
            assert seen == expected, document


def test_what_a_user_may_not_is_skipped() -> None:
    parts: list[dict[str, Any]] = [
        {"process": {"keep": ["IPC_LOCK"]}},
        {
            "map": {"src": "A{65536}", "dst": "."},
            "vmas": {"A": {"lock": True, "touch": False}},
            "moves": [move("1p", "0")],
        },
        {"process": {"rlimits": {"memlock": "3G"}}},
    ]
    seen = as_nobody([dict(scenario(**part).document) for part in parts])
    assert seen[0]["status"] == "skip" and seen[0]["reason"] == "this user lacks CAP_IPC_LOCK: run as root"
    for execution in seen[1:]:
        if execution["status"] != "ran":  # where the hard limit is no limit it just works
            assert execution["status"] == "skip" and "RLIMIT_MEMLOCK" in execution["reason"]
