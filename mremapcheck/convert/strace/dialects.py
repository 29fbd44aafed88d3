"""What other tracers write, in strace's words: perf trace, and ltrace -S."""

from __future__ import annotations

import re

from mremapcheck.convert.strace.calls import CALLS
from mremapcheck.convert.strace.text import split_arguments

#: What is no system call, in words that the reader of logs passes over.
_NOTHING = "--- no system call"
_CALL = re.compile(r"(?:<\.\.\. )?[A-Za-z_][\w.@]*(?:\(| resumed>)")

_PERF = re.compile(
    r"\s*(?:\d+\.\d+|\?) \(\s*(?:\d+\.\d+ ms)?\s*\): "
    r"(?:[^(]*/)?(?P<pid>\d{1,10})\s+(?P<second>\.\.\. \[continued\]: )?(?P<rest>.*)"
)
_PERF_CALL = re.compile(r"([a-z_0-9]+)\((.*?)\)(\s*=\s.*|\s*=|\s*\.\.\.\s*)?$")
#: Flags that perf has no name for, where it shows nothing.
_UNNAMED = "?"
#: What a child returns from, of which its parent tells.
_TWICE = frozenset(("clone", "clone3", "fork", "vfork"))


def of_perf(line: str) -> tuple[int, str] | None:
    """Return (process, text) of a line of perf trace: it names arguments, and leaves out those that are zero."""
    found = _PERF.match(line)
    return (int(found["pid"]), _of_perf_call(found["rest"], bool(found["second"]))) if found else None


def _of_perf_call(text: str, second: bool) -> str:
    found = _PERF_CALL.match(text)
    if found is None or found[1] not in CALLS:
        return text
    name, inside, end = found[1], found[2], found[3] or ""
    if second and name in _TWICE and end.strip() in ("=", "= 0"):
        return _NOTHING
    if "..." in end:
        end = " <unfinished ...>"
    named = (part.partition(":") for part in split_arguments(inside) if ":" in part)
    given = {key: value.strip() or _UNNAMED for key, _, value in named}
    values = [given.pop(key, "0") for key in CALLS[name]]
    if "..." in end:
        return f"{name}({', '.join(values)}{end}"
    if second:
        return f"<... {name} resumed>){end}"
    return f"{name}({', '.join(values)}){end}"


#: Said of a log that has only the calls of libraries.
WITHOUT_SYSTEM_CALLS = (
    "The log looks like one of ltrace without -S: its calls are a library's, and not all that there were. "
    "Use `ltrace -S`, or strace."
)
_SYSTEM = re.compile(r"(?P<begin><\.\.\. )?(?:SYS_(?P<old>[a-z_0-9]+)|(?P<new>[a-z_0-9]+)@SYS)(?=\(| resumed>)")
#: What ltrace shows of mmap lacks the descriptor and the offset: it has four arguments unless it is told more.
_SHOWN = 4


class Ltrace:
    """ltrace -S prints the calls of libraries too, by the same names: system calls are those that begin with SYS_.

    Their results are the kernel's own: an errno is a negative number.
    """

    def __init__(self) -> None:
        #: Whether the log is ltrace's, as far as it was read.
        self.seen = False

    def translated(self, text: str) -> str:
        """Return the text of a line in strace's words."""
        if system := _SYSTEM.match(text):
            self.seen = True
            name = system["old"] or system["new"]
            return (system["begin"] or "") + ("syscall_" if name.isdigit() else "") + name + text[system.end() :]
        return _NOTHING if self.seen and _CALL.match(text) else text

    def completed(self, name: str, arguments: tuple[str, ...]) -> tuple[str, ...]:
        """Return arguments with a ``?`` for each that ltrace does not show."""
        if not self.seen or name not in ("mmap", "mremap") or len(arguments) != _SHOWN:
            return arguments
        return (*arguments, *"?" * (len(CALLS[name]) - _SHOWN))
