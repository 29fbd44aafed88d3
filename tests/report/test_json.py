from __future__ import annotations

import io
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mremapcheck import __version__
from mremapcheck.outcome.expectations import Result
from mremapcheck.report.base import Header, Tally, open_report, write_report
from mremapcheck.report.formats.json import problems_document
from mremapcheck.report.schema import NAMES, json_schema
from tests.factories import kernel
from tests.report.rendering import KERNELS, comparison_of_everything, eras, rendered, run_of_everything


def check(name: str, document: Any) -> None:
    Draft202012Validator(json_schema(name)).validate(document)


def test_run_is_what_the_schema_says() -> None:
    document = json.loads(rendered("json", "run", [kernel(changes=("multi-vma-move",))], run_of_everything()))
    check("run", document)
    assert document["schema"] == "mremapcheck.run/1" and document["tool"] == f"mremapcheck {__version__}"
    assert document["kernel"] == {
        "reference": "6.17",
        "executor": "model",
        "release": "6.17",
        "platform": "x86-64",
        "page_size": 4096,
        "changes": ["multi-vma-move"],
    }
    assert [result["status"] for result in document["results"]] == ["pass", "unchecked", "fail", "skip", "error"]
    assert document["summary"] == {"pass": 1, "fail": 1, "unchecked": 1, "skip": 1, "error": 1}
    assert document["results"][2]["outcome"]["regions"] == {"src": "..BB.C", "dst": "AA...."}


def test_compare_is_what_the_schema_says() -> None:
    document = json.loads(rendered("json", "compare", [kernel("6.1"), kernel("6.17")], comparison_of_everything()))
    check("compare", document)
    assert document["kernels"]["a"]["reference"] == "6.1" and document["kernels"]["b"]["reference"] == "6.17"
    assert document["summary"] == {"same": 1, "different": 1, "skipped": 1, "error": 1}
    worst = document["results"][1]["differences"][0]
    assert worst == {
        "class": "partial-to-refused",
        "where": "moves[0]",
        "a": "partial",
        "b": "refused",
        "follows": None,
        "cause": None,
    }
    assert document["results"][2]["a"] is None and document["results"][2]["reason"] == "6.1: no mseal before 6.10"


def test_matrix_is_what_the_schema_says() -> None:
    document = json.loads(rendered("json", "matrix", KERNELS, [eras()]))
    check("matrix", document)
    (result,) = document["results"]
    eras_ = [
        {key: value for key, value in era.items() if key not in ("outcome", "differences")} for era in result["eras"]
    ]
    assert eras_ == [
        {"first": 0, "last": 1, "label": "EFAULT damaged", "class": None},
        {"first": 2, "last": 3, "label": "EFAULT partial", "class": "no-longer-damaged"},
        {"first": 4, "last": 5, "label": "EFAULT refused", "class": "partial-to-refused"},
    ]
    assert [difference["where"] for difference in result["eras"][2]["differences"]] == [
        "moves[0]",
        "regions.src",
        "regions.dst",
    ]
    assert len(result["cells"]) == 6 and result["eras"][1]["outcome"]["regions"]["src"] == "..BB.C"


@pytest.mark.parametrize("name", NAMES)
def test_the_schemas_are_schemas_and_stand_alone(name: str) -> None:
    schema = json_schema(name)
    Draft202012Validator.check_schema(schema)
    used = {part.split('"')[0] for part in json.dumps(schema).split("#/$defs/")[1:]}
    assert used == set(schema["$defs"])


def test_the_schema_refuses_what_is_not_a_report() -> None:
    validator = Draft202012Validator(json_schema("run"))
    document = json.loads(rendered("json", "run", [kernel()], run_of_everything()))
    document["results"][0]["outcome"]["moves"][0]["verdict"] = "exploded"
    assert not validator.is_valid(document)
    assert not validator.is_valid({"schema": "mremapcheck.run/1"})


@pytest.mark.parametrize("kind", ["run", "compare", "matrix", "faults", "since"])
def test_a_run_that_never_began_is_valid_too(kind: str) -> None:
    problem = {"path": "a.yaml", "line": 3, "column": 1, "level": "error", "message": "no", "hint": ""}
    document = json.loads(problems_document(kind, [problem]))
    check(kind, document)
    assert document["problems"] == [problem] and document["results"] == []


class StopError(Exception):
    pass


@pytest.mark.parametrize(
    ("error", "trouble"), [(KeyboardInterrupt(), "interrupted"), (StopError("out of memory"), "out of memory")]
)
def test_a_run_that_ends_early_is_closed(error: BaseException, trouble: str) -> None:
    items = run_of_everything()

    def some() -> Iterator[Result]:
        yield items[0]
        raise error

    header = Header("run", [kernel()], [item.scenario for item in items])
    out = io.StringIO()
    with pytest.raises(type(error)):
        write_report(open_report("json", header, out), header, some(), out)
    document = json.loads(out.getvalue())
    check("run", document)
    assert document["summary"]["pass"] == 1 and document["trouble"] == trouble


def test_an_end_that_has_begun_is_written_whatever_signal_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The results were all there, and their end was not: a document that nobody can read."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a suite in the background has it ignored
    items = run_of_everything()
    header = Header("run", [kernel()], [item.scenario for item in items])
    out = io.StringIO()
    reporter = open_report("json", header, out)
    finish = reporter.finish

    def interrupted(tally: Tally) -> None:
        signal.raise_signal(signal.SIGINT)
        finish(tally)

    monkeypatch.setattr(reporter, "finish", interrupted, raising=False)
    try:
        with pytest.raises(KeyboardInterrupt):
            write_report(reporter, header, items, out)
    finally:
        signal.signal(signal.SIGINT, before)
    document = json.loads(out.getvalue())
    check("run", document)
    assert len(document["results"]) == len(items) and document["summary"]["pass"] == 1


def test_results_are_there_as_they_come() -> None:
    items = run_of_everything()
    out = io.StringIO()
    header = Header("run", [kernel()], [item.scenario for item in items])
    reporter = open_report("json", header, out)
    reporter.start()
    reporter.add(items[0])
    last = out.getvalue().splitlines()[-1]
    assert json.loads(last)["scenario"] == "good"


def test_equal_results_give_equal_bytes() -> None:
    assert rendered("json", "run", [kernel()], run_of_everything()) == rendered(
        "json", "run", [kernel()], run_of_everything()
    )
