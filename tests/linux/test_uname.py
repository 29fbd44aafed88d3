"""The machine and its kernel, as they are and not as a personality has them."""

from __future__ import annotations

import os

import pytest

from mremapcheck.linux import platforms, uname


class _Uname:
    def __init__(self, machine: str, release: str) -> None:
        self.machine = machine
        self.release = release
        self.version = "#1 SMP"


@pytest.mark.parametrize(("said", "machine"), [("i686", "x86_64"), ("armv8l", "aarch64"), ("x86_64", "x86_64")])
def test_a_program_of_64_bits_runs_on_a_machine_of_64_bits(
    monkeypatch: pytest.MonkeyPatch, said: str, machine: str
) -> None:
    monkeypatch.setattr(os, "uname", lambda: _Uname(said, "6.17.1"))
    assert platforms.machine() == machine


def test_releases_of_the_old_numbering_are_a_disguise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: _Uname("x86_64", "2.6.78"))
    monkeypatch.setattr(uname, "read_file", lambda path: b"6.18.44\n" if path.endswith("osrelease") else b"")
    assert uname.build() == ("6.18.44", "#1 SMP")


def test_other_releases_are_what_uname_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """QEMU's user mode tells another release than /proc does, and behaves so."""
    monkeypatch.setattr(os, "uname", lambda: _Uname("x86_64", "4.19.0"))
    assert uname.build() == ("4.19.0", "#1 SMP")


def test_a_sandbox_may_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "uname", refuse)
    assert platforms.machine() == ""
