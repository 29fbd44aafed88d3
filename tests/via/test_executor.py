"""Scenarios behind commands: real Pythons in all kinds of wrappers, and commands that fail in every way."""

from __future__ import annotations

import itertools
import json
import os
import shlex
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from mremapcheck.base.errors import ExecutorError, KernelReferenceError, MremapcheckError
from mremapcheck.executors.live.plan import CannotRun, prepare
from mremapcheck.executors.parallel import lockstep
from mremapcheck.executors.references import open_executor
from mremapcheck.executors.remote import executor as remote
from mremapcheck.executors.via.executor import ViaExecutor
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.loader import load_bytes
from tests.remote.cases import TEXT, scenarios
from tests.via.conftest import CASES, PYTHON, fake

#: A login script that talks, on both streams, before and after; ``"$@"`` passes arguments on.
GREETS = "echo Welcome to lab1; echo No mail. >&2; "
WRAPPED = [
    PYTHON,
    f"env {PYTHON}",
    shlex.join(["sh", "-c", f"exec {PYTHON}"]),
    shlex.join(["sh", "-c", f'{GREETS} exec {PYTHON} "$@"', "sh"]),
    shlex.join(["sh", "-c", f"{GREETS} {PYTHON}; echo Good bye"]),
    f"{PYTHON} -i",
]


def run(command: str, cases: list[Scenario] = CASES, timeout: float = 60) -> list[Execution]:
    with ViaExecutor(command, timeout=timeout) as executor:
        return list(executor.run(cases))


def failure(command: str, kind: type[MremapcheckError] = ExecutorError, timeout: float = 60) -> tuple[str, str]:
    with pytest.raises(kind) as caught:
        run(command, timeout=timeout)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("command", WRAPPED)
def test_outcomes_are_those_of_the_live_executor(command: str, usual: list[Execution]) -> None:
    assert run(command) == usual


@pytest.mark.parametrize("jobs", [2, 5])
def test_jobs_are_workers_on_the_other_side(jobs: int, usual: list[Execution]) -> None:
    with open_executor(f"via:{PYTHON}", jobs=jobs) as executor:
        assert list(executor.run(CASES * 30)) == usual * 30


def test_the_kernel_is_that_of_the_other_side() -> None:
    with open_executor(f"via:{PYTHON}") as executor:
        kernel = executor.kernel
    assert (kernel.reference, kernel.executor, kernel.release) == (f"via:{PYTHON}", "via", os.uname().release)


@pytest.mark.parametrize(("flags", "starts"), [('"$@"', 2), ("", 4)])
def test_one_python_serves_where_it_can_be_talked_to(
    flags: str, starts: int, usual: list[Execution], tmp_path: Path
) -> None:
    """One start is to ask who is there; a Python that reads its script to the end is started for each run."""
    log = tmp_path / "starts"
    command = shlex.join(["sh", "-c", f"echo >> {log}; exec {PYTHON} {flags}", "sh"])
    with ViaExecutor(command) as executor:
        assert [list(executor.run(CASES)) for _ in range(3)] == [usual] * 3
    assert len(log.read_text()) == starts


@pytest.mark.parametrize("command", [PYTHON, shlex.join(["sh", "-c", PYTHON])])
def test_results_stream_and_may_be_abandoned(command: str, usual: list[Execution]) -> None:
    with ViaExecutor(command) as executor:
        endless = executor.run(itertools.cycle(CASES))
        assert list(itertools.islice(endless, 12)) == [*usual, *usual, *usual[:2]]
        del endless
        assert list(executor.run(CASES)) == usual


def test_a_python_that_ended_in_the_meantime_is_started_again(usual: list[Execution]) -> None:
    with ViaExecutor(PYTHON) as executor:
        assert list(executor.run(CASES)) == usual
        assert executor._session is not None
        executor._session._family.end()
        assert list(executor.run(CASES)) == usual


def test_a_scenario_that_kills_its_worker_is_an_error_and_the_others_run(usual: list[Execution]) -> None:
    """A worker may have been at most so long at a scenario; the largest ones take longer than a millisecond."""
    slow = scenarios("A{65536}")
    results = run(PYTHON, [*CASES[:2], *slow, *CASES[2:]], timeout=0.001)
    assert results[2].status == "error"
    assert "no result within 0.001 s" in (results[2].reason or "")


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("via:", "names nothing"),
        ("via:  ", "names nothing"),
        ("via:no-such-command python3", "there is no command `no-such-command`"),
        ("via:'sh -c", "No closing quotation"),
    ],
)
def test_references_that_name_no_command(reference: str, message: str) -> None:
    with pytest.raises(KernelReferenceError, match=message):
        open_executor(reference)


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("true", "it ended with status 0 and said nothing", "echo 'print(1)'"),
        ("sh -c 'exit 7'", "it ended with status 7 and said nothing", "echo 'print(1)'"),
        ("sh -c 'echo ssh: no route >&2; exit 255'", "status 255 before any Python answered\n| ssh: no route", ""),
        ("sh -c 'kill -9 $$'", "it was killed by SIGKILL and said nothing", ""),
        ("sh", "it gives a shell and no Python", "name `python3` at its end"),
        ("cat", "it only gives back what it is told", "echo 'print(1)'"),
        ("yes", "it writes something else than a Python with our program in it\n| y", ""),
        (fake("old"), "it gives Python 3.8, and 3.10 or newer is needed", "python3.10"),
        (
            "sh -c 'echo Permission denied \\(publickey,password\\). >&2; exit 255'",
            "Permission denied",
            "nobody can type a password here",
        ),
    ],
)
def test_a_command_that_gives_no_python(command: str, message: str, hint: str) -> None:
    told, helps = failure(command)
    assert told.startswith(f"via:{command}: ")
    assert message in told
    assert hint in helps


@pytest.mark.parametrize(
    ("command", "message", "hint"),
    [
        ("sleep 1000", "no Python answered within 1 s, and nothing was said", "MREMAPCHECK_BOOT_TIMEOUT=SECONDS"),
        (
            "sh -c 'printf \"root@lab1 password: \" >&2; exec sleep 1000' sh",
            "within 1 s\n| root@lab1 password:",
            "nobody can type a password here",
        ),
    ],
)
def test_a_command_that_goes_on_without_a_python(
    command: str, message: str, hint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MREMAPCHECK_BOOT_TIMEOUT", "1")
    told, helps = failure(command)
    assert message in told
    assert hint in helps


@pytest.mark.parametrize(
    ("greeting", "message"),
    [
        ({"machine": "riscv64"}, "it runs on riscv64 with pages of 4K"),
        ({"page_size": 65536}, "it runs on x86_64 with pages of 64K"),
        ({"bits": 32}, "its Python is a 32-bit program"),
        ({"system": "Darwin"}, "it runs Darwin, and mremap(2) is Linux's"),
        ({"release": "mine"}, "its release makes no sense"),
        ({"page_size": -1}, "sent nonsense: it is not a greeting"),
        ({"python": 3}, "sent nonsense: it is not a greeting"),
    ],
)
def test_a_machine_that_scenarios_cannot_be_carried_out_on(greeting: dict[str, object], message: str) -> None:
    assert message in failure(fake("greet", json.dumps(greeting)))[0]


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ("killed", "the connection was lost: the command was killed by SIGKILL, while aa was awaited"),
        ("lost", "the command ended with status 255, while aa was awaited\n| Connection to lab1 closed by remote"),
        ("noise", "the channel broke: the channel carries noise, while aa was awaited"),
        ("endless", "the other side sen"),
        ("nonsense", "the other side sent nonsense"),
        ("log", "the other side's program failed: it broke"),
    ],
)
def test_a_line_that_breaks_in_the_middle(way: str, message: str) -> None:
    assert message in failure(fake(way))[0]


def test_a_hang_in_the_middle_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "GRACE", 1.0)
    assert "no sign of life for 2 s: it hangs, while aa was awaited" in failure(fake("hang"), timeout=1)[0]


def test_another_machine_that_answers_by_the_same_name_is_refused(tmp_path: Path) -> None:
    message, hint = failure(fake("another", str(tmp_path / "count")))
    assert "another machine answers now: Linux 6.17.1 (#1 SMP) instead of 6.17.0" in message
    assert "did it restart" in hint


def test_nothing_of_the_folder_that_it_runs_in_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: list[Execution]
) -> None:
    for name in ("base64", "zlib", "marshal", "platform", "struct", "mremapcheck"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of somebody else')\n")
    monkeypatch.chdir(tmp_path)
    for command in (PYTHON, shlex.join(["sh", "-c", PYTHON])):
        assert run(command) == usual


def test_nothing_is_left_in_the_folders_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, usual: list[Execution]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert run(PYTHON) == usual
    assert list(tmp_path.iterdir()) == []


def test_a_lab_is_asked_at_once(tmp_path: Path, usual: list[Execution]) -> None:
    """Each command gives its Python only when all others were asked, and there are more than processors here."""
    names = [f"lab{number}" for number in range((os.cpu_count() or 1) + 2)]
    wait = f"while [ $(ls {tmp_path}/*.asked | wc -l) -lt {len(names)} ]; do sleep 0.05; done"
    begin = f"if [ -e {tmp_path}/$0.met ]; then touch {tmp_path}/$0.asked; {wait}; else touch {tmp_path}/$0.met; fi"
    commands = [shlex.join(["sh", "-c", f'{begin}; exec {PYTHON} "$@"', name]) for name in names]
    with ExitStack() as stack:
        executors = [stack.enter_context(ViaExecutor(command)) for command in commands]
        rows = list(lockstep(executors, CASES))
    assert rows == [(execution,) * len(names) for execution in usual]


def test_where_user_space_ends_there_counts() -> None:
    """A range that ends beyond it is refused by every kernel, and is no danger to the program that asks."""
    text = TEXT.replace("old_size: 2p", "old_size: 0x800000000000B") % "AA"
    for end, fits in (((1 << 47) - 4096, True), ((1 << 56) - 4096, False)):
        with ViaExecutor(fake("greet", json.dumps({"user_end": end}))) as executor:
            assert executor.user_end == end
        with pytest.raises(CannotRun) if not fits else nullcontext():
            prepare(load_bytes(text.encode()).scenarios[0], end=end)
