"""fuzz, enumerate, distinguish and since, as they are called."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from mremapcheck.cli.main import call
from mremapcheck.report.schema import json_schema
from tests.waiting import until

#: All of these fork.
pytestmark = pytest.mark.alone

SCENARIO = """\
summary: A growing move of two mappings loses its destination
map: {src: "AB", dst: "XXX"}
vmas: {B: {prot: r}}
moves:
  - {old_address: src, old_size: 2p, new_size: 3p, new_address: dst, flags: MAYMOVE|FIXED}
"""


def document(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, json_schema(data["schema"].split(".")[1].split("/")[0]))
    return data


def fuzz(*more: str, a: str = "6.16", b: str = "6.17") -> int:
    return call(["fuzz", "--kernel", a, "--against", b, "--count", "60", "--tries", "60", "--jobs", "1", *more])


def test_models_that_differ_are_found_out(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz("--format", "json") == 1
    report = document(capsys)
    assert report["schema"] == "mremapcheck.fuzz/1"
    assert report["kernels"]["a"]["reference"] == "6.16"
    assert report["source"]["seed"] == 1
    assert report["summary"]["scenarios"] == 60
    assert report["summary"]["different"] == sum(group["count"] for group in report["groups"])
    assert "multi-vma-move" in {cause for group in report["groups"] for cause in group["cause"]}


def test_a_kernel_is_like_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(b="6.16") == 0
    assert "0 different" in capsys.readouterr().out


def test_a_group_is_drawn_for_people_as_soon_as_it_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz() == 1
    text = capsys.readouterr().out
    assert "6.16:\n  moves[0]" in text
    assert text.index("moves:") < text.index("60 scenarios on 6.16 and 6.17")


def test_the_number_of_jobs_is_not_seen_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    fuzz("--format", "json")
    one = capsys.readouterr().out
    assert fuzz("--format", "json", "--jobs", "2") == 1
    assert capsys.readouterr().out == one


def test_out_and_resume(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz("--out", str(tmp_path / "c")) == 1
    assert list((tmp_path / "c").glob("*.yaml"))
    assert fuzz("--out", str(tmp_path / "c")) == 2
    assert "go on with --resume" in capsys.readouterr().err
    assert fuzz("--out", str(tmp_path / "c"), "--resume", "--format", "json") == 1
    assert document(capsys)["summary"]["scenarios"] == 60


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("fuzz", "--kernel"),
        ("fuzz --kernel 9.9 --against 6.17", "the model ends with"),
        ("fuzz --kernel 6.16 --against 6.17 --time soon", "is not a time"),
        ("fuzz --kernel 6.16 --against 6.17 --without mseals", "is none of"),
        ("fuzz --kernel 6.16 --against 6.17 --resume", "needs the folder"),
        ("enumerate --bound mapings=2 --count-only", "did you mean"),
        ("enumerate --bound mappings=1", "which kernel?"),
        ("distinguish --kernel 6.16", "two kernels"),
        ("since no-such-file.yaml", "no-such-file.yaml"),
    ],
)
def test_mistakes_are_told_with_a_hint(arguments: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(arguments.split()) == 2
    assert said in capsys.readouterr().err


def test_no_time_means_nothing_was_compared() -> None:
    assert fuzz("--time", "0s") == 4


def test_an_enumeration_is_counted_first(capsys: pytest.CaptureFixture[str]) -> None:
    bound = "mappings=1,kinds=anon,beyond=0,resize=0,destination=free"
    assert call(["enumerate", "--bound", bound, "--count-only"]) == 0
    assert capsys.readouterr().out.startswith("8 scenarios within mappings=1")
    assert call(["enumerate", "--bound", bound, "--kernel", "5.4", "--against", "6.18", "--jobs", "1"]) == 1
    text = capsys.readouterr().out
    assert text.startswith("8 scenarios within")
    assert "caused by dontunmap" in text


def test_two_kernels_are_told_apart_by_few_scenarios(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "distinguish --kernel 6.17-rc2 6.17-rc3 --count 0 --jobs 1 --format json"
    assert call(arguments.split()) == 1
    report = document(capsys)
    found = {(group["signature"][0], tuple(group["cause"])) for group in report["scenarios"]}
    assert ("partial-to-refused", ("early-failure",)) in found
    assert ("newly-allowed", ("thp-multi-move",)) in found
    assert len(found) == len(report["scenarios"])
    assert all(len(group["smallest"]["map"]["src"]) <= 2 for group in report["scenarios"])


def test_since_names_the_change_at_each_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "growing.yaml"
    path.write_text(SCENARIO)
    assert call(["since", str(path)]) == 0
    text = capsys.readouterr().out
    assert "<=6.16" in text
    assert "EFAULT damaged" in text
    assert ">=6.17-rc1: EFAULT refused" in text
    assert "a85dc37186a5" in text


def test_long_drawings_are_shortened_in_a_timeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(SCENARIO.replace('"AB"', '"A{5000}B"'))
    assert call(["since", str(path)]) == 0
    text = capsys.readouterr().out
    assert '"A{5000}B"' in text and max(map(len, text.splitlines())) <= 78


@pytest.mark.parametrize("command", ["fuzz --kernel 6.17 --against 6.17", "distinguish --kernel 6.17-rc2 6.17-rc3"])
def test_a_folder_that_cannot_be_written(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("")
    out = tmp_path / "file" / "out"
    assert call([*command.split(), "--count", "5", "--jobs", "1", "--out", str(out)]) == 74
    assert f"{out} cannot be written: Not a directory" in capsys.readouterr().err


def test_since_as_json_with_a_measured_kernel(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "growing.yaml"
    path.write_text(SCENARIO)
    assert call(["since", str(path), "--on", "6.12", "--format", "json"]) == 0
    (told,) = document(capsys)["results"]
    assert [stretch["cause"] for stretch in told["timeline"]] == [None, ["checks-before-unmapping"]]
    assert [stretch["stops"] for stretch in told["measured"]] == [["6.12"]]
    assert told["timeline"][0]["outcome"]["moves"][0]["verdict"] == "damaged"


def test_only_models_have_steps_to_cover(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["coverage", "--kernel", "live"]) == 2
    assert "give a version such as 6.17" in capsys.readouterr().err


def test_coverage_tells_what_was_never_reached(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "growing.yaml"
    path.write_text(SCENARIO)
    assert call(["coverage", str(path), "--kernel", "6.16", "--count", "0"]) == 0
    text = capsys.readouterr().out
    assert "6.16, 1 scenario: " in text
    assert "never: mremap.check_sealed" not in text
    assert "never: move_vma.copy_vma" in text
    assert call(["coverage", str(path), "--kernel", "6.16", "--count", "400"]) == 0
    assert "never: move_vma.copy_vma" not in capsys.readouterr().out


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_campaign_reports_what_it_has(jobs: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mremapcheck", "fuzz", "--kernel", "6.17", "--against", "6.17", "--jobs", jobs]
    command += ["--count", "1000000", "--format", "json", "--out", str(tmp_path / "out")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until((tmp_path / "out" / "state.json").exists, "a campaign that has begun")
        process.terminate()
        out, err = process.communicate()
    report = json.loads(out)
    jsonschema.validate(report, json_schema("fuzz"))
    assert process.returncode == 143 and report["trouble"] == "ended by SIGTERM" and err == ""


def test_since_draws_long_runs_short(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "long.yaml"
    path.write_text(
        'summary: Long\nmap: {src: "A{512}", dst: ".{512}"}\n'
        "moves: [{old_address: src, old_size: 2M, new_address: dst, flags: MAYMOVE|FIXED}]\n"
    )
    assert call(["since", str(path)]) == 0
    printed = capsys.readouterr().out
    assert '      dst "A{512}"\n' in printed
    assert max(map(len, printed.splitlines())) < 120
