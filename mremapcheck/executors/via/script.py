"""What goes through a command's standard input: a few lines of Python that any Python can read, and the code in them.

Python reads a script to its end before it begins, unless it is interactive (``python3 -i``), when it does line after
line. So every statement here is one line. ``FLAGS`` make Python interactive where the command passes arguments on, and
then the tool can go on talking; else all that it has to say goes with the script.
"""

from __future__ import annotations

import base64
import zlib
from functools import lru_cache
from pathlib import Path

import mremapcheck
from mremapcheck.executors.via import loader

#: Interactive and quiet; without ``site``, which would keep a history; no bytecode is written.
FLAGS = "-iqSB"
#: The status that a shell ends with, if the command gives one: the first line has it exit, and means nothing to Python.
IS_A_SHELL = 97
FIRST_LINE = f'"exit" "{IS_A_SHELL}"'
#: What a Python says that is too old: its version comes after it.
TOO_OLD = "mremapcheck: Python "
#: All that the far side imports is among these.
_FILES = (
    "__init__.py",
    "base/*.py",
    "executors/__init__.py",
    "executors/live/*.py",
    "executors/remote/*.py",
    "executors/via/*.py",
    "scenario/__init__.py",
    "scenario/kinds/*.py",
    "linux/*.py",
    "linux/platforms/*.py",
)
_LINES = (
    FIRST_LINE,
    "import sys",
    "sys.dont_write_bytecode = True",
    "sys.path[:] = [path for path in sys.path if path]",  # nothing of the folder that this runs in
    "import base64, os, zlib",
    f'old = ("\\n{TOO_OLD}%d.%d\\n" % sys.version_info[:2]).encode()',
    "sys.version_info < (3, 10) and (os.write(1, old), os._exit(1))",
    'exec(zlib.decompress(base64.b64decode("CODE")))',
)


def script(slots: int, first: bytes | None) -> bytes:
    """Return the script for so many workers; ``first`` as ``far_side.main`` has it, but as it is."""
    said = None if first is None else base64.b64encode(first).decode()
    text = f"{Path(loader.__file__).read_text(encoding='utf-8')}\n\nstart({_sources()!r}, {slots}, {said!r})\n"
    code = base64.b64encode(zlib.compress(text.encode())).decode()
    return "\n".join([*_LINES, ""]).replace("CODE", code).encode()


@lru_cache(maxsize=1)
def _sources() -> dict[str, str]:
    """Return the modules by their path."""
    root = Path(mremapcheck.__file__).parent
    files = sorted(file for pattern in _FILES for file in root.glob(pattern))
    return {file.relative_to(root.parent).as_posix(): file.read_text(encoding="utf-8") for file in files}
