"""Reproducers, compiled and run: what they print is what the live executor sees."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mremapcheck.cli.main import call
from mremapcheck.convert.catalogue.cites import titled
from mremapcheck.convert.export.generate import pack_of, reproducer_of
from mremapcheck.convert.export.oracle import written
from mremapcheck.convert.export.pack import pack_text
from mremapcheck.convert.export.reproducer import reproducer_text
from mremapcheck.convert.export.words import drawing_text
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.linux.versions.ranges import KernelRange
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.expectations import judge
from mremapcheck.outcome.outcome import pages_more
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_file, load_paths
from mremapcheck.scenario.operations import Mmap
from mremapcheck.scenario.parse import parse_document
from tests.export.programs import compiled, together
from tests.tools import tool

CORPUS = load_paths([shipped()]).scenarios


def _traits(scenario: Scenario) -> frozenset[str]:
    """Return what makes a program take another way."""
    operations = (*scenario.setup, *scenario.script)
    kinds = {operation.kind for operation in operations if isinstance(operation, Mmap)}
    process = scenario.process
    names = {type(operation).__name__ for operation in operations}
    return frozenset(
        {*kinds, *names, *scenario.features, *process.rlimits, *process.keep, f"fork {process.fork}"}
        | ({"headroom"} if process.map_headroom is not None else set())
        | ({"committed"} if scenario.asks_committed else set())
        | ({"long"} if any(region.pages > 64 for region in scenario.regions) else set())
    )


def _varied() -> list[Scenario]:
    """Return scenarios that together have every trait that any has."""
    known: set[str] = set()
    chosen = []
    for scenario in sorted(CORPUS, key=lambda scenario: -len(_traits(scenario))):
        if _traits(scenario) - known:
            known |= _traits(scenario)
            chosen.append(scenario)
    return chosen


#: What a program ends with, by what the tool says of the same scenario on the same kernel.
STATUS = {"pass": 0, "fail": 1}


def _statuses(scenarios: Sequence[Scenario]) -> dict[str, int]:
    """Return what programs are to end with on this kernel: 4 where it cannot or need not be told."""
    with LiveExecutor() as live:
        executions = list(live.run(scenarios))
    release = KernelVersion.parse(os.uname().release)
    judged = (judge(each, execution, release).status for each, execution in zip(scenarios, executions, strict=True))
    return {scenario.name: STATUS.get(status, 4) for scenario, status in zip(scenarios, judged, strict=True)}


@pytest.mark.parametrize("scenario", _varied(), ids=lambda scenario: scenario.name)
def test_a_reproducer_shows_what_the_live_executor_sees(scenario: Scenario, tmp_path: Path) -> None:
    program = compiled(reproducer_text(scenario, written(scenario)), tmp_path / "program")
    done = subprocess.run([program], capture_output=True, text=True, check=False, cwd=tmp_path)
    with LiveExecutor() as live:
        (execution,) = live.run([scenario])
    if execution.outcome is None:
        assert execution.status == "skip"
        assert done.returncode == 4 or scenario.asks_committed
        return
    if scenario.asks_committed and done.returncode == 4:
        assert "Other processes change Committed_AS" in done.stdout
        return
    assert done.stderr == ""
    seen = dict(re.findall(r"^(\S+) +([A-Za-z_.?]\S*)$", done.stdout, re.M))
    for index, move in enumerate(execution.outcome.moves, 1):
        errno_or_success = move.errno or "success"
        assert f"mremap {index}: {errno_or_success}, {move.verdict}" in done.stdout
        if move.committed is not None:
            assert f"mremap {index} commits {pages_more(move.committed)}\n" in done.stdout
    for region in scenario.regions:
        assert seen[region.name] == drawing_text(execution.outcome.regions[region.name]), region.name


@pytest.fixture(scope="module")
def statuses() -> dict[str, int]:
    return _statuses(CORPUS)


@pytest.mark.parametrize("compiler", ["cc", "musl-gcc"])
def test_no_reproducer_contradicts_its_comment(compiler: str, statuses: dict[str, int], tmp_path: Path) -> None:
    """All that are shipped, compiled at once: each finds what its comment says of this kernel, as ``run`` does."""
    source = together([reproducer_text(scenario, written(scenario)) for scenario in CORPUS])
    program = compiled(source, tmp_path / "all", "-static", compiler=compiler)
    found = {}
    for number, scenario in enumerate(CORPUS):
        done = subprocess.run([program, str(number)], capture_output=True, text=True, check=False, cwd=tmp_path)
        expected = {statuses[scenario.name]} | ({0, 4} if scenario.asks_committed else set())  # others disturb it
        if done.returncode not in expected:
            found[scenario.name] = (done.returncode, done.stdout[-400:], done.stderr)
    assert found == {}


def test_it_is_held_against_what_is_said_of_the_kernel_that_is_named(tmp_path: Path) -> None:
    (path,) = shipped().rglob("uffd-first.yaml")
    (scenario,) = load_file(path).scenarios
    program = compiled(reproducer_of(scenario), tmp_path / "program")
    statuses = {}
    for version in ("6.12", "6.17-rc1", "6.17.0-rc2+", "6.17-rc3", "7.0", "6.18.44-1-cloud-amd64", "next-20260101"):
        statuses[version] = subprocess.run([program, version], capture_output=True, check=False).returncode
    here = KernelVersion.parse(os.uname().release)
    new, middle = here >= KernelVersion.parse("6.17-rc3"), here in KernelRange.parse(">=6.17-rc1, <6.17-rc3")
    old = not new and not middle
    assert [statuses["6.12"], statuses["6.17-rc1"], statuses["6.17.0-rc2+"]] == [not old, not middle, not middle]
    assert [statuses["6.17-rc3"], statuses["7.0"], statuses["6.18.44-1-cloud-amd64"]] == [not new] * 3
    assert statuses["next-20260101"] == 2


def test_a_kernel_of_which_nothing_is_said_is_no_success(tmp_path: Path) -> None:
    move = {"old_address": "src", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
    expect = [{"kernel": ">=6.1, <=6.6", "verdict": "moved"}, {"kernel": ">6.12", "dst": "_"}]
    data = {"name": "some", "summary": "x", "map": {"src": "A", "dst": "."}, "moves": [move], "expect": expect}
    scenario = parse_document(data)
    program = compiled(reproducer_text(scenario, written(scenario)), tmp_path / "program")
    versions = ("6.0.19", "6.1", "6.6.99", "6.7-rc1", "6.12.5", "6.13-rc1")
    ends = [subprocess.run([program, version], capture_output=True, check=False).returncode for version in versions]
    assert ends == [4, 0, 0, 4, 4, 1]


def test_no_event_is_ever_lost(tmp_path: Path) -> None:
    (path,) = shipped().rglob("uffd-monitor-follows-growth.yaml")
    (scenario,) = load_file(path).scenarios
    if _statuses([scenario]) != {scenario.name: 0}:
        pytest.skip("this kernel has no userfaultfd for this user, or does something else")
    program = compiled(reproducer_of(scenario), tmp_path / "program")
    for _ in range(30):
        printed = subprocess.run([program], capture_output=True, text=True, check=True).stdout
        assert "events: remap from=guest to=elsewhere len=2p; unmap start=guest end=guest+2p\n" in printed


def test_an_ordinary_users_segments_are_attached() -> None:
    """Of mode 0600, so not to be executed at first; and parts of one, which shmat(2) does not know."""
    if os.getuid():
        pytest.skip("only root can become somebody else")
    data = {
        "name": "segments",
        "summary": "Two mappings of a segment, one of its half",
        "map": {"src": "AA", "other": "BBBB", "dst": ".."},
        "vmas": {"A": {"kind": "sysv-shm", "file": "s", "prot": "rx"}, "B": {"kind": "sysv-shm", "file": "s"}},
        "moves": [{"old_address": "src", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
        "expect": [{"verdict": "moved", "src": "..", "other": "BBBB", "dst": "BB"}],
    }
    scenario = parse_document(data)
    assert _statuses([scenario]) == {"segments": 0}
    sources = {"reproducer": reproducer_text(scenario, written(scenario)), "pack": pack_text(pack_of([scenario]))}
    become = [tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # pytest's own are root's alone
        for name, source in sources.items():
            program = compiled(source, Path(folder) / name)
            done = subprocess.run([*become, program], capture_output=True, text=True, check=False, cwd="/")
            assert (done.returncode, done.stderr) == (0, ""), (name, done.stdout)


def test_a_file_is_made_where_the_user_may_write() -> None:
    if os.getuid():
        pytest.skip("only root can become somebody else")
    text = reproducer_of(next(scenario for scenario in CORPUS if scenario.name == "file-first"))
    become = [tool("setpriv"), "--reuid=65534", "--regid=65534", "--clear-groups"]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        program = compiled(text, Path(folder) / "program")
        done = subprocess.run([*become, program], capture_output=True, text=True, check=False, cwd="/")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


def test_commits_have_their_subjects_and_addresses_are_whole() -> None:
    text = "\n".join(_comment("mapped-store-doubles"))
    assert " *   https://github.com/paoloshasta/shasta/issues/27\n" in text
    assert '("mm/mremap: catch invalid multi VMA moves earlier")' in "\n".join(_comment("uffd-first"))
    for scenario in CORPUS:
        for cite in scenario.cite:
            if re.fullmatch("[0-9a-f]{12,40}", cite):
                assert re.fullmatch(r'[0-9a-f]{12} \("\S.*\S"\)', titled(cite)), cite
    url = "https://example.org/" + "a-long-name-with-hyphens-" * 6
    data: dict[str, object] = {"name": "u", "summary": "x", "about": f"See {url} for more", "map": {"src": "A"}}
    data["moves"] = [{"old_address": "src", "old_size": "1p", "flags": "MAYMOVE"}]
    assert url in reproducer_of(parse_document(data))


def test_the_comment_draws_before_and_after_for_every_era() -> None:
    text = reproducer_of(load_file(shipped() / "multi" / "uffd-first.yaml").scenarios[0])
    comment = text.partition(" */")[0]
    for line in (
        " *   before                 AABB.C  X.....",
        " *   <6.17-rc1              AABB._  ......  EFAULT, damaged",
        " *   >=6.17-rc1, <6.17-rc3  ..BB._  AA....  EFAULT, partial",
        " *   >=6.17-rc3             AABB._  X.....  EFAULT, refused",
    ):
        assert line in comment.splitlines()
    assert "d5f416c7c364" in comment
    assert "\t/* src: AABB.C */\n" in text
    assert text.count("\n") < 420


def _comment(name: str) -> list[str]:
    (path,) = shipped().rglob(f"{name}.yaml")
    return reproducer_of(load_file(path).scenarios[0]).partition(" */")[0].splitlines()


def test_entries_that_overlap_are_one_row_for_each_era_with_all_moves_and_counters() -> None:
    comment = _comment("musl-stack-probe-at-map-limit")
    for line in (
        " *   <5.16-rc1              .SS    ENOMEM, then EFAULT",
        " *   >=5.16-rc1, <5.17.9    .SS    ENOMEM, then success",
        " *   >=5.18-rc7, <7.1-rc1   .SS    ENOMEM, then EFAULT",
    ):
        assert line in comment
    assert " *   >=6.13-rc1, <6.15-rc1  ...  ..   moved; VmLck 4 kB" in _comment("kselftest-dontunmap-07")
    assert " *               event: remap from=src to=dst len=2p" in _comment("uffd-shrinking-move-events")
    assert " *   >=6.15-rc1, <7.3.4  ....  AX.  moved, commits -1p" in _comment("shrinking-move-leaks-its-tail")
    assert any("mappings: src 0+1 1+1 2+2" in line for line in _comment("locked-dontunmap-splits"))


def test_what_moved_to_a_place_of_the_kernels_choice_is_drawn_among_several_moves(tmp_path: Path) -> None:
    (path,) = shipped().rglob("musl-realloc.yaml")
    text = reproducer_of(load_file(path).scenarios[0])
    printed = subprocess.run([compiled(text, tmp_path / "program")], capture_output=True, text=True, check=False).stdout
    assert "chunk      ...._\nelsewhere  AA___\n" in printed
    assert "int main(int argc, char **argv)\n{\n\n" not in text


def test_it_says_which_call_made_no_descriptor_and_what_is_locked() -> None:
    (path,) = shipped().rglob("secret-grows-to-the-limit.yaml")
    text = reproducer_of(load_file(path).scenarios[0])
    assert "\tint fd_S = syscall(447 /* memfd_secret */, 0);\n\tMUST(fd_S);\n" in text
    assert 'in_use("VmLck")' in text


def test_capabilities_are_dropped_only_where_they_would_make_a_difference() -> None:
    dropping = {
        path.stem
        for path in [*(shipped() / "destination").glob("*.yaml"), *(shipped() / "grow").glob("*.yaml")]
        if "CAP_SYS_RAWIO" in reproducer_of(load_file(path).scenarios[0])
    }
    assert dropping == {"address-zero"}


def test_a_long_mapping_in_a_short_drawing_is_drawn_in_runs(tmp_path: Path) -> None:
    (path,) = shipped().rglob("kselftest-mremap-10.yaml")
    text = reproducer_of(load_file(path).scenarios[0])
    printed = subprocess.run([compiled(text, tmp_path / "program")], capture_output=True, text=True, check=False).stdout
    assert len(printed) < 1000
    assert "dst        A\n" in printed


def test_a_static_one_without_expectations_asks_the_model(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        'summary: Mine\nmap: {src: "A{100}", dst: "X"}\n'
        "moves: [{old_address: src, old_size: 100p, new_address: dst, flags: MAYMOVE|FIXED}]\n"
    )
    text = reproducer_of(load_file(file).scenarios[0])
    assert " *   every kernel  .       A{100}  moved" in text.splitlines()
    program = compiled(text, tmp_path / "program", "-static")
    assert "dst        A{100}\n" in subprocess.run([program], capture_output=True, text=True, check=True).stdout


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(shipped() / "multi" / "uffd-first.yaml")
    assert call(["export", "--c", path]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("/*\n * An uffd-armed first mapping")
    assert call(["export", "--c", path, "-o", str(tmp_path / "new" / "x.c")]) == 0
    assert (tmp_path / "new" / "x.c").read_text() == printed
    assert call(["export", str(shipped() / "multi")]) == 2
    assert "--only NAME" in capsys.readouterr().err
    assert call(["pack", path, "--as", "6.12", "-o", str(tmp_path / "pack.c")]) == 0
    assert '#define IMITATED "6.12"' in (tmp_path / "pack.c").read_text()
    assert "1 scenario in" in capsys.readouterr().err
    assert call(["pack", path, "--as", "six"]) == 2
    assert "is not a kernel version" in capsys.readouterr().err
    for version in ("9.9", "4.4", "5.99"):
        assert call(["run", "--kernel", version, path]) == 2
        refused = capsys.readouterr().err
        assert call(["pack", path, "--as", version]) == 2
        assert capsys.readouterr().err == refused


def test_attributes_of_mappings_are_held_against_the_kernel(tmp_path: Path) -> None:
    wanted = {"prot": "rw", "sharing": "private", "offset": "0p", "flags": "accounted", "without": "locked"}
    for changed, code in (({}, 0), ({"prot": "r"}, 1), ({"sharing": "shared"}, 1), ({"without": "accounted"}, 1)):
        entry = {**wanted, **changed} if "without" not in changed else {"without": "accounted"}
        scenario = parse_document(
            {
                "map": {"src": "A", "dst": ".."},
                "moves": [{"old_address": "src", "old_size": "1p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}],
                "expect": [{"mappings": {"dst": [entry], "src": []}}],
            }
        )
        program = compiled(reproducer_text(scenario, written(scenario)), tmp_path / "program")
        done = subprocess.run([program], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout


def test_bits_of_page_table_entries_are_printed_and_judged(tmp_path: Path) -> None:
    (scenario,) = load_file(next(shipped().rglob("write-protection-moves-with-events.yaml"))).scenarios
    if _statuses([scenario]) != {scenario.name: 0}:
        pytest.skip("this kernel has no userfaultfd for this user, or does something else")
    text = reproducer_of(scenario)
    assert " uffd-wp dst -##-" in text
    right = subprocess.run([compiled(text, tmp_path / "right")], capture_output=True, text=True, check=False)
    assert (right.returncode, "dst        uffd-wp -##-\n" in right.stdout) == (0, True)
    wrong = compiled(text.replace("uffd-wp -##-", "uffd-wp ####"), tmp_path / "wrong")
    assert subprocess.run([wrong], capture_output=True, check=False).returncode == 1


@pytest.mark.parametrize("linked", [(), ("-static",)])
def test_a_place_inside_another_that_was_left(linked: tuple[str, ...], tmp_path: Path) -> None:
    """The kernel puts the second move into the hole that is in what was moved first, if nothing higher is free."""
    away = {"old_address": "src", "old_size": "2p", "new_size": "2000p", "flags": "MAYMOVE"}
    cut = {"op": "munmap", "address": "elsewhere+500p", "size": "1000p"}
    back = {"old_address": "elsewhere2", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
    moves = [away, cut, {**away, "old_address": "src+3p", "new_size": "1000p"}, back]
    scenario = parse_document({"name": "reused", "map": {"src": "AAXBBX", "dst": ".."}, "moves": moves})
    program = compiled(reproducer_of(scenario), tmp_path / "program", *linked)
    printed = subprocess.run([program], capture_output=True, text=True, check=False).stdout
    assert "mremap 2: success, moved, elsewhere2\n" in printed
    assert "dst        BB\nelsewhere  AA_{498}.{1000}_{500}\nelsewhere2 .._{998}\n" in printed
    assert "elsewhere  mappings 0+500 1500+500\nelsewhere2 mappings 2+998\n" in printed


def test_what_is_expected_of_a_place_of_the_kernels_choice_is_looked_at(tmp_path: Path) -> None:
    away = {"old_address": "src", "old_size": "2p", "new_size": "3p", "flags": "MAYMOVE"}
    back = {"old_address": "elsewhere", "old_size": "2p", "new_address": "dst", "flags": "MAYMOVE|FIXED"}
    wanted = {
        "bits": {"uffd-wp": {"elsewhere": "..-", "gone": ""}},
        "mappings": {"elsewhere": [{"prot": "rw", "without": ["locked"]}], "elsewhere2": []},
        "events": [
            {"event": "remap", "from": "elsewhere", "to": "dst", "len": "2p"},
            {"event": "unmap", "start": "elsewhere", "end": "elsewhere+2p"},
        ],
    }
    register = {"op": "uffd-register", "address": "elsewhere", "size": "2p", "mode": "wp+events"}
    protect = {"op": "uffd-writeprotect", "address": "elsewhere", "size": "1p"}
    data = {
        "map": {"src": "AAX", "dst": "..", "gone": "..."},
        "moves": [away, register, protect, back],
        "expect": [wanted],
    }
    program = compiled(reproducer_of(parse_document(data)), tmp_path / "program")
    done = subprocess.run([program, "6.18"], capture_output=True, text=True, check=False)
    if done.returncode == 4:
        pytest.skip(done.stdout)
    assert "elsewhere  uffd-wp ..-\n" in done.stdout
    assert "gone       uffd-wp .\n" in done.stdout
    assert "to=dst len=2p; unmap start=elsewhere end=elsewhere+2p\n" in done.stdout
    assert "elsewhere mapped 1 times\n" in done.stdout
    assert "As Linux 6.18 does it\n" in done.stdout
