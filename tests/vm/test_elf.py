from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mremapcheck.executors.vm.images import elf
from tests.images.factories import vmlinux
from tests.tools import tool


def test_the_loadable_part_of_an_interpreter_still_runs(tmp_path: Path) -> None:
    source = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    trimmed = elf.loadable_part(source.read_bytes())
    assert len(trimmed) <= source.stat().st_size
    copy = tmp_path / "python"
    copy.write_bytes(trimmed)
    copy.chmod(0o755)
    done = subprocess.run(
        [copy, "-I", "-S", "-c", "print(6 * 7)"],
        capture_output=True,
        text=True,
        env={"LD_LIBRARY_PATH": str(source.parent.parent / "lib"), "PYTHONHOME": sys.base_prefix},
        check=False,
    )
    assert done.stdout == "42\n", done.stderr


def test_the_notes_tell_whether_qemu_can_boot_it() -> None:
    assert elf.has_pvh_entry(vmlinux(pvh=True))
    assert not elf.has_pvh_entry(vmlinux(pvh=False))


@given(st.binary(max_size=200))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(elf.ElfError):
        elf.segments(data[:4].replace(b"\x7f", b".") + data[4:])


@given(st.data())
def test_damage_raises_nothing_else(data: st.DataObject) -> None:
    whole = bytearray(vmlinux())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, 200))] = data.draw(st.integers(0, 255))
    try:
        elf.has_pvh_entry(whole)
        elf.loadable_part(whole)
        elf.interpreter(whole)
    except elf.ElfError:
        pass


def test_the_libraries_that_a_program_needs() -> None:
    program = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    told = subprocess.run(
        [tool("readelf"), "-d", str(program)], capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
    ).stdout
    assert elf.needed(program.read_bytes()) == re.findall(r"\(NEEDED\).*\[(.*)\]", told)
    assert elf.needed(vmlinux()) == []
