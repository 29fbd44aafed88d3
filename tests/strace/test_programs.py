"""Real programs: each of their calls, drawn for itself, gives its result again on this kernel and on its model."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.strace.measure import measure_command
from tests.tools import missing, tool

#: All of these fork.
pytestmark = pytest.mark.alone

PROGRAMS = {
    "lists and bytearrays": "a = []\nfor i in range(400_000): a.append(i)\nb = bytearray()\n"
    "for i in range(800): b.extend(bytes(4096))\nwhile len(b) > 100: del b[len(b) // 2:]",
    # From Python 3.14 on no shared one is resized that has no file.
    "mmap.resize": "import mmap, tempfile\nm = mmap.mmap(-1, 8192, flags=mmap.MAP_PRIVATE)\n"
    "for n in (4, 16, 64, 1, 256): m.resize(n * 4096)\n"
    "f = tempfile.TemporaryFile()\nf.truncate(8192)\nm = mmap.mmap(f.fileno(), 8192)\n"
    "for n in (4, 16, 64, 1): m.resize(n * 4096)",
    "forks and threads": "import mmap, os, threading\nb = bytearray(1 << 20)\n"
    "m = mmap.mmap(-1, 1 << 16, flags=mmap.MAP_PRIVATE)\n"
    "for k in range(3):\n    if not (pid := os.fork()):\n        m.resize(1 << 17 + k)\n"
    "        b.extend(bytes(1 << 20))\n"
    "        os._exit(0)\n    b.extend(bytes(1 << 20))\n    os.waitpid(pid, 0)\n"
    "def grow():\n    c = bytearray()\n    for i in range(60): c.extend(bytes(1 << 16))\n"
    "threads = [threading.Thread(target=grow) for _ in range(3)]\n"
    "[t.start() for t in threads]\n[t.join() for t in threads]",
    "a database that is mapped": "import sqlite3, tempfile\nc = sqlite3.connect(tempfile.mkdtemp() + '/db')\n"
    "c.execute('pragma mmap_size=67108864')\nc.execute('create table t(a)')\n"
    "for i in range(6):\n    c.executemany('insert into t values (?)', [(bytes(900),)] * 300)\n    c.commit()\n"
    "    c.execute('select sum(length(a)) from t').fetchall()",
}
REALLOC = r"""
#include <stdlib.h>
int main(void)
{
	char *memory = 0;
	for (size_t pages = 40; pages < 400; pages += 7) {
		memory = realloc(memory, pages * 4096);
		memory[0] = memory[pages * 4096 - 1] = 1;
	}
	return memory == 0;
}
"""


def _holds(*command: str) -> None:
    row = measure_command(command)
    assert row.made
    assert (row.unread, row.wrong, dict(row.reasons)) == (0, [], {})
    assert row.represented == row.live == row.model == row.made


@pytest.fixture(scope="module", autouse=True)
def strace() -> None:
    if subprocess.run([tool("strace"), "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        missing("strace may not trace here")


@pytest.mark.parametrize("name", list(PROGRAMS))
def test_python(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    _holds(sys.executable, "-c", PROGRAMS[name])


def test_realloc_under_glibc(tmp_path: Path) -> None:
    (tmp_path / "grow.c").write_text(REALLOC)
    subprocess.run([tool("cc"), "-O0", "-o", tmp_path / "grow", tmp_path / "grow.c"], check=True)
    _holds(str(tmp_path / "grow"))


@pytest.mark.parametrize("seed", ["1", "9"])
def test_calls_at_random(seed: str, tmp_path: Path) -> None:
    """Few are not represented: those after a call that failed halfway, and a log does not show how far it came."""
    source = Path(__file__).with_name("random.c")
    subprocess.run([tool("cc"), "-O1", "-o", tmp_path / "random", source, "-pthread"], check=True)
    row = measure_command([str(tmp_path / "random"), seed, "600"])
    assert row.made > 150
    assert row.unread == 0
    assert row.represented == row.live == row.model >= 0.98 * row.made
