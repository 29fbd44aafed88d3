"""The executor with the real guest program, which runs in a process of this machine instead of a virtual one."""

from __future__ import annotations

import itertools
import string
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from mremapcheck.base.errors import ExecutorError, KernelReferenceError
from mremapcheck.executors.live import window
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.executors.live.plan import CannotRun, Prepared, prepare
from mremapcheck.executors.remote import peer
from mremapcheck.executors.vm import executor as vm
from mremapcheck.executors.vm import qemu
from mremapcheck.executors.vm.executor import VmExecutor
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from tests.remote.cases import TEXT, loaded
from tests.vm.conftest import Stage
from tests.waiting import PATIENCE, until

#: The same with more steps than any other here: where the fake falls into its trap.
POISON = TEXT % "AA" + "".join("  - {op: read, address: dst, size: 1p}\n" for _ in range(7))


def scenarios(*drawings: str) -> list[Scenario]:
    texts = [POISON if drawing == "poison" else TEXT % drawing for drawing in drawings]
    return loaded(*((str(number), text) for number, text in enumerate(texts)))


CASES = scenarios("AA", "A.", "poison", "AB", "A")
TRAP = len(prepare(CASES[2]).plan.steps)


@pytest.fixture
def usual() -> Iterator[list[Execution]]:
    with LiveExecutor() as live:
        yield list(live.run(CASES))


def run(stage: Stage, way: str, cases: list[Scenario] = CASES, timeout: float = 60) -> list[Execution]:
    with VmExecutor(stage.plays(way), timeout=timeout) as executor:
        return list(executor.run(cases))


@pytest.mark.parametrize("way", ["serve", "serve-serial"])
def test_outcomes_are_those_of_the_live_executor(stage: Stage, usual: list[Execution], way: str) -> None:
    assert run(stage, way) == usual
    assert len(stage.starts) == 1


def test_the_kernel_is_that_of_the_image(stage: Stage) -> None:
    with VmExecutor(stage.plays("serve")) as executor:
        kernel = executor.kernel
    assert (kernel.executor, kernel.release, str(kernel.version)) == ("vm", "6.17.13+test-amd64", "6.17.13")
    assert kernel.to_json()["acceleration"] == "tcg"
    assert stage.starts == [], "nothing boots before there is a scenario"


def test_results_stream_and_the_guest_stays_for_the_next_run(stage: Stage, usual: list[Execution]) -> None:
    with VmExecutor(stage.plays("serve")) as executor:
        endless = executor.run(itertools.cycle(CASES))
        assert list(itertools.islice(endless, 12)) == [*usual, *usual, *usual[:2]]
        del endless
        assert list(executor.run(CASES)) == usual
        assert list(executor.run(CASES)) == usual
        assert len(stage.starts) == 2, "an abandoned run costs a guest, a finished one does not"


def test_a_scenario_that_does_not_fit_is_skipped_in_its_place(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def pick(scenario: Scenario, platform: Platform, end: int | None) -> Prepared:
        if scenario is CASES[1]:
            raise CannotRun("too large for the arena")
        return prepare(scenario, platform, end)

    monkeypatch.setattr(window, "prepare", pick)
    results = run(stage, "serve", CASES[:3])
    assert [(result.status, result.reason) for result in results] == [
        ("ran", None),
        ("skip", "too large for the arena"),
        ("ran", None),
    ]


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("panic", "the kernel panicked: Fatal exception"),
        ("exit", "the guest restarted"),
        ("killed", "QEMU was killed by SIGKILL"),
        ("oops", "the kernel oopsed"),
        ("fail", "the guest's program failed: the guest's own bug"),
    ],
)
def test_a_death_is_repeated_once_and_then_that_scenarios_result(
    stage: Stage, usual: list[Execution], way: str, reason: str
) -> None:
    assert run(stage, f"{way}@{TRAP}x1") == usual, "the second guest had no trap"
    assert len(stage.starts) == 2
    results = run(stage, f"{way}@{TRAP}")
    assert len(stage.starts) == 2 + 3
    assert results[:2] + results[3:] == usual[:2] + usual[3:]
    assert (results[2].status, results[2].outcome) == ("error", None)
    assert results[2].reason is not None
    assert results[2].reason.startswith(f"the guest died of it twice: {reason}")


def test_a_panic_shows_the_kernels_last_words(stage: Stage) -> None:
    reason = run(stage, f"panic@{TRAP}")[2].reason or ""
    assert "\n| calling init\n| Kernel panic - not syncing: Fatal exception" in reason


class Clock:
    """Stands still, but goes by the hour while a guest hangs."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._now = 0.0

    def monotonic(self) -> float:
        self._now += 3600 * self._stage.hangs()
        return self._now


def test_a_hanging_guest_is_noticed(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peer, "time", Clock(stage))
    results = run(stage, f"hang@{TRAP}", timeout=4)
    assert "no sign of life for 19 s: it hangs" in (results[2].reason or "")
    assert [result.status for result in results] == ["ran", "ran", "error", "ran", "ran"]


def test_a_warning_stays_with_its_outcome(stage: Stage) -> None:
    results = run(stage, f"warn@{TRAP}")
    assert len(stage.starts) == 2, "the first guest ran all of them in one go, the second one at a time"
    assert results[2].outcome is not None
    assert results[2].outcome.kernel_log[1].startswith("WARNING: CPU: 0 PID: 7 at mm/mremap.c:512")
    others = results[:2] + results[3:]
    assert [result.outcome and result.outcome.kernel_log for result in others] == [()] * 4


def test_what_a_kernel_says_once_is_said_of_the_next_scenario_too(stage: Stage) -> None:
    results = run(stage, f"kasan@{TRAP}", [CASES[2], CASES[0], CASES[2]])
    assert [bool(result.kernel_log) for result in results] == [True, False, True]
    assert len(stage.starts) == 3, "all in one go, each alone, and what came after the first report"


def test_a_death_tells_what_the_kernel_said(stage: Stage) -> None:
    assert run(stage, f"oops@{TRAP}")[2].kernel_log[1] == "Oops: 0000 [#1]"
    assert run(stage, f"panic@{TRAP}")[2].kernel_log == ("Kernel panic - not syncing: Fatal exception",)
    assert run(stage, f"exit@{TRAP}")[2].kernel_log == ()


def test_a_warning_that_does_not_come_again_is_not_lost(stage: Stage) -> None:
    results = run(stage, f"warn@{TRAP}x1")
    logs = [result.outcome.kernel_log if result.outcome else () for result in results]
    assert logs[:-1] == [()] * 4
    assert "not again" in logs[-1][0]
    assert logs[-1][2].startswith("WARNING: ")


def test_after_trouble_scenarios_run_in_batches_again(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vm, "BATCH", 2)
    results = run(stage, f"panic@{TRAP}", CASES * 3)
    assert [result.status for result in results] == ["ran", "ran", "error", "ran", "ran"] * 3
    assert len(stage.starts) == 1 + 3 * 2


@pytest.mark.parametrize("before", [2, 40])
def test_a_worker_that_dies_is_the_plans_result(stage: Stage, before: int) -> None:
    """However many plans the worker did before, the one that it was at is to blame, and all others are answered."""
    results = run(stage, f"worker@{TRAP}", [*CASES[:2] * (before // 2), CASES[2], *CASES[3:]])
    assert [result.status for result in results] == ["ran"] * before + ["error", "ran", "ran"]
    assert "the worker was killed by SIGSEGV" in (results[before].reason or "")
    assert len(stage.starts) == 1


def test_what_a_dead_worker_left_is_answered_under_its_own_name(stage: Stage) -> None:
    """The rest of its batch goes into one with scenarios that come much later, while another worker is busy."""
    letters = string.ascii_uppercase
    cases = scenarios(*(letters[number // 26] + letters[number % 26] for number in range(3 * vm.BATCH)))
    with LiveExecutor() as live:
        usual = list(live.run(cases))
    results = run(stage, f"worker@{TRAP}", [*cases[:3], CASES[2], *cases[3:]])
    assert (results[3].status, len(stage.starts)) == ("error", 1)
    assert results[:3] + results[4:] == usual


def test_a_guest_that_greets_without_end_is_given_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vm, "_MOST_DEATHS", 2)
    with pytest.raises(ExecutorError, match=r"every guest dies: the guest sen(t nonsense|ds without end)"):
        run(stage, "endless", [CASES[2]] * 5)


def test_guests_that_all_die_end_the_run(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vm, "_MOST_DEATHS", 3)
    with pytest.raises(ExecutorError, match="every guest dies: the kernel panicked"):
        run(stage, f"panic@{TRAP}", [CASES[2]] * 5)


@pytest.mark.parametrize(
    ("way", "reason"),
    [
        ("panic", "does not boot: the kernel panicked: VFS: Unable to mount root fs"),
        ("halt", "does not boot: the kernel halted before it began\n| ZSTD-compressed data is corrupt"),
        ("refuse", "does not boot: QEMU gave up: -cpu host: not in this house"),
        ("garbage", "does not boot: the channel broke"),
        (
            "traceback",
            "the guest's program failed: ModuleNotFoundError: No module named 'collections.abc'\n| Traceback",
        ),
        ("shape", "does not boot: the guest sent nonsense: it is not a greeting"),
        ("kind", "does not boot: the guest sent nonsense: there is no message of kind 99"),
        ("oversized", "does not boot: the channel broke: a frame of 4294967295 bytes"),
        ("claims", "does not boot: the guest sent nonsense: its data claims more than there is"),
        ("cut", "does not boot: the guest restarted and said nothing"),
        ("early", "does not boot: the guest's first message was of kind 17, and no greeting"),
    ],
)
def test_a_kernel_that_does_not_boot(stage: Stage, way: str, reason: str) -> None:
    with pytest.raises(ExecutorError) as caught:
        run(stage, way)
    assert reason in caught.value.message
    fast, plain = stage.starts
    assert " quiet cryptomgr.notests " in fast
    assert " ignore_loglevel " in plain


def test_a_kernel_that_only_boots_plainly_is_known_the_third_time(stage: Stage, usual: list[Execution]) -> None:
    """Once may be an accident, and costs whoever believes it seconds for ever."""

    def plainly() -> list[bool]:
        before = len(stage.starts)
        assert run(stage, "plain") == usual
        return [" ignore_loglevel " in line for line in stage.starts[before:]]

    assert plainly() == [False, True]
    run(stage, "serve")
    assert [plainly() for _ in range(3)] == [[False, True], [False, True], [True]]


def test_a_qemu_that_is_killed_at_boot_is_not_the_kernels_fault(stage: Stage, usual: list[Execution]) -> None:
    assert run(stage, "diex1") == usual
    assert [" ignore_loglevel " in line for line in stage.starts] == [False, False], "once more, and no other way"
    with pytest.raises(ExecutorError, match="QEMU was killed by SIGKILL twice") as caught:
        run(stage, "die")
    assert "memory" in caught.value.hint
    assert len(stage.starts) == 4
    run(stage, "serve")
    assert " ignore_loglevel " not in stage.starts[-1], "nothing bad is remembered"


def test_a_kernel_that_hangs_at_boot(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MREMAPCHECK_BOOT_TIMEOUT", "0.5")
    with pytest.raises(ExecutorError, match=r"no sign of life for .* s: it hangs") as caught:
        run(stage, "hang")
    assert "MREMAPCHECK_BOOT_TIMEOUT=SECONDS" in caught.value.hint


def test_a_qemu_without_nvme_boots_without_a_disk(stage: Stage, usual: list[Execution]) -> None:
    assert run(stage, "no-nvme") == usual
    assert ["nvme" in line for line in stage.starts] == [True, False]


def test_no_qemu_names_the_package(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MREMAPCHECK_QEMU", "/nowhere/qemu")
    with pytest.raises(qemu.QemuMissingError) as caught:
        VmExecutor(stage.plays("serve"))
    assert "apt-get install qemu-system-x86" in caught.value.hint


def test_an_image_that_is_none(stage: Stage) -> None:
    with pytest.raises(KernelReferenceError, match="neither a known kernel nor a file"):
        VmExecutor("6.99")


def test_leaving_from_another_thread_ends_the_guest_for_good(stage: Stage) -> None:
    executor = VmExecutor(stage.plays("serve"))
    errors: list[BaseException] = []
    begun = threading.Event()

    def work() -> None:
        try:
            for _ in executor.run(itertools.cycle(CASES)):
                begun.set()
        except Exception as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(PATIENCE)
    executor.__exit__()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(errors) == 1
    assert len(stage.starts) == 1, "nothing boots again"


_FOREVER = """
import sys, time
from mremapcheck.scenario.loader import load_bytes
from mremapcheck.executors.vm import executor
from mremapcheck.executors.vm.guest_image import GuestImage
executor.guest_image = lambda platform: GuestImage(b"", "/init", ())
results = executor.VmExecutor(sys.argv[1]).run(load_bytes(sys.argv[2].encode(), "case.yaml").scenarios * 1000)
print(next(results).status, flush=True)
time.sleep(100)
"""


def test_the_guest_dies_with_the_tool(stage: Stage) -> None:
    command = [sys.executable, "-c", _FOREVER, stage.plays("serve"), POISON]
    tool = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert tool.stdout is not None
    assert tool.stdout.readline() == "ran\n"
    assert stage.alive()
    tool.kill()
    tool.wait()
    tool.stdout.close()
    until(lambda: not stage.alive(), "the end of the guest")
