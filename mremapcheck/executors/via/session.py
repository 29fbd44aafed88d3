"""One run of the command: its standard input, output and error, and how it ended if it did not do as it should."""

from __future__ import annotations

import os
import re
import selectors
import signal
from dataclasses import dataclass

from mremapcheck.base.errors import ExecutorError
from mremapcheck.base.text.terminal import one_line
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.peer import PATIENCE, Peer, PeerEnded, Tick
from mremapcheck.executors.via.script import FIRST_LINE, FLAGS, IS_A_SHELL, TOO_OLD, script
from mremapcheck.linux.programs import ProcessTree

_CHUNK = 1 << 16
#: Bytes of what is said besides messages that are kept: how it began on standard output, how it ended on the other.
_KEPT = 4096
#: Lines of it that are shown, and characters of each.
_SHOWN, _WIDE = 5, 200
#: Seconds that a command is given to end by itself, and once more when it was asked to: podman removes its container.
_GRACE = 1.0
_TOO_OLD = re.compile(rf"{TOO_OLD}([0-9]+\.[0-9]+)$", re.MULTILINE)
#: What an interactive Python asks with.
_PROMPTS = re.compile(r"^(?:(?:>>>|\.\.\.) )+")
_TRY = "`COMMAND` must be a Python that takes a program from its standard input: echo 'print(1)' | COMMAND"
_PASSWORD = re.compile(r"password|passphrase|permission denied \(", re.IGNORECASE)
_MORE_TIME = f"{PATIENCE}=SECONDS gives it more time"
_NO_PASSWORD = "nobody can type a password here: let it do without one (ssh-agent, a key, `sudo -n`)"


class Unanswered(PeerEnded):
    """No Python spoke; ``hint`` tells what may help. ``again``: it may be another matter without ``FLAGS``."""

    def __init__(self, reason: str, log: list[str], hint: str = _TRY, again: bool = True) -> None:
        super().__init__(reason, log)
        self.hint = _NO_PASSWORD if _PASSWORD.search(" ".join([reason, *log])) else hint
        self.again = again


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the Python behind the command says first.

    ``page_size`` in bytes, ``bits`` of a pointer; ``user_end``: where user space ends, 0 on an unknown platform.
    """

    system: str
    release: str
    version: str
    machine: str
    page_size: int
    bits: int
    user_end: int
    python: str
    interactive: bool


class Session(Peer):
    """The command with a Python in it. Raises ExecutorError where it cannot be started.

    ``talks``: the command passes ``FLAGS`` on, and Python takes messages for as long as it lives. Otherwise all that it
    is ever told comes with the script: every message that was sent before ``begin``.
    """

    def __init__(self, command: list[str], talks: bool) -> None:
        super().__init__()
        self._talks = talks
        self._greeted = False
        self._ends = False
        self._said = bytearray()
        self._complaints = bytearray()
        self._decoder = frames.Decoder()
        self._selector = selectors.DefaultSelector()
        ends = [os.pipe(), os.pipe(), os.pipe()]
        (read, self._input), (self._output, write), (self._error, complain) = ends
        try:
            self._family = ProcessTree([*command, FLAGS] if talks else command, streams=(read, write, complain))
        except OSError as error:
            for end in (self._input, self._output, self._error):
                os.close(end)
            raise ExecutorError(f"{command[0]} does not start: {error.strerror or error}") from None
        finally:
            for end in (read, write, complain):
                os.close(end)
        self._open = {self._input, self._output, self._error}
        for end in self._open:
            os.set_blocking(end, False)
        for end in (self._output, self._error):
            self._selector.register(end, selectors.EVENT_READ)

    def begin(self, slots: int, patience: float, tick: Tick) -> Greeting:
        """Tell what there is to do, to so many workers, and wait for the greeting; raise PeerEnded without one."""
        if not self._talks:
            return self._greet(script(slots, bytes(self._out)), True, patience, tick)
        first, self._out = self._out, bytearray()
        greeting = self._greet(script(slots, None), False, patience, tick)
        self._out += first
        return greeting

    def probe(self, patience: float, tick: Tick) -> Greeting:
        """Only wait for the greeting."""
        return self._greet(script(0, b""), True, patience, tick)

    def is_alive(self) -> bool:
        """Tell whether it can still be talked to."""
        return self._talks and self._family.poll() is None

    def log(self) -> list[str]:
        """Return the last lines of standard error."""
        lines = [_PROMPTS.sub("", line).rstrip() for line in self._complaints.decode("utf-8", "replace").splitlines()]
        return [one_line(line)[:_WIDE] for line in lines if line.strip()][-_SHOWN:]

    def stop(self) -> None:
        """Hang up, ask the command to end if it does not, and end by force what is left of it."""
        self._selector.close()
        for end in self._open:
            os.close(end)
        self._open.clear()
        if self._family.poll(_GRACE) is None:
            self._family.ask_to_end(_GRACE)
        self._family.end()

    def _greet(self, program: bytes, ends: bool, patience: float, tick: Tick) -> Greeting:
        """Send the program, after which the input ``ends`` or not, and wait for the greeting."""
        self._out[:] = program
        self._ends = ends
        kind, values = self.receive(patience, tick)
        if kind != frames.GREETING:
            raise PeerEnded(f"{self.who} began with a message of kind {kind}, and no greeting", self.log())
        self._greeted = True
        return Greeting(**values)

    def _pump(self, seconds: float) -> bool:
        if self._out and self._input in self._open and self._input not in self._selector.get_map():
            self._selector.register(self._input, selectors.EVENT_WRITE)
        came = False
        for key, _ in self._selector.select(seconds):
            end = key.fd
            if end == self._input:
                self._write()
            else:
                came = self._read(end) or came
        return came

    def _write(self) -> None:
        try:
            del self._out[: os.write(self._input, self._out[:_CHUNK])]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self._out.clear()  # it reads no more: seen soon enough
        if not self._out:
            self._selector.unregister(self._input)
            if self._ends:
                self._open.discard(self._input)
                os.close(self._input)

    def _read(self, end: int) -> bool:
        try:
            data = os.read(end, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._selector.unregister(end)
            self._open.discard(end)
            os.close(end)
            return False
        if end == self._error:
            self._complaints += data
            del self._complaints[:-_KEPT]
            return True
        if not self._greeted:
            self._said += data[: _KEPT - len(self._said)]
        self._hear(self._decoder, data)
        return True

    def _has_ended(self) -> bool:
        return self._output not in self._open or self._family.poll() is not None

    def _broken(self, error: frames.FrameError) -> PeerEnded:
        if self._greeted:
            return super()._broken(error)
        return Unanswered("it writes something else than a Python with our program in it", self._last_lines())

    def _silence(self, patience: float) -> PeerEnded:
        if self._greeted:
            return super()._silence(patience)
        lines = self._last_lines()
        reason = f"no Python answered within {patience:.0f} s"
        return Unanswered(reason if lines else f"{reason}, and nothing was said", lines, _MORE_TIME, again=False)

    def _autopsy(self) -> PeerEnded:
        status = self._family.poll(_GRACE)
        how = _how(status)
        if self._greeted:
            return PeerEnded(f"the connection was lost: the command {how}", self.log())
        if found := _TOO_OLD.search(self._said.decode("utf-8", "replace")):
            reason = f"it gives Python {found[1]}, and 3.10 or newer is needed"
            return Unanswered(reason, [], "name a newer one: python3.10, python3.12 ...", again=False)
        if status == IS_A_SHELL:
            return Unanswered("it gives a shell and no Python", self.log(), "name `python3` at its end")
        if FIRST_LINE in _lines(self._said):
            return Unanswered("it only gives back what it is told", [])
        lines = self._last_lines()
        return Unanswered(f"it {how} {'before any Python answered' if lines else 'and said nothing'}", lines)

    def _last_lines(self) -> list[str]:
        return _lines(self._said)[-_SHOWN:] + self.log()


def _how(status: int | None) -> str:
    if status is None:
        return "closed its output"
    if status < 0:
        return f"was killed by {signal.Signals(-status).name}"
    return f"ended with status {status}"


def _lines(said: bytes | bytearray) -> list[str]:
    return [one_line(line)[:_WIDE] for line in said.decode("utf-8", "replace").splitlines() if line.strip()]
