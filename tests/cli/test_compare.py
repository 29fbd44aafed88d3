from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from mremapcheck.report.schema import json_schema
from tests.cli.conftest import BAD, BROKEN, GAP, PLAIN, SEALED, Program

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("documents", "kernels", "code", "bisect"),
    [
        ([PLAIN], ("6.16", "6.17"), 0, 0),
        ([GAP, PLAIN], ("6.16", "6.17"), 1, 1),
        ([GAP], ("6.17", "6.18"), 0, 0),
        ([SEALED], ("6.6", "6.17"), 4, 125),
        ([SEALED, PLAIN], ("6.6", "6.17"), 0, 125),
        ([BROKEN], ("6.6", "6.17"), 1, 125),
        ([BAD], ("6.6", "6.17"), 2, 129),
        ([GAP], ("6.6", "x"), 2, 129),
    ],
)
def test_exit_codes(
    program: Program, write: Write, documents: list[str], kernels: tuple[str, str], code: int, bisect: int
) -> None:
    folder = write(*documents)
    assert program("compare", "--kernel", *kernels, folder).code == code
    assert program("compare", "--kernel", *kernels, folder, "--bisect").code == bisect


def test_every_way_to_name_two_kernels(program: Program, write: Write) -> None:
    path = write(GAP) / "0.yaml"
    for args in (
        ["--kernel", "6.16", "6.17", path],
        [path, "--kernel", "6.16", "6.17"],
        ["--kernel", "6.16", "--kernel", "6.17", path],
        ["--kernel", "6.16", path, "--kernel", "6.17"],
        ["--kernel=6.16", "--kernel=6.17", path],
        ["--kernel=6.16", "6.17", path],
        ["--kernel", "6.16", "6.17", "--format=json", path],
    ):
        answer = program("compare", "--format", "json", *args)
        kernels = answer.json["kernels"]
        assert (kernels["a"]["reference"], kernels["b"]["reference"]) == ("6.16", "6.17"), args
        assert len(answer.json["results"]) == 1


@pytest.mark.parametrize(
    "args", [[], ["--kernel", "6.16"], ["--kernel", "6.16", "--kernel", "6.17", "--kernel", "6.18"]]
)
def test_it_takes_two(program: Program, write: Write, args: list[str]) -> None:
    answer = program("compare", write(GAP), *args, "--format", "json")
    assert answer.code == 2 and "--kernel 6.16 6.17" in answer.err
    Draft202012Validator(json_schema("compare")).validate(answer.json)


def test_json_names_the_cause(program: Program, write: Write) -> None:
    answer = program("compare", "--kernel", "6.16", "6.17", write(GAP, PLAIN, SEALED), "--format", "json")
    Draft202012Validator(json_schema("compare")).validate(answer.json)
    gap = answer.json["results"][0]
    assert gap["differences"][0] | {"follows": None} == {
        "class": "newly-allowed",
        "where": "moves[0]",
        "a": "refused",
        "b": "moved",
        "follows": None,
        "cause": ["multi-vma-move"],
    }
    assert answer.json["summary"] == {"same": 2, "different": 1, "skipped": 0, "error": 0}


def test_the_table_cites_the_commit(program: Program, write: Write) -> None:
    answer = program("compare", "--kernel", "6.16", "6.17", write(GAP))
    assert "caused by multi-vma-move\n" in answer.out and "commit d23cb648e365" in answer.out
    assert (
        "! src             AA.     AA.     ..." in answer.out.replace("      before", "before") or "! src" in answer.out
    )


def test_the_headline(program: Program) -> None:
    """What the tool was made for: partial on 6.17-rc2, refused on 6.17, because of early-failure."""
    answer = program("compare", "--kernel", "6.17-rc2", "6.17", "--format", "json", "--only", "uffd-first*")
    found = [
        difference
        for result in answer.json["results"]
        for difference in result["differences"]
        if difference["class"] == "partial-to-refused"
    ]
    assert found and all(difference["cause"] == ["early-failure"] for difference in found)


def test_the_running_kernel_against_its_model(program: Program, write: Write) -> None:
    answer = program("compare", "--kernel", "6.12", "live", write(PLAIN), "--format", "json")
    assert answer.code == 0 and answer.json["kernels"]["b"]["executor"] == "live"


def test_two_recorded_runs(program: Program, write: Write, tmp_path: Path) -> None:
    path = write(GAP) / "0.yaml"
    for version in ("6.16", "6.17"):
        answer = program("run", "--kernel", version, path, "--format", "json")
        (tmp_path / f"{version}.json").write_text(answer.out)
    pair = [f"recorded:{tmp_path / '6.16.json'}", f"recorded:{tmp_path / '6.17.json'}"]
    answer = program("compare", "--kernel", *pair, path, "--format", "json")
    assert answer.code == 1 and answer.json["results"][0]["differences"][0]["cause"] == ["multi-vma-move"]
    path.write_text(GAP.replace("AA.", "A.."))
    answer = program("compare", "--kernel", *pair, path, "--format", "json")
    assert answer.json["results"][0]["status"] == "error"


@pytest.mark.alone
@pytest.mark.parametrize("command", ["compare", "matrix"])
def test_the_options_of_run(program: Program, write: Write, command: str) -> None:
    folder = write(GAP, PLAIN, GAP.replace("name: gap", "name: pag").replace("EFAULT", "EPERM"))
    kernels = ["--kernel", "6.16", "--kernel", "6.17"]
    assert program(command, "--list", folder).out == program("run", "--list", folder).out
    one, two = (program(command, *kernels, "--format", "json", "--jobs", jobs, folder) for jobs in ("1", "2"))
    assert one == two and one.code == 1 and len(one.json["results"]) == 3
    fast = program(command, *kernels, "--format", "json", "--fail-fast", folder)
    assert fast.code == 1 and fast.json["results"][-1]["status"] in ("different", "fail")
    assert len(fast.json["results"]) == (1 if command == "compare" else 3)


def test_a_baseline_accepts_what_it_has_seen(program: Program, write: Write, tmp_path: Path) -> None:
    folder, path = write(GAP, PLAIN), tmp_path / "accepted.txt"
    pair = ["compare", folder, "--baseline", path, "--kernel"]
    first = program(*pair, "6.16", "6.17")
    assert first.code == 1 and "1 differing scenario accepted from now on" in first.err
    Draft202012Validator(json_schema("baseline")).validate(json.loads(path.read_text()))
    second = program(*pair, "6.16", "6.17")
    assert second.code == 0 and not second.err and "2 scenarios: 1 same, 1 accepted" in second.out
    report = program(*pair, "6.16", "6.17", "--format", "json").json
    Draft202012Validator(json_schema("compare")).validate(report)
    assert report["summary"] == {"same": 1, "different": 0, "accepted": 1, "skipped": 0, "error": 0}
    assert program(*pair, "6.17", "6.16").code == 1  # the other way round is another difference


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "mremapcheck.run/1"}', '{"schema": 1', "\xff"])
def test_what_is_no_baseline_is_refused(program: Program, write: Write, tmp_path: Path, text: str) -> None:
    path = tmp_path / "accepted.json"
    path.write_bytes(text.encode("latin-1"))
    answer = program("compare", write(GAP), "--kernel", "6.16", "6.17", "--baseline", path)
    assert answer.code == 2 and f"{path}: error: " in answer.err and path.read_bytes() == text.encode("latin-1")


@pytest.mark.parametrize(
    ("kernels", "code", "word", "told"),
    [
        (["6.16", "6.15"], 0, "loses", "1 scenario: 1 same"),
        (["6.16", "6.17"], 1, "keeps", "gap is different: newly-allowed moves[0]: refused -> moved"),
    ],
)
def test_bisect_says_what_it_judged(
    program: Program, write: Write, kernels: list[str], code: int, word: str, told: str
) -> None:
    terms = ["--term-old", "loses", "--term-new", "keeps"]
    answer = program("compare", write(GAP), "--kernel", *kernels, "--bisect", *terms)
    assert answer.code == code
    (line,) = answer.err.splitlines()
    assert line.startswith(f"mremapcheck: {word} (exit code {code}): {kernels[1]}, the model")
    assert line.endswith(f"held against what 6.16 does: {told}")


def test_two_recordings_are_called_a_and_b(program: Program, write: Write, tmp_path: Path) -> None:
    folder = write(GAP)
    for version in ("6.16", "6.17"):
        program("run", "--kernel", version, folder, "--record", tmp_path / f"{version}.txt")
    pair = [f"recorded:{tmp_path}/{version}.txt" for version in ("6.16", "6.17")]
    out = program("compare", folder, "--kernel", *pair).out
    assert "before  A (6.16)  B (6.17)" in out and f"A: {pair[0]}, Linux 6.16" in out


def test_a_comparison_of_many_is_grouped_by_commit(program: Program, write: Write) -> None:
    documents = [GAP.replace("gap", f"gap-{n}").replace('"AA."', f'"{"A" * n}.."') for n in range(1, 3)]
    out = program("compare", write(*documents), "--kernel", "6.16", "6.17").out
    assert 'commit d23cb648e365 ("mm/mremap: permit mremap() move of multiple VMAs")' in out
    assert "multi-vma-move, since 6.17-rc1: 2 scenarios" in out and "  and gap-2\n" in out
    assert out.count("before  6.16") == 1  # the smallest of them is drawn
