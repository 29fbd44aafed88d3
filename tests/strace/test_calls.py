"""The one list of calls."""

from __future__ import annotations

import pytest

from mremapcheck.cli.main import call
from mremapcheck.convert.strace.calls import CALLS, strace_set
from mremapcheck.convert.strace.effects import EFFECTS

PROCESSES = {"clone", "clone3", "fork", "vfork", "execve", "execveat"}


def test_each_call_of_the_list_is_read_and_traced() -> None:
    assert set(EFFECTS) | PROCESSES | {"mremap"} == set(CALLS)
    assert [name.lstrip("?") for name in strace_set().split(",")] == list(CALLS)


def test_the_help_names_them_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert call(["import", "--help"]) == 0
    words = set(capsys.readouterr().out.replace(",", " ").replace(".", " ").split())
    assert set(CALLS) <= words
