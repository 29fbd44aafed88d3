"""Signals at random moments, for every command that takes a while: what it leaves, what it printed, whether it ends.

``python -m tests.environment.signals [--moments N] [--seed N] [WORD...]`` tries N moments of each signal with
each command whose line has one of the words. MREMAPCHECK_TEST_CACHE=~/.cache adds those on a real kernel. A moment that
something is wrong at is printed with its seed; the exit code is 1 then.

A moment is so much processor time of the command and of whomever it has started, so it comes at the same point of the
work however busy the machine is.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import shlex
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
from typing import Any, NamedTuple

import yaml

from tests.waiting import PATIENCE

ROOT = Path(__file__).parent.parent.parent
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
#: A program that calls mremap, and has a child that would live on.
_TRACED = (
    "import subprocess, time; subprocess.Popen(['sleep', '600']); "
    "b = bytearray(9 << 20); b.extend(bytes(9 << 20)); time.sleep(600)"
)
#: Short ones, so that all of a command's life is struck; {out} and {case} are in a folder of its own.
COMMANDS = [
    "run scenarios/shrink --format json",
    "run scenarios/shrink --jobs 3 --format json",
    "run scenarios/shrink --jobs 2 --format junit",
    "run scenarios/shrink -o json:{out}/run.json -o junit:{out}/run.xml",
    "run --kernel 6.17 --jobs 3 --format json",
    "run scenarios/shrink --kernel 'via:{python}' --format json",
    "compare scenarios/shrink --kernel 6.16 live --format json",
    "compare scenarios/shrink --kernel 6.16 live --jobs 2 --format json",
    "matrix scenarios/shrink --kernel 6.12 live --jobs 2 --format json",
    "since scenarios/shrink --format json",
    "try --kernel live src=AAA dst=... 'mremap(src, 3p, 3p, MAYMOVE|FIXED, dst)' --format json",
    "identify live --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 1 --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --format json",
    "fuzz --kernel 6.16 --against live --count 100000 --jobs 2 --out {out}",
    "enumerate --kernel 6.16 --against live --jobs 2 --format json",
    "distinguish --kernel 6.16 6.17 --jobs 2",
    "coverage --kernel 6.17",
    "expect {case}",
    "expect --kernel live {case}",
    "pack scenarios/shrink -o {out}/pack.c",
    "import tests/data/python-list.log -o {out}",
    "record -o {out} -- {python} -c '{traced}'",
    "record -- {python} -c '{traced}'",
]
#: Seconds of processor time that a command is struck within at most.
_LONGEST = 1.2
#: Seconds without any of it after which a command is struck all the same: it waits for something.
_IDLE = 2.0
#: Names the folder of a cache with kernels.
_CACHE = "MREMAPCHECK_TEST_CACHE"
#: On a kernel of the cache in that folder.
VM_COMMANDS = [
    "run scenarios/shrink --kernel vm:6.12 --format json",
    "run scenarios/shrink --kernel vm:6.12 --jobs 2 --format json",
    "compare scenarios/shrink --kernel 6.12 vm:6.12 --format json",
]
#: Booting takes most of a run there.
_LONGEST_ON_A_KERNEL = 12.0
_SCENARIO = ROOT / "scenarios" / "shrink" / "no-op-over-holes.yaml"


class Case(NamedTuple):
    """A command, the signal, and the moment: seconds of processor time since it was started."""

    command: str
    number: signal.Signals
    moment: float


def words(command: str, folder: Path) -> list[str]:
    """Return the command as it is started."""
    values = {"out": folder / "out", "case": folder / "case.yaml", "python": sys.executable, "traced": _TRACED}
    return [word.format(**values) for word in shlex.split(command)]


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


def processor_time(pid: int) -> float:
    """Return the seconds of processor time that a process and all it has started have taken; 0 where it has ended."""
    with suppress(OSError):
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:15]
        children = [
            child for path in Path(f"/proc/{pid}/task").glob("*/children") for child in path.read_text().split()
        ]
        return sum(map(int, numbers)) / os.sysconf("SC_CLK_TCK") + sum(processor_time(int(child)) for child in children)
    return 0.0


def wait_for(moment: float, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process has taken so much processor time, or has ended, or takes none any more."""
    most, since = 0.0, time.monotonic()
    tick = 1 / os.sysconf("SC_CLK_TCK")
    while process.poll() is None and most + tick < moment and time.monotonic() - since < _IDLE:
        time.sleep(tick / 4)
        if (taken := processor_time(process.pid)) > most:
            most, since = taken, time.monotonic()
    time.sleep(moment % tick)


def prepare(folder: Path) -> dict[str, str]:
    """Make the files that a command finds, and return the environment variables with which nothing else is touched."""
    (folder / "tmp").mkdir()
    (folder / "out").mkdir()
    (folder / "case.yaml").write_text(_SCENARIO.read_text().partition("\nexpect:")[0] + "\n")
    cache = os.environ.get(_CACHE, str(folder / "cache"))
    return {**os.environ, "TMPDIR": str(folder / "tmp"), "XDG_CACHE_HOME": cache}


def strike(case: Case) -> list[str]:
    """Run a command, send it the signal at the moment, and return what is wrong with what follows."""
    mark = f"WEATHER={uuid.uuid4()}"
    with tempfile.TemporaryDirectory(prefix="signals-") as name:
        folder = Path(name)
        key, value = mark.split("=")
        environment = {**prepare(folder), key: value}
        # Files, as nobody reads a pipe while the moment is waited for.
        with (folder / "stdout").open("wb") as out, (folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                [sys.executable, "-m", "mremapcheck", *words(case.command, folder)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=errors,
                start_new_session=True,
            )
        wait_for(case.moment, process)
        if process.poll() is None:
            send(process, case.number)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            wrong = ["it hangs", *descendants(mark)]
            process.kill()
            process.wait()
            return wrong
        said = [(folder / stream).read_text(errors="replace") for stream in ("stdout", "stderr")]
        return judge(case, process.returncode, *said) + left(mark, folder, case.number == signal.SIGKILL)


def send(process: subprocess.Popen[Any], number: signal.Signals) -> None:
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
        kind = re.search(r"--format (json|junit)", case.command)
        wrong += broken(out, kind[1] if kind else "")
    return wrong


def broken(text: str, kind: str) -> list[str]:
    """Return what is wrong with a report, or with a file, of this kind; nothing where it is of no kind that we know."""
    try:
        if kind == "json":
            json.loads(text)
        elif kind in ("junit", "xml"):
            ElementTree.fromstring(text)
        elif kind == "yaml":
            assert all(yaml.safe_load_all(text))
        elif kind == "c":
            assert text.endswith("}\n")
    except (ValueError, AssertionError, yaml.YAMLError, ElementTree.ParseError) as error:
        return [f"what it printed is broken: {type(error).__name__} {error}: ...{text[-200:]}"]
    return []


def left(mark: str, folder: Path, killed: bool) -> list[str]:
    """Return the processes and the files that a command has left behind, and what it has written and is half.

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
    written = [path for path in [*(folder / "out").rglob("[!.]*"), folder / "case.yaml"] if path.is_file()]
    if killed:  # reports are written as they come
        written = [path for path in written if not path.name.startswith("run.")]
    halves = [f"{path}: {what}" for path in written for what in broken(path.read_text(), path.suffix[1:])]
    return [*(f"left behind: {what}" for what in processes + files), *halves]


def length(command: str) -> float:
    """Return the seconds of processor time within which there is something to strike."""
    most = _LONGEST_ON_A_KERNEL if command in VM_COMMANDS else _LONGEST

    def taken() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    before = taken()
    strike(Case(command, signal.SIGTERM, most))
    return max(0.2, min(taken() - before, most))


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
