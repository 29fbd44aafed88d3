"""Signals at random moments, for every command that takes a while: what it leaves, what it printed, whether it ends.

``python -m tests.environment.signals [--moments N] [--seed N] [WORD...]`` tries N moments of each signal with
each command whose line has one of the words. MREMAPCHECK_TEST_CACHE=~/.cache adds those on a real kernel. A moment that
something is wrong at is printed with its seed; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import uuid
import xml.etree.ElementTree as ElementTree
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
#: A program that calls mremap, and has a child that would live on.
_TRACED = (
    "import subprocess, time; subprocess.Popen(['sleep', '600']); "
    "b = bytearray(9 << 20); b.extend(bytes(9 << 20)); time.sleep(600)"
)
COMMANDS = [
    "run --format json",
    "run --jobs 3 --format json",
    "run --jobs 2 --format junit",
    "run --kernel 6.17 --jobs 3 --format json",
    "compare --kernel 6.16 live --format json",
    "compare --kernel 6.16 live --jobs 2 --format json",
    "matrix --kernel 6.12 live --jobs 2 --format json",
    "identify live --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 1 --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --out {folder}/out",
    "enumerate --kernel 6.16 --against live --jobs 2 --format json",
    "distinguish --kernel 6.16 6.17 --jobs 2",
    "coverage --kernel 6.17",
    "record -- {python} -c '{traced}'",
]
#: Names the folder of a cache with kernels.
_CACHE = "MREMAPCHECK_TEST_CACHE"
#: On a kernel of the cache in that folder.
VM_COMMANDS = [
    "run --kernel vm:6.12 --format json",
    "run --kernel vm:6.12 --jobs 2 --format json",
    "compare --kernel 6.12 vm:6.12 --format json",
]


class Case(NamedTuple):
    """A command, the signal, and the moment: seconds since it was started."""

    command: str
    number: signal.Signals
    moment: float


def words(command: str, folder: Path) -> list[str]:
    """Return the command as it is started."""
    import shlex

    filled = command.replace("{folder}", str(folder)).replace("{python}", sys.executable)
    return [word.replace("{traced}", _TRACED) for word in shlex.split(filled.replace("'{traced}'", "{traced}"))]


def descendants(mark: str) -> list[str]:
    """Return the processes that have inherited ``mark`` in their environment, with their command lines."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if mark.encode() in (folder / "environ").read_bytes():
                    line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found.append(f"{folder.name}: {line.strip()[:100]}")
            except OSError:
                continue
    return found


def strike(case: Case) -> list[str]:
    """Run a command, send it the signal at the moment, and return what is wrong with what follows."""
    mark = f"WEATHER={uuid.uuid4()}"
    with tempfile.TemporaryDirectory(prefix="signals-") as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        key, value = mark.split("=")
        environment = {
            **os.environ,
            key: value,
            "TMPDIR": str(folder / "tmp"),
            "XDG_CACHE_HOME": os.environ.get(_CACHE, str(folder / "cache")),
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "mremapcheck", *words(case.command, folder)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            out, errors = process.communicate(timeout=case.moment)
        except subprocess.TimeoutExpired:
            send(process, case.number)
            try:
                out, errors = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                wrong = ["it hangs", *descendants(mark)]
                process.kill()
                process.communicate()
                return wrong
        return judge(case, process.returncode, out, errors) + left(mark, folder, case.number == signal.SIGKILL)


def send(process: subprocess.Popen[str], number: signal.Signals) -> None:
    """Send a signal as a terminal does, to the whole group; or, as others do, to the process alone."""
    with suppress(ProcessLookupError):
        if number in (signal.SIGINT, signal.SIGHUP):
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)


def judge(case: Case, code: int, out: str, errors: str) -> list[str]:
    """Return what is wrong with what a command printed, and how it ended."""
    wrong = []
    killed = 128 + signal.SIGKILL if case.command.startswith("record") else 0  # a program that did not end when told
    if code not in (0, 1, 4, -case.number, 128 + case.number, killed):
        wrong.append(f"exit code {code}")
    early = (", in main\n" not in errors and ", in call\n" not in errors) or "init_import_site" in errors
    if "Traceback" in errors and not early:  # before the program begins Python tells of Ctrl-C as it likes
        wrong.append(errors)
    if ("Exception ignored" in errors and not early) or "bug in mremapcheck" in errors or "leaked" in errors:
        wrong.append(errors)
    if case.number != signal.SIGKILL and out:
        try:
            if "json" in case.command:
                json.loads(out)
            elif "junit" in case.command:
                ElementTree.fromstring(out)
        except (ValueError, ElementTree.ParseError) as error:
            wrong.append(f"what it printed is broken: {error}: ...{out[-200:]}")
    return wrong


def left(mark: str, folder: Path, killed: bool) -> list[str]:
    """Return the processes and the files that a command has left behind.

    Who is ``killed`` may leave the draft of a file, which goes with the next one that is written (``base.whole_file``).
    """
    deadline = time.monotonic() + PATIENCE
    while (processes := descendants(mark)) and time.monotonic() < deadline:
        time.sleep(0.01)
    files = [str(path) for path in (folder / "tmp").rglob("*")]
    files += [str(path) for path in (folder / "out").rglob(".*")]
    files += [str(path) for path in (folder / "cache").rglob(".*")]
    if killed:
        files = [name for name in files if "mremapcheck-draft" not in name]
    return [f"left behind: {what}" for what in processes + files]


def length(command: str) -> float:
    """Return the seconds within which there is something to strike."""
    begun = time.monotonic()
    strike(Case(command, signal.SIGTERM, 4.0))
    return max(0.5, min(time.monotonic() - begun, 4.0))


def main() -> None:
    """Try random moments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moments", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    for number in SIGNALS[:-1]:  # nohup and shells in the background start programs that ignore some
        signal.signal(number, signal.SIG_DFL)
    failed = False
    with ThreadPoolExecutor(options.jobs) as jobs:
        for command in [*COMMANDS, *(VM_COMMANDS if _CACHE in os.environ else ())]:
            if options.words and not any(word in command for word in options.words):
                continue
            most = length(command)
            for number in SIGNALS:
                generator = random.Random(f"{options.seed} {command} {number}")
                cases = [Case(command, number, generator.uniform(0.02, most)) for _ in range(options.moments)]
                ends: Counter[str] = Counter()
                for case, wrong in zip(cases, jobs.map(strike, cases), strict=True):
                    ends["wrong" if wrong else "as it should"] += 1
                    for what in wrong:
                        print(f"WRONG: {case}: {what[-600:]}", flush=True)
                failed = failed or ends["wrong"] > 0
                print(f"{command}: {number.name}: {dict(ends)} within {most:.1f} s", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
