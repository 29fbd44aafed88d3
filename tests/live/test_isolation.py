"""One scenario harms no other: workers are replaced when they die, hang or are spent, and nothing is left behind."""

from __future__ import annotations

import faulthandler
import json
import mmap
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.units import ARENA_END, ARENA_START, PAGE
from mremapcheck.executors.live import supervisor
from mremapcheck.executors.live.executor import WINDOW, LiveExecutor
from mremapcheck.executors.live.filler import Filler
from mremapcheck.linux.numbers import SYS_MUNMAP
from mremapcheck.linux.syscalls import call
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.kinds import placing
from tests.live.conftest import move, scenario
from tests.waiting import runs, until

ROOT = Path(__file__).parent.parent.parent
#: Uses up the map slots; where ``stuck`` is asked for, that never ends.
SLOW = {"process": {"map_headroom": 9}}


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """What waits until a worker is in the middle of SLOW, for ever, and returns its pid; for ``fresh=False``."""
    there, here = os.pipe()

    def leave(*_: object) -> None:
        faulthandler.disable()  # pytest's own, which this process was forked with
        os.write(here, os.getpid().to_bytes(4, "little"))
        signal.pause()

    monkeypatch.setattr(Filler, "leave", leave)
    yield lambda: int.from_bytes(os.read(there, 4), "little")
    os.close(there)
    os.close(here)


@pytest.fixture
def executor() -> Iterator[LiveExecutor]:
    with LiveExecutor() as executor:
        yield executor


def worker_of(tool: int) -> int:
    """Return the worker's pid: the only child of the youngest keeper."""
    return child_of(child_of(tool))


def child_of(pid: int) -> int:
    """Return the youngest child: a process that ran other tests may have other ones."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    return int(until(lambda: children.read_text().split(), f"a child of {pid}")[-1])


def drawings(executions: list[Execution]) -> list[str]:
    return [execution.outcome.regions["dst"] if execution.outcome else execution.status for execution in executions]


def hit(executor: LiveExecutor, scenarios: list[Scenario], blow: Callable[[], None]) -> list[Execution]:
    """Run scenarios while a thread of its own treats the worker badly."""
    striker = threading.Thread(target=blow)
    striker.start()
    found = list(executor.run(scenarios))
    striker.join()
    return found


@pytest.mark.alone
@pytest.mark.parametrize(
    ("number", "suspicion"),
    [(signal.SIGSEGV, ""), (signal.SIGKILL, "; does memory run out here (memory.max)?")],
)
def test_death_is_blamed_on_one_scenario(stuck: Callable[[], int], number: signal.Signals, suspicion: str) -> None:
    scenarios = [
        scenario(),
        scenario(**SLOW),
        *(scenario(map={"src": "AAA", "dst": "...", "x": "B"}) for _ in range(90)),
    ]
    with LiveExecutor(timeout=600, fresh=False) as executor:
        found = hit(executor, scenarios, lambda: os.kill(stuck(), number))
    assert drawings(found) == ["AAA", "error", *["AAA"] * 90]
    assert found[1].reason == f"the worker was killed by {number.name} in process.map_headroom{suspicion}"


@pytest.mark.alone
@pytest.mark.usefixtures("stuck")
def test_hanging_scenario_is_ended() -> None:
    with LiveExecutor(timeout=4, fresh=False) as executor:
        found = list(executor.run([scenario(), scenario(**SLOW), scenario()]))
    assert drawings(found) == ["AAA", "error", "AAA"]
    assert found[1].reason == "no result within 4 s, in process.map_headroom"


@pytest.mark.alone
def test_worker_that_does_not_even_end_is_given_up(stuck: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "GRACE", 0.5)
    with LiveExecutor(timeout=4, fresh=False) as executor:
        found = hit(executor, [scenario(), scenario(**SLOW), scenario()], lambda: os.kill(stuck(), signal.SIGSTOP))
    assert drawings(found) == ["AAA", "error", "AAA"]
    assert found[1].reason is not None and found[1].reason.startswith("no answer within 4 s")


def test_death_between_scenarios_is_blamed_on_none(executor: LiveExecutor) -> None:
    assert drawings(list(executor.run([scenario()]))) == ["AAA"]
    os.kill(worker_of(os.getpid()), signal.SIGKILL)
    assert drawings(list(executor.run([scenario()] * 3))) == ["AAA"] * 3


def test_sealed_mapping_costs_one_worker(executor: LiveExecutor) -> None:
    sealed = scenario(map={"src": "AAA", "dst": "..."}, vmas={"A": {"seal": True}})
    first = next(iter(executor.run([sealed])))
    if first.status == "skip":
        pytest.skip(first.reason or "")
    found = list(executor.run([scenario(), sealed, scenario(), sealed, sealed, scenario()]))
    assert drawings(found) == ["AAA", "...", "AAA", "...", "...", "AAA"]
    assert all(execution.outcome and execution.outcome.counters["total"] == 3 for execution in found)


def test_answers_come_in_order_whatever_happens(executor: LiveExecutor) -> None:
    """Sealed, failing, misplaced and plain scenarios mixed, more than fit on their way at a time."""

    def numbered(number: int) -> Scenario:
        pages = 1 + number % 7
        document: dict[str, Any] = {"map": {"src": f"A{{{pages}}}", "dst": "."}, "moves": [move(f"{pages}p")]}
        if number % 5 == 3:
            document["vmas"] = {"A": {"seal": True}}
        if number % 11 == 10:
            document["moves"] = [{"op": "munlock", "address": "dst", "size": "1p"}, *document["moves"]]
        return scenario(**document)

    found = list(executor.run(numbered(number) for number in range(5 * WINDOW)))
    assert len(found) == 5 * WINDOW
    for number, execution in enumerate(found):
        if execution.outcome is None:
            assert number % 11 == 10 or execution.status == "skip"
        else:
            assert execution.outcome.counters["total"] == 1 + number % 7


def test_unwanted_answers_do_not_come_later(executor: LiveExecutor) -> None:
    for execution in executor.run([scenario()] * 50):
        assert execution.outcome is not None
        break
    other = scenario(map={"src": "BB", "dst": ".."}, moves=[move("2p")])
    assert drawings(list(executor.run([other]))) == ["BB"]


@pytest.mark.alone
def test_fault_of_our_own_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def presence(*_: object) -> object:
        raise ValueError("made up")

    with LiveExecutor(fresh=False) as executor:
        assert drawings(list(executor.run([scenario()]))) == ["AAA"]
        monkeypatch.setattr("mremapcheck.executors.live.runner.presence", presence)
    with LiveExecutor(fresh=False) as executor:
        found = list(executor.run([scenario()] * 3))
    assert drawings(found) == ["error"] * 3
    assert all("ValueError: made up" in (execution.reason or "") for execution in found)


@pytest.mark.alone
def test_unusable_process_is_an_executor_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def mark() -> None:
        raise OSError("no room")

    monkeypatch.setattr("mremapcheck.executors.live.runner.mark", mark)
    with LiveExecutor(fresh=False) as executor, pytest.raises(ExecutorError, match="cannot work here: no room"):
        list(executor.run([scenario()]))


def test_nothing_is_left_in_the_arena(executor: LiveExecutor) -> None:
    list(executor.run([scenario(), scenario(moves=[move("3p", "MAYMOVE", new_size="9p")])]))
    maps = Path(f"/proc/{worker_of(os.getpid())}/maps").read_text().splitlines()
    starts = [int(line.split("-")[0], 16) for line in maps]
    assert not [start for start in starts if ARENA_START <= start < ARENA_END]


#: Pages that no other test maps, nor anybody else: files and segments of this size are of the test below.
ODD = 37


def left_behind() -> list[str]:
    """Return the files of so many pages in /dev/shm, and the shared memory segments whose makers are gone."""
    size = str(ODD * PAGE)
    segments = [line.split() for line in Path("/proc/sysvipc/shm").read_text().splitlines()[1:]]
    orphans = [f"segment {fields[1]}" for fields in segments if fields[3] == size and not runs(int(fields[4]))]
    listed = subprocess.run(["find", "/dev/shm", "-size", f"{size}c"], capture_output=True, text=True, check=False)
    return orphans + listed.stdout.splitlines()


def test_nothing_is_left_on_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = left_behind()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    kinds = ["anon", "file", "tmpfs", "memfd", "sysv-shm", "io-uring", "aio", "secret"]
    pages = {"map": {"src": f"A{{{ODD}}}", "dst": f".{{{ODD}}}"}, "moves": [move(f"{ODD}p")]}
    with LiveExecutor() as executor:
        found = list(executor.run([scenario(**pages, vmas={"A": {"kind": kind}}) for kind in kinds] * 3))
        keeper = child_of(os.getpid())
        worker = child_of(keeper)
        assert not [execution.reason for execution in found if execution.status == "error"]
        assert list(tmp_path.iterdir()) == []
    assert not Path(f"/proc/{keeper}").exists()
    until(lambda: not runs(worker), "the end of the worker: the kernel kills it with its keeper, and nobody waits")
    until(lambda: left_behind() == before, "segments that are gone")
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors


def test_killed_tool_leaves_no_processes() -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from mremapcheck.executors.live.executor import LiveExecutor\n"
        "executor = LiveExecutor(); list(executor.run([])); print('up', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(ROOT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as tool:
        assert tool.stdout is not None and tool.stdout.readline() == b"up\n"
        keeper = child_of(tool.pid)
        worker = child_of(keeper)
        tool.kill()
    until(lambda: not runs(keeper) and not runs(worker), "the end of all processes of the tool")


@pytest.mark.alone
def test_forked_start(executor: LiveExecutor) -> None:
    with LiveExecutor(fresh=False) as forked:
        assert list(forked.run([scenario()])) == list(executor.run([scenario()]))


def test_worker_is_the_first_to_go_when_memory_runs_out(executor: LiveExecutor) -> None:
    list(executor.run([scenario()]))
    assert Path(f"/proc/{worker_of(os.getpid())}/oom_score_adj").read_text() == "1000\n"


@pytest.mark.alone
def test_interpreter_below_the_arena(executor: LiveExecutor) -> None:
    """One that is not position independent lies there, and its heap, which grows."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    places = [0x8_0000_0000 + index * 0x10000 for index in range(5)]
    for low in places:
        assert libc.mmap(low, 0x8000, 3, 0x32, -1, 0) == low
    try:
        with LiveExecutor(fresh=False) as forked:
            scenarios = [
                scenario(),
                scenario(moves=[move("3p", "MAYMOVE", new_size="9p")]),
                scenario(moves=[move("4p")]),
            ]
            assert list(forked.run(scenarios)) == list(executor.run(scenarios))
    finally:
        for low in places:
            libc.munmap(ctypes.c_void_p(low), 0x8000)


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["io-uring", "aio"])
def test_interpreter_that_needs_memory_while_a_ring_is_placed(
    executor: LiveExecutor, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It comes after the look at what is free, and stays: once it lay in the arena, and was unmapped with it."""
    look = placing.mappings
    taken: list[mmap.mmap] = []

    def and_take() -> list[tuple[int, int, str]]:
        found = look()
        for memory in taken[1:]:
            memory[:] = bytes(len(memory))
        if len(taken) < 4:
            taken.append(mmap.mmap(-1, 1 << 20))
        elif len(taken) == 4:
            taken[0].close()  # gives back what lies high
            taken.append(mmap.mmap(-1, 1 << 20))
        return found

    monkeypatch.setattr(placing, "mappings", and_take)
    scenarios = [scenario(map={"src": "A", "dst": "."}, vmas={"A": {"kind": kind}}, moves=[move("1p")])] * 4
    with LiveExecutor(fresh=False) as forked:
        found = list(forked.run(scenarios))
    assert found == list(executor.run(scenarios))
    assert {execution.status for execution in found} <= {"ran", "skip"}


@pytest.mark.alone
@pytest.mark.parametrize("kind", ["io-uring", "aio"])
def test_interpreter_that_needs_memory_while_what_was_filled_is_freed(
    executor: LiveExecutor, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It got it in the arena, free before anything else: a mapping that lay there before a move, and was not looked at
    after it."""
    taken: list[mmap.mmap] = []

    def and_take(number: int, *arguments: int) -> int:
        if number == SYS_MUNMAP and arguments[1] > 1 << 30:
            taken.append(mmap.mmap(-1, 1 << 20))
        return call(number, *arguments)

    monkeypatch.setattr(placing, "call", and_take)
    growth = {"old_address": "src", "old_size": "1p", "new_size": "2p", "flags": "0"}
    scenarios = [scenario(map={"src": "A."}, vmas={"A": {"kind": kind}}, moves=[growth])] * 3
    with LiveExecutor(fresh=False) as forked:
        assert list(forked.run(scenarios)) == list(executor.run(scenarios))


@pytest.mark.alone
@pytest.mark.parametrize("more", [{}, {"fork": True}])
def test_interpreter_that_takes_a_map_slot_that_was_counted(
    executor: LiveExecutor, monkeypatch: pytest.MonkeyPatch, more: dict[str, bool]
) -> None:
    """As it may whenever it wants memory: the scenario is run again."""
    leave = Filler.leave
    calls = mmap.mmap(-1, 1)  # shared with forked children
    taken: list[mmap.mmap] = []

    def and_take(filler: Filler, free: int) -> None:
        leave(filler, free)
        calls[0] += 1
        if calls[0] % 2:
            taken.append(mmap.mmap(-1, 1 << 20))

    monkeypatch.setattr(Filler, "leave", and_take)
    slots = [scenario(process={"map_headroom": 6, **more}, moves=[move()])] * 3
    with LiveExecutor(fresh=False) as forked:
        assert list(forked.run(slots)) == list(executor.run(slots))


def test_leaked_counter_costs_one_worker(executor: LiveExecutor) -> None:
    """Some kernels count pages twice that MREMAP_DONTUNMAP moves, and never take them off again."""
    locked = scenario(vmas={"A": {"lock": True}})
    leaking = scenario(vmas={"A": {"lock": True}}, moves=[move("3p", "MAYMOVE|FIXED|DONTUNMAP")])
    found = list(executor.run([locked, leaking, leaking, locked]))
    counted = [execution.outcome.counters["locked"] if execution.outcome else None for execution in found]
    assert counted[0] == counted[3] == 3 and counted[1] == counted[2]


@pytest.mark.parametrize(
    "moves",
    [
        [move("1p", "MAYMOVE|FIXED", old_size="40000000p", new_size="40000000p")],
        [move("1p", "0", old_size="30000000000p", new_size="1p")],
        [{"op": "munmap", "address": "src", "size": "30000000000p"}, move()],
    ],
)
def test_nothing_of_the_executor_itself_can_be_reached(executor: LiveExecutor, moves: list[dict[str, Any]]) -> None:
    try:
        reaching = scenario(moves=moves)
    except Exception:
        return  # refused when it was read
    (execution,) = executor.run([reaching])
    assert execution.status == "skip" or execution.outcome is not None
    assert drawings(list(executor.run([scenario()]))) == ["AAA"]


def test_two_runs_are_alike() -> None:
    documents: list[dict[str, Any]] = [
        {"vmas": {"A": {"kind": kind, "lock": lock}}, "moves": [move("3p", flags, new_size=size)]}
        for kind in ("anon", "anon-shared", "memfd", "file", "dev-zero")
        for lock in (False, True)
        for flags in ("0", "MAYMOVE", "MAYMOVE|FIXED", "MAYMOVE|DONTUNMAP")
        for size in ("1p", "3p", "6p")
    ]
    seen = set()
    for _ in range(2):
        with LiveExecutor() as executor:
            seen.add(json.dumps([execution.to_json() for execution in executor.run(scenario(**d) for d in documents)]))
    assert len(seen) == 1


def test_memory_stays_flat(executor: LiveExecutor) -> None:
    def resident() -> int:
        status = Path(f"/proc/{worker_of(os.getpid())}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    documents = [
        {"vmas": {"A": {"kind": kind, "uffd": "missing+events"} if kind != "file" else {"kind": kind}}, "moves": [m]}
        for kind in ("anon", "memfd", "file")
        for m in (move(), move("3p", "MAYMOVE", new_size="9p"))
    ]
    scenarios = [scenario(**document) for document in documents]
    list(executor.run(scenarios * 100))
    before = resident()
    list(executor.run(scenarios * 500))
    assert resident() - before < 800  # KiB: a quarter for each scenario would be a leak


GROWS = {"old_address": "src", "old_size": "2p", "new_size": "3p", "flags": "MAYMOVE"}


def test_a_worker_whose_own_memory_may_be_marked_as_guarded_is_replaced(executor: LiveExecutor) -> None:
    """Guarded memory that goes where the kernel likes may merge with the worker's own, which then stays marked."""
    plain = scenario(map={"src": "AAB"}, moves=[GROWS])
    guarded = scenario(map={"src": "AAB"}, vmas={"A": {"guard": [0]}}, moves=[GROWS])
    workers = []
    for drawn in (plain, plain, guarded, plain):
        (found,) = executor.run([drawn])
        if found.status == "skip":
            pytest.skip(found.reason or "")
        workers.append(worker_of(os.getpid()))
    first, second, _, fourth = workers
    assert first == second != fourth


def test_a_worker_may_run_anywhere_again_after_it_reclaimed_pages(executor: LiveExecutor) -> None:
    """It stays on one processor meanwhile: what was touched on another one is not reclaimed at once."""
    pageout = {"op": "madvise", "address": "src", "size": "3p", "advice": "pageout"}
    free = {**pageout, "advice": "free"}
    for _ in range(3):
        (found,) = executor.run([scenario(moves=[free, pageout, move()])])
        assert drawings([found]) == ["___"]
    assert os.sched_getaffinity(worker_of(os.getpid())) == os.sched_getaffinity(0)


def test_what_a_worker_has_leaked_is_no_part_of_a_limit_of_secret_memory(executor: LiveExecutor) -> None:
    """6.15 to 7.3-rc6 count locked memory for ever that MREMAP_DONTUNMAP has moved; secret memory counts elsewhere."""
    leak = scenario(vmas={"A": {"lock": True}}, moves=[move(flags="MAYMOVE|DONTUNMAP|FIXED")])
    secret = scenario(vmas={"A": {"kind": "secret", "touch": False}}, process={"rlimits": {"memlock": "8p"}})
    workers = []
    leaks = False
    for drawn in (leak, leak, secret):
        (found,) = executor.run([drawn])
        workers.append(worker_of(os.getpid()))
        leaks = leaks or "VmLck:\t       0 kB" not in Path(f"/proc/{workers[-1]}/status").read_text()
    if found.status == "skip":
        pytest.skip(found.reason or "")
    assert workers[0] == workers[1]
    assert (workers[1] != workers[2]) == leaks
