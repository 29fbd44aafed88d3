"""Reproducers, compiled and run: what they print is what the live executor sees."""

from __future__ import annotations

import errno
import re
import subprocess
from pathlib import Path

import pytest

from mremapcheck.cli.main import call
from mremapcheck.convert.export.generate import reproducer_of
from mremapcheck.convert.export.oracle import written
from mremapcheck.convert.export.reproducer import reproducer_text
from mremapcheck.executors.live.executor import LiveExecutor
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.library import shipped
from mremapcheck.scenario.loader import load_file, load_paths
from mremapcheck.scenario.operations import Mmap
from tests.export.programs import FLAGS, compiled
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


def _check(scenario: Scenario, path: Path) -> None:
    program = compiled(reproducer_text(scenario, written(scenario)), path)
    done = subprocess.run([program], capture_output=True, text=True, check=False, cwd=path.parent)
    with LiveExecutor() as live:
        (execution,) = live.run([scenario])
    if execution.outcome is None:
        assert execution.status == "skip"
        return
    assert (done.returncode, done.stderr) == (0, "")
    errnos = [int(text or 0) for text in re.findall(r"^mremap: (?:errno (\d+)|0x[0-9a-f]+)", done.stdout, re.M)]
    assert errnos == [getattr(errno, move.errno) if move.errno else 0 for move in execution.outcome.moves]
    shown = dict(re.findall(r"^(\S+) +([A-Za-z_.?]+)$", done.stdout, re.M))
    foreign = {vma.region for vma in execution.outcome.mappings if vma.backing in ("vdso", "vvar", "aio", "io-uring")}
    for region in scenario.regions:
        if region.pages <= 64 and region.name not in foreign:  # what such mappings hold may look like a letter
            assert shown[region.name].rstrip(".") == execution.outcome.regions[region.name].rstrip("."), region.name


@pytest.mark.parametrize("scenario", _varied(), ids=lambda scenario: scenario.name)
def test_a_reproducer_shows_what_the_live_executor_sees(scenario: Scenario, tmp_path: Path) -> None:
    _check(scenario, tmp_path / "program")


def test_all_of_them_compile_without_a_warning(tmp_path: Path) -> None:
    files = []
    for scenario in CORPUS:
        files.append(tmp_path / f"{scenario.name}.c")
        files[-1].write_text(reproducer_text(scenario, written(scenario)))
    compiler = tool("cc")
    done = subprocess.run([compiler, *FLAGS, "-fsyntax-only", *files], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr[:4000]) == (0, "")


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
    assert text.count("\n") < 140


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
    assert any("mappings: src 0+1 1+1 2+2" in line for line in _comment("locked-dontunmap-splits"))


def test_what_moved_to_a_place_of_the_kernels_choice_is_drawn_among_several_moves(tmp_path: Path) -> None:
    (path,) = shipped().rglob("musl-realloc.yaml")
    text = reproducer_of(load_file(path).scenarios[0])
    printed = subprocess.run([compiled(text, tmp_path / "program")], capture_output=True, text=True, check=True).stdout
    assert "elsewhere2 AA___\n" in printed
    assert "int main(void)\n{\n\n" not in text


def test_it_says_which_call_made_no_descriptor_and_what_is_locked() -> None:
    (path,) = shipped().rglob("secret-grows-to-the-limit.yaml")
    text = reproducer_of(load_file(path).scenarios[0])
    assert "\tint fd_S = syscall(447 /* memfd_secret */, 0);\n\tMUST(fd_S);\n" in text
    assert '\tstatus("VmLck");\n' in text


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
    printed = subprocess.run([compiled(text, tmp_path / "program")], capture_output=True, text=True, check=True).stdout
    assert len(printed) < 1000
    assert "dst        A.{524287}\n" in printed


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
    assert "1 scenarios in" in capsys.readouterr().err
    assert call(["pack", path, "--as", "six"]) == 2
    assert "is not a kernel version" in capsys.readouterr().err
