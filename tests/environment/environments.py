"""Environment that a run may find itself in, and a table of what each run of the scenarios ends in.

``python -m tests.environment.environments [NAME...]`` prints the table, and of more than the tests look at.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import typer

from tests.waiting import PATIENCE

SANDBOX = Path(__file__).with_name("sandbox.py")
ROOT = SANDBOX.parent.parent.parent
#: What the filters of container runtimes refuse and scenarios use.
CONTAINER = [f"refuse={name}:EPERM" for name in ("userfaultfd", "io_uring_setup", "mseal", "memfd_secret")]
#: What a run or its workers call.
_REFUSED = """
    mremap munmap madvise mlock munlock mlock2 mseal userfaultfd io_uring_setup memfd_secret io_setup shmget shmat
    memfd_create prctl prlimit64 preadv pwritev capget capset setitimer setpgid socketpair ftruncate statfs kill vfork
    fork personality pipe2 poll clone3 uname
"""
_PAGE_ZERO, _READ_IMPLIES_EXEC, _LEGACY, _FIXED = 0x0100000, 0x0400000, 0x0200000, 0x0040000
_UNAME26, _LINUX32 = 0x0020000, 0x0008
_SET_MDWE, _EXEC_GAIN = 65, 1
#: An ordinary user.
USER = "user=65534"

#: Name -> settings of the sandbox.
ENVIRONMENTS: dict[str, list[str]] = {
    "as it is": [],
    "a container": CONTAINER,
    "a container of older make": [rule.replace("EPERM", "ENOSYS") for rule in CONTAINER],
    "a container that kills": [rule.replace("EPERM", "kill") for rule in CONTAINER],
    **{f"{name}: EPERM": [f"refuse={name}:EPERM"] for name in _REFUSED.split()},
    "mremap without flags: kill": ["refuse=mremap/3=0:kill"],
    "mremap: EINVAL": ["refuse=mremap:EINVAL"],
    "mremap with DONTUNMAP: EPERM": ["refuse=mremap/3&4=4:EPERM"],
    "madvise: kill": ["refuse=madvise:kill"],
    "mprotect to executable: EPERM": ["refuse=mprotect/2&4=4:EPERM"],
    "mmap executable: EPERM": ["refuse=mmap/2&6=6:EPERM"],
    "no threads": ["refuse=clone/0&0x10000=0x10000:EAGAIN", "refuse=clone3:ENOSYS"],
    "no forks": ["refuse=clone/0&0x10000=0:EAGAIN", "refuse=clone3:ENOSYS"],
    **{f"NOFILE {number}": [f"limit=NOFILE:{number}"] for number in (10, 11, 12, 14, 16)},
    **{f"NPROC {number}": [f"limit=NPROC:{number}", USER] for number in (1, 3)},
    **{f"DATA {number}M": [f"limit=DATA:{number << 20}"] for number in (16, 24)},
    **{f"AS {number}M": [f"limit=AS:{number << 20}"] for number in (32, 128)},
    **{f"FSIZE {number}": [f"limit=FSIZE:{number}"] for number in (0, 1)},
    "MEMLOCK 0": ["limit=MEMLOCK:0"],
    "MEMLOCK 8K": ["limit=MEMLOCK:8192"],
    "STACK 1M": [f"limit=STACK:{1 << 20}"],
    "STACK unlimited": ["limit=STACK:-1"],
    "no /proc": ["hide=/proc"],
    "/proc hidepid=4": ["mount=/proc:proc:hidepid=4", USER],
    "/proc subset=pid": ["mount=/proc:proc:subset=pid"],
    "no /dev": ["hide=/dev"],
    "everything read-only": ["read-only=/"],
    "no /sys": ["hide=/sys"],
    "MMAP_PAGE_ZERO": [f"personality={_PAGE_ZERO}"],
    "READ_IMPLIES_EXEC": [f"personality={_READ_IMPLIES_EXEC}"],
    "ADDR_COMPAT_LAYOUT": [f"personality={_LEGACY}"],
    "ADDR_COMPAT_LAYOUT and ADDR_NO_RANDOMIZE": [f"personality={_LEGACY | _FIXED}"],
    "PER_LINUX32": [f"personality={_LINUX32}"],
    "UNAME26": [f"personality={_UNAME26}"],
    "PR_SET_MDWE": [f"prctl={_SET_MDWE}:{_EXEC_GAIN}"],
    "umask 777": ["umask=777", USER],
    "two limits": ["limit=NOFILE:12", f"limit=AS:{96 << 20}"],
    "a small container": [*CONTAINER, "limit=NOFILE:14", "limit=MEMLOCK:0", USER],
    "no /proc, /dev and /sys": ["hide=/proc", "hide=/dev", "hide=/sys"],
    "read-only and no file": ["read-only=/", "limit=FSIZE:0"],
    "unlimited and limited": ["limit=STACK:-1", f"limit=AS:{256 << 20}"],
    "an ordinary user": [USER],
    "an ordinary user in a container": [USER, *CONTAINER],
}

#: More of the kind, for ``main`` only.
MORE: dict[str, list[str]] = {
    **{f"{name}: {code}": [f"refuse={name}:{code}"] for name in _REFUSED.split() for code in ("ENOSYS", "EACCES")},
    **{f"NOFILE {number}": [f"limit=NOFILE:{number}"] for number in (6, 8, 9, 13, 15, 20, 24)},
    **{f"NPROC {number}": [f"limit=NPROC:{number}", USER] for number in (2, 4)},
    **{f"DATA {number}M": [f"limit=DATA:{number << 20}"] for number in (32, 64)},
    **{f"AS {number}M": [f"limit=AS:{number << 20}"] for number in (48, 64)},
    **{f"FSIZE {number}": [f"limit=FSIZE:{number}"] for number in (4096, 8192)},
}


class Ended(NamedTuple):
    """How a run ended: exit code, what came of each scenario, and what it said besides."""

    code: int
    results: dict[str, dict[str, Any]]
    errors: str


def documents() -> list[dict[str, Any]]:
    """Return scenarios that together need everything a worker may need."""

    def case(name: str, **parts: Any) -> dict[str, Any]:
        move = {"old_address": "src", "old_size": "3p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
        return {
            "name": name,
            "summary": f"What {name} needs",
            "map": {"src": "AAA", "dst": "..."},
            "moves": [*parts.pop("before", []), {**move, **parts.pop("move", {})}],
            **parts,
        }

    kinds = ["anon", "anon-shared", "memfd", "file", "tmpfs", "sysv-shm", "dev-zero", "io-uring"]
    kinds += ["droppable", "growsdown", "secret", "vvar"]
    attributes: dict[str, dict[str, Any]] = {
        "lock": {"lock": True},
        "lock-on-fault": {"lock": "on-fault"},
        "uffd": {"uffd": "missing"},
        "uffd-events": {"uffd": "missing+events"},
        "uffd-wp": {"uffd": "wp"},
        "guard": {"guard": [1]},
        "advice": {"advice": "dontfork"},
        "seal": {"seal": True},
        "named": {"name": "weather"},
        "executable": {"prot": "rx"},
        "executable-file": {"kind": "memfd", "prot": "rx"},
        "unreadable": {"prot": "none"},
    }
    at = {"address": "src", "size": "1p"}
    return [
        *(case(f"kind-{kind}", vmas={"A": {"kind": kind}}) for kind in kinds),
        case("kind-aio", map={"src": "AA", "dst": ".."}, vmas={"A": {"kind": "aio"}}, move={"old_size": "2p"}),
        *(case(f"attribute-{name}", vmas={"A": attribute}) for name, attribute in attributes.items()),
        *(case(f"flags-{flags}", move={"flags": flags}) for flags in (0, 64, 7)),
        case("grown", move={"new_size": "6p"}),
        case("duplicated", vmas={"A": {"kind": "anon-shared"}}, move={"old_size": "0B", "new_size": "3p"}),
        case("with-a-hole", map={"src": "A.A", "dst": "BBB"}),
        case("low", move={"new_address": "0x0"}),
        case("long", map={"src": "A{16384}", "dst": "."}, vmas={"A": {"touch": False}}, move={"old_size": "16384p"}),
        case("madvise", before=[{"op": "madvise", **at, "advice": "dontneed"}]),
        case("mprotect", before=[{"op": "mprotect", **at, "prot": "rwx"}]),
        case("munmap", before=[{"op": "munmap", **at}]),
        case("munlock", vmas={"A": {"lock": True}}, before=[{"op": "munlock", **at}]),
        case("read", before=[{"op": "read", **at}]),
        case("fork", before=[{"op": "fork"}]),
        case("forked", process={"fork": True}),
        case("few-slots", process={"map_headroom": 4}),
        case("few-bytes", process={"rlimits": {"as": "+1p"}}, move={"new_size": "6p"}),
        case("few-locked", process={"rlimits": {"memlock": "3p"}}, vmas={"A": {"lock": True}}),
    ]


def call(
    settings: list[str], *arguments: str, python: str = sys.executable, cwd: str | Path = "/"
) -> subprocess.CompletedProcess[str]:
    """Call mremapcheck in the environment that ``settings`` make, without a home."""
    path = os.pathsep.join((str(ROOT), str(Path(typer.__file__).parent.parent)))
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("HOME", None)
    return subprocess.run(
        [python, str(SANDBOX), *settings, "--", python, "-m", "mremapcheck", *arguments],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=environment,
        timeout=PATIENCE,
        check=False,
    )


def run(settings: list[str], folder: Path, python: str = sys.executable) -> Ended:
    """Run the scenarios of a folder in the environment that ``settings`` make."""
    answer = call(settings, "run", "--format", "json", str(folder), python=python)
    results = {}
    if answer.stdout:
        results = {result["scenario"]: result for result in json.loads(answer.stdout).get("results", [])}
    return Ended(answer.returncode, results, answer.stderr)


def write(folder: Path) -> None:
    """Write the scenarios there, one file each."""
    for document in documents():
        (folder / f"{document['name']}.yaml").write_text(json.dumps(document))
    folder.chmod(0o755)


def python_of(settings: list[str]) -> str:
    """Return a Python that whoever the settings make of us may start; '' where there is none."""
    if USER not in settings:
        return sys.executable
    for python in (sys.executable, "/usr/bin/python3"):
        command = [python, str(SANDBOX), USER, "--", python, "-c", f"open({str(SANDBOX)!r})"]
        if Path(python).exists() and subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return python
    return ""


def judge(ended: Ended, usual: Ended) -> list[str]:
    """Return what is wrong with how a run ended; ``usual`` is how it ends in a good one."""
    wrong = []
    if ended.code not in (0, 1, 4):
        wrong.append(f"exit code {ended.code}")
    if not ended.results and not (ended.code == 4 and "hint: " in ended.errors):
        wrong.append("nothing ran, and nobody says what to do")
    said = [ended.errors]
    for name, result in ended.results.items():
        reason = result["reason"]
        if reason is None:
            if result["outcome"] != usual.results[name]["outcome"]:
                wrong.append(f"{name}: another outcome")
        elif reason != usual.results[name]["reason"] and ": " not in reason:
            wrong.append(f"{name}: {reason}")
        said.append(reason or "")
        if result["status"] == "error":
            wrong.append(f"{name}: {reason}")
    wrong += [text for text in said if "Traceback" in text or "[Errno" in text or "bug" in text or 'File "' in text]
    return wrong


def main() -> None:
    """Print the table: each environment, the exit code, how many scenarios end how, and the reasons."""
    with TemporaryDirectory() as name, ThreadPoolExecutor(os.cpu_count()) as jobs:
        folder = Path(name)
        write(folder)
        usual = run([], folder)
        wrong = False

        def attempt(settings: list[str]) -> Ended | None:
            try:
                return run(settings, folder, python_of(settings))
            except subprocess.TimeoutExpired:
                return None

        words = sys.argv[1:] or [""]
        chosen = {name: each for name, each in {**ENVIRONMENTS, **MORE}.items() if any(word in name for word in words)}
        for name, ended in zip(chosen, jobs.map(attempt, chosen.values()), strict=True):
            if ended is None:
                wrong = True
                print(f"### {name}: HANGS", flush=True)
            else:
                wrong = _tell(name, ended, usual) or wrong
    sys.exit(wrong)


def _tell(name: str, ended: Ended, usual: Ended) -> bool:
    """Print how a run ended; tell whether anything is wrong with that."""
    counts = Counter(result["status"] for result in ended.results.values())
    shown = ", ".join(f"{count} {status}" for status, count in counts.items())
    print(f"### {name}: exit {ended.code}: {shown}", flush=True)
    known = {result["reason"] for result in usual.results.values()}
    reasons = Counter(result["reason"] for result in ended.results.values() if result["reason"] not in known)
    for reason, count in reasons.most_common():
        print(f"    {count} {reason[-300:]}")
    if ended.errors:
        print(f"    {ended.errors[-400:].strip()}")
    wrong = judge(ended, usual)
    for what in wrong:
        print(f"    WRONG: {what[-300:]}")
    return bool(wrong)


if __name__ == "__main__":
    main()
