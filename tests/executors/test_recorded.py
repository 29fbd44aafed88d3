from __future__ import annotations

import json
from pathlib import Path

import pytest

from mremapcheck.base.errors import FileError, KernelReferenceError
from mremapcheck.cli.main import call
from mremapcheck.executors.recorded import RecordedExecutor
from tests.factories import PARTIAL, kernel, scenario
from tests.report.rendering import rendered, run_of_everything


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "6.17.json"
    path.write_text(rendered("json", "run", [kernel(changes=("multi-vma-move",))], run_of_everything()))
    return str(path)


def test_it_repeats_what_was_recorded(file: str) -> None:
    executor = RecordedExecutor(file)
    assert executor.kernel.release == "6.17" and executor.kernel.changes == ("multi-vma-move",)
    with executor:
        bad, sealed, broken = executor.run([scenario("bad"), scenario("sealed"), scenario("broken")])
    assert (bad.status, bad.outcome) == ("ran", PARTIAL)
    assert (sealed.status, sealed.reason) == ("skip", "no mseal before 6.10")
    assert broken.status == "error"


def test_another_scenario_of_the_same_name_is_never_an_answer(file: str) -> None:
    (execution,) = RecordedExecutor(file).run([scenario("bad", size=5)])
    reason = f"digest {scenario('bad').digest}, not {scenario('bad', size=5).digest}"
    assert execution.status == "error" and reason in (execution.reason or "")


def test_a_report_from_before_there_was_unchecked(file: str) -> None:
    document = json.loads(Path(file).read_text())
    del document["summary"]["unchecked"]
    Path(file).write_text(json.dumps(document))
    assert RecordedExecutor(file).kernel.release == "6.17"


def test_what_was_not_recorded_is_skipped(file: str) -> None:
    (execution,) = RecordedExecutor(file).run([scenario("new")])
    assert execution.status == "skip"


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"schema": "mremapcheck.compare/1"}', '{"schema": "mremapcheck.run/1"}']
)
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(FileError, match="not the report of a run"):
        RecordedExecutor(str(path))
    with pytest.raises(KernelReferenceError, match="No such file"):
        RecordedExecutor(str(tmp_path / "missing"))


@pytest.mark.parametrize("name", ["kept.json", "kept.json.xz"])
def test_a_run_that_was_kept_can_be_compared_with(name: str, tmp_path: Path) -> None:
    kept = tmp_path / name
    path = str(Path(__file__).parent.parent.parent / "scenarios" / "shrink")
    assert call(["run", path, "--kernel", "6.17", "--record", str(kept)]) == 0
    assert call(["compare", path, "--kernel", "6.17", f"recorded:{kept}"]) == 0
    with RecordedExecutor(str(kept)) as executor:
        assert executor.kernel.release == "6.17"


def test_a_file_that_cannot_be_kept_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(__file__).parent.parent.parent / "scenarios" / "shrink")
    assert call(["run", path, "--kernel", "6.17", "--record", str(tmp_path / "none" / "kept.json")]) == 74
    assert "cannot be written" in capsys.readouterr().err


def test_a_broken_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.json.xz").write_bytes(b"not xz at all")
    with pytest.raises(FileError, match="not the report of a run"):
        RecordedExecutor(str(tmp_path / "broken.json.xz"))


@pytest.mark.parametrize("reference", ["recorded:", "recorded:none.json", "vm:", "vm: "])
def test_a_reference_that_names_no_file_is_a_mistake(reference: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(Path(__file__).parent.parent.parent / "scenarios" / "shrink")
    assert call(["run", path, "--kernel", reference]) == 2
    assert call(["run", path, "--kernel", reference, "--bisect"]) == 129
    assert f"`{reference}`" in (err := capsys.readouterr().err) and "hint: " in err
