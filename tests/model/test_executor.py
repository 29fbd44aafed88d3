from __future__ import annotations

import pytest

from mremapcheck.executors.model.executor import ModelExecutor
from mremapcheck.executors.model.reference import resolve
from mremapcheck.outcome.outcome import Note
from mremapcheck.scenario.document import Scenario
from tests.model.helpers import FD, D, F, M, do, execute, move, run, scene, told


def test_the_kernel_tells_its_release_and_changes() -> None:
    with ModelExecutor(resolve("6.17-rc2")) as executor:
        kernel = executor.kernel
    assert (kernel.reference, kernel.executor, kernel.release) == ("6.17-rc2", "model", "6.17-rc2")
    assert kernel.changes is not None
    assert "multi-vma-move" in kernel.changes
    assert "early-failure" not in kernel.changes


def test_scenarios_are_run_in_order_and_leave_nothing_behind() -> None:
    one = scene(move("src", 1, 1), src="A")
    two = scene(move("src", 1, 2), src="B.")
    results = [told(execution) for execution in ModelExecutor(resolve("6.16")).run([one, two, one])]
    assert results == ["src unchanged src=A", "src resized src=B_", "src unchanged src=A"]


def notes(kernel: str, scenario: Scenario) -> tuple[Note, ...]:
    return ModelExecutor(resolve(kernel), trace=True).execute(scenario).trace


UFFD_FIRST = scene(
    move("src", 6, 6, F, "dst"),
    src="AABB.C",
    dst="X.....",
    vmas={
        "A": {"uffd": "missing"},
        "B": {"kind": "anon-shared", "prot": "r"},
        "C": {"kind": "memfd", "sharing": "private", "offset": "4p", "touch": False},
    },
)


def test_a_trace_tells_which_step_refused_and_which_change_put_it_there() -> None:
    assert notes("6.17-rc3", UFFD_FIRST) == (
        Note(
            "check_multi_eligible",
            "A at [src, src+2p) is uffd-armed and the range goes on behind it: EFAULT",
            "early-failure",
        ),
    )


def test_a_trace_tells_what_was_done_before_a_late_failure() -> None:
    told_by = [(note.step, note.change) for note in notes("6.17-rc2", UFFD_FIRST)]
    assert told_by == [
        ("unmap_range", None),
        ("charge_move", "charge-at-move"),
        ("merge_copy", None),
        ("follow_userfaultfd", None),
        ("unmap_range", None),
        ("refuse_behind_ineligible", "multi-vma-move"),
    ]


def test_without_a_trace_there_are_no_notes_and_the_same_outcome() -> None:
    plain = execute("6.17-rc2", UFFD_FIRST)
    traced = ModelExecutor(resolve("6.17-rc2"), trace=True).execute(UFFD_FIRST)
    assert plain.trace == ()
    assert plain.outcome == traced.outcome


def test_the_design_s_example() -> None:
    assert told(execute("6.16", UFFD_FIRST)) == "EFAULT damaged src=AABB._ dst=......"
    assert told(execute("6.17-rc2", UFFD_FIRST)) == "EFAULT partial src=..BB._ dst=AA...."
    assert told(execute("6.17-rc3", UFFD_FIRST)) == "EFAULT refused src=AABB._ dst=X....."
    assert told(execute("6.16+multi-vma-move", UFFD_FIRST)) == "EFAULT partial src=..BB._ dst=AA...."
    assert told(execute("6.17-early-failure", UFFD_FIRST)) == "EFAULT partial src=..BB._ dst=AA...."


@pytest.mark.parametrize(
    ("operations", "reason"),
    [
        ([do("munmap", "src", 1), do("mprotect", "src", 2, prot="r")], "mprotect[0] (line 0): mprotect failed: ENOMEM"),
        ([do("munmap", "src", 1), do("mlock", "src", 2)], "mlock[0] (line 0): mlock failed: ENOMEM"),
        (
            [do("munmap", "src", 1), do("madvise", "src", 2, advice="dontfork")],
            "madvise[0] (line 0): madvise failed: ENOMEM",
        ),
        ([do("munmap", "src", 1), do("mseal", "src", 2)], "mseal[0] (line 0): mseal failed: ENOMEM"),
        ([do("mseal", "src", 1), do("munmap", "src", 1)], "munmap[0] (line 0): munmap failed: EPERM"),
        ([do("mseal", "src", 1), do("mprotect", "src", 1, prot="r")], "mprotect[0] (line 0): mprotect failed: EPERM"),
        (
            [do("mprotect", "src", 1, prot="r"), do("touch", "src", 2)],
            "touch[0] (line 0): touch failed: EFAULT at page 0",
        ),
        (
            [do("mprotect", "src+1p", 1, prot="none"), do("read", "src", 2)],
            "read[0] (line 0): read failed: EFAULT at page 1",
        ),
        (
            [do("mlock", "src", 2), do("madvise", "src", 2, advice="free")],
            "madvise[0] (line 0): madvise failed: EINVAL",
        ),
        (
            [
                do("uffd-register", "src", 1, mode="missing"),
                do("uffd-register", "src", 1, mode="missing+events"),
            ],
            "uffd-register[1] (line 0): uffd-register failed: EBUSY",
        ),
        (
            [
                do("uffd-register", "src", 2, mode="missing"),
                do("madvise", "src", 2, advice="dontneed"),
                do("touch", "src", 2),
            ],
            "touch[0] (line 0): touch failed: EFAULT at page 0 "
            "(does the page wait for a userfaultfd? nobody serves it)",
        ),
    ],
)
def test_a_step_that_fails_is_an_error_that_names_it(operations: list[dict[str, object]], reason: str) -> None:
    execution = execute("6.12.107", scene(*operations, move("src", 1, 1), src="AA"))
    assert (execution.status, execution.reason, execution.outcome) == ("error", reason, None)


def test_a_lock_that_cannot_be_populated_is_a_lock() -> None:
    scenario = scene(move("src", 1, 1), src="A", vmas={"A": {"prot": "none", "touch": False, "lock": True}})
    assert told(run_it := execute("6.18", scenario), "flags counters") == "src+0:locked locked 1 total 1"
    assert run_it.status == "ran"


def test_limits_hold_from_the_first_move_on() -> None:
    scenario = scene(move("src", 2, 3), src="AA.", process={"rlimits": {"as": "+0p", "memlock": "0p"}})
    assert told(execute("6.18", scenario)) == "ENOMEM refused src=AA."
    scenario = scene(move("src", 2, 3), src="AA.", process={"rlimits": {"as": "+1p"}})
    assert told(execute("6.18", scenario)) == "src resized src=AA_"


def test_secret_memory_counts_when_it_is_touched() -> None:
    """A page counts once, and also when it is mapped no more; each mapping counted until then, touched or not."""
    items = [
        do("touch", "src", 2, letter="S"),
        move("src", 0, 4, F, "dst"),
        do("munmap", "src", 4),
        do("touch", "dst", 4, letter="T"),
        move("dst", 4, 4),
    ]
    secret = {"S": {"kind": "secret", "touch": False}}
    limits = {"rlimits": {"memlock": "4p"}}
    assert told(execute("7.3.4", scene(*items, src="SSSS", dst="....", vmas=secret, process=limits))) == (
        "dst unchanged src=.... dst=TTTT"
    )
    limits = {"rlimits": {"memlock": "3p"}}
    assert told(execute("7.3.4", scene(*items, src="SSSS", dst="....", vmas=secret, process=limits))) == (
        "error: touch[1] (line 0): touch failed: EFAULT at page 3"
    )


def test_a_forked_child_has_no_locks_and_no_registrations() -> None:
    scenario = scene(
        move("src", 1, 1),
        src="ABCD",
        vmas={
            "A": {"lock": True},
            "B": {"uffd": "missing"},
            "C": {"advice": "dontfork"},
            "D": {"kind": "memfd"},
        },
        process={"fork": True},
    )
    outcome = run("6.18", scenario)
    assert outcome.regions == {"src": "AB.D"}
    assert [mapping.flags for mapping in outcome.mappings] == [("accounted",), ("accounted",), ()]
    assert outcome.counters == {"locked": 0, "total": 3}
    assert outcome.residency == {"src": "##.-"}


def test_places_of_the_kernel_s_choice_are_told_in_order() -> None:
    scenario = scene(
        move("src", 1, 2, M),
        move("far", 1, 1, D),
        src="AB",
        far="C",
        vmas={"B": {"prot": "r"}},
    )
    outcome = run("6.18", scenario)
    assert [step.result for step in outcome.moves] == ["elsewhere", "elsewhere2"]
    assert outcome.regions == {"src": ".B", "far": "_", "elsewhere": "A_", "elsewhere2": "C"}


def test_a_duplicate_shows_the_same_pages_and_a_private_file_its_own() -> None:
    scenario = scene(
        move("src", 0, 2, F, "dst"),
        do("touch", "dst", 1, letter="Z"),
        move("far", 2, 2, FD, "copy"),
        src="AA",
        dst="..",
        far="BB",
        copy="..",
        vmas={"A": {"kind": "memfd", "file": "f"}, "B": {"kind": "memfd", "sharing": "private", "file": "f"}},
    )
    outcome = run("6.18", scenario)
    assert outcome.regions == {"src": "ZA", "dst": "ZA", "far": "ZA", "copy": "BB"}


def test_what_cannot_be_read_says_why() -> None:
    scenario = scene(
        move("file", 1, 2),
        src="AAB",
        file="C.",
        vmas={"A": {"guard": [1]}, "B": {"prot": "none", "seal": True}, "C": {"kind": "memfd"}},
    )
    outcome = run("6.18", scenario)
    assert outcome.regions == {"src": "A??", "file": "C?"}
    assert outcome.unobserved == {
        "src+1p": "guard page",
        "src+2p": "sealed without read permission",
        "file+1p": "beyond the end of the file",
    }


def test_a_mapping_of_which_little_is_known_is_looked_at_where_something_is() -> None:
    """Half a million pages that nobody touched took seconds."""
    script = (
        do("mmap", "src", 524288, letter="A", kind="anon-shared"),
        *(do("touch", f"src+{page}p", 1, letter="A") for page in (0, 5000, 524287)),
        move("src+524287p", 1, 1, F, "dst"),
        move("src+4999p", 3, 3, F, "dst+1p"),
        do("munmap", "src+6p", 4990),
    )
    outcome = execute("6.17", scene(*script, src=".", dst="....")).outcome
    assert outcome is not None
    assert outcome.regions == {"src": f"A_____{'.' * 4990}___...{'_' * 519285}", "dst": "A_A_"}
    assert outcome.residency == {"src": "#" + "-" * 5 + "." * 4990 + "---..." + "-" * 519285, "dst": "#-#-"}
    assert [held[4] - 524288 for held in outcome.contents] == [0, 2, 1]


@pytest.mark.parametrize("kind", ["anon-shared", "memfd", "tmpfs"])
def test_what_shmem_has_without_a_link_can_be_named(kind: str) -> None:
    """7.3-rc7 and 6.12.117 name memfds, too; a name keeps a mapping apart from its neighbour."""
    named = scene(do("name", "src", 1, name="heap"), move("src", 2, 2), src="AA", vmas={"A": {"kind": kind}})
    assert "EBADF" in (execute("6.1", named).reason or "")
    outcome = run("6.2", named)
    assert [mapping.pages for mapping in outcome.mappings] == [1, 1]
    assert "EBADF" in (
        execute(
            "7.3",
            scene(do("name", "src", 1, name="heap"), move("src", 1, 1), src="A", vmas={"A": {"kind": "sysv-shm"}}),
        ).reason
        or ""
    )


def test_objects_without_names_are_not_one() -> None:
    """Since 7.1 an AIO ring moves as a whole only: its length is its own, whatever else has no name."""
    vmas = {"A": {"kind": "aio"}, "Y": {"kind": "dev-zero", "offset": "2p"}}
    scenario = scene(move("src", 1, 1, F, "dst"), src="A", dst=".Y", vmas=vmas)
    (execution,) = ModelExecutor(resolve("7.3")).run([scenario])
    assert told(execution) == "dst moved src=. dst=_Y"
