"""The executor behind a command: real kernels wherever a Python can be started, and whatever says that it is one."""

from __future__ import annotations

import shlex
import shutil

from mremapcheck.base.errors import ExecutorError, KernelReferenceError
from mremapcheck.base.progress import Line
from mremapcheck.base.text.terminal import one_line, quote
from mremapcheck.executors.live.window import Queue, Task
from mremapcheck.executors.protocol import Kernel
from mremapcheck.executors.remote import frames
from mremapcheck.executors.remote.executor import RemoteExecutor
from mremapcheck.executors.remote.peer import PeerEnded, patience
from mremapcheck.executors.via.session import Greeting, Session, Unanswered
from mremapcheck.linux import platforms
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution

#: Seconds until a Python must speak: a connection, a container, an emulator on a slow machine.
_PATIENCE = 60.0
#: Scenarios that a worker runs in one go.
_BATCH = 32
#: Scenarios on their way at a time where the other side takes more whenever it has room; and where each session is
#: told everything at its beginning, so that a few long ones are better.
_WINDOW, _WHOLE = 256, 2048


class ViaExecutor(RemoteExecutor):
    """Runs scenarios behind ``command``, with ``jobs`` workers there.

    ``timeout`` is in seconds, for one scenario. Raises KernelReferenceError where there is no such command,
    ExecutorError where it gives no Python that can be used.
    """

    place = "behind this command"

    def __init__(self, command: str, *, timeout: float = 30.0, jobs: int = 1) -> None:
        self._command = _split(command)
        reference = one_line(f"via:{command}")
        self._talks, self._greeting = _meet(reference, self._command)
        self._kernel = _kernel(reference, self._greeting)
        super().__init__(reference, timeout, self._kernel.platform)
        self.window, self.refill = (_WINDOW, _WINDOW // 2) if self._talks else (_WHOLE, 0)
        self.user_end = self._greeting.user_end
        self._slots = jobs
        self._session: Session | None = None
        self._due = 0

    @property
    def kernel(self) -> Kernel:
        """The kernel of the other side."""
        return self._kernel

    def _send(self, tasks: list[Task]) -> None:
        if self._session and (self._due or self._session.is_alive()):
            self._send_plans(self._session, tasks)
        else:
            self._open(tasks)
        self._due += len(tasks)

    def _open(self, tasks: list[Task]) -> None:
        self._give_up()
        self._session = session = Session(self._command, self._talks)
        session.send(frames.SET_UP, (self._timeout, 0, _BATCH))
        self._send_plans(session, tasks)
        try:
            greeting = session.begin(self._slots, patience(_PATIENCE), self._line.tick)
        except PeerEnded as ended:
            raise _error(self._reference, ended) from None
        if greeting != self._greeting:
            raise ExecutorError(
                f"{self._reference}: another machine answers now: Linux {greeting.release} "
                f"({greeting.version}) instead of {self._greeting.release} ({self._greeting.version})",
                "did it restart, or does the name stand for several?",
            )

    def _look_at(self, log: list[str]) -> None:
        """Nobody reads the log of a kernel that is not ours alone."""

    def _answer(self, queue: Queue, first: Task) -> Execution | None:
        assert self._session is not None
        try:
            kind, what, _ = self._receive(self._session, first.number)
            execution = self._read_answer(self._session, first.prepared, kind, what)
        except PeerEnded as ended:
            raise _error(self._reference, ended, first) from None
        self._due -= 1
        return execution

    def _give_up(self) -> None:
        if self._session:
            self._session.stop()
        self._session = None
        self._answers.clear()
        self._due = 0

    def __enter__(self) -> ViaExecutor:
        return self

    def __exit__(self, *exc: object) -> None:
        self._give_up()
        self._line.clear()


def _split(command: str) -> list[str]:
    """Return the words of a command, as a shell would have them, and the path of its program."""
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise KernelReferenceError(f"{quote(f'via:{command}', 120)}: {error}", "quote it as for a shell") from None
    if not words:
        raise KernelReferenceError("`via:` names no command", "as in via:'ssh lab1 python3'")
    program = shutil.which(words[0])
    if program is None:
        raise KernelReferenceError(
            f"{quote(f'via:{command}', 120)}: there is no command {quote(words[0])}",
            "it is run without a shell: via:'sh -c \"...\"' has one",
        )
    return [program, *words[1:]]


def _meet(reference: str, command: list[str]) -> tuple[bool, Greeting]:
    """Return whether the Python can be talked to, and what it says of itself; raise ExecutorError without one."""
    line = Line(reference)
    line.say("connecting")
    talks = True
    while True:
        session = Session(command, talks)
        try:
            greeting = session.probe(patience(_PATIENCE), line.tick)
            return talks and greeting.interactive, greeting
        except PeerEnded as ended:
            if not (talks and isinstance(ended, Unanswered) and ended.again):
                raise _error(reference, ended) from None
            talks = False
        finally:
            session.stop()
            line.clear()


def _error(reference: str, ended: PeerEnded, task: Task | None = None) -> ExecutorError:
    during = f", while {task.prepared.scenario.name} was awaited" if task else ""
    lines = "".join(f"\n| {line}" for line in ended.log)
    hint = ended.hint if isinstance(ended, Unanswered) else ""
    return ExecutorError(f"{reference}: {ended.reason}{during}{lines}", hint)


def _kernel(reference: str, greeting: Greeting) -> Kernel:
    """Return the kernel of a Python; raise ExecutorError where it is none that scenarios can be run on."""
    if greeting.system != "Linux":
        raise ExecutorError(f"{reference}: it runs {greeting.system}, and mremap(2) is Linux's")
    if greeting.bits != 64:
        raise ExecutorError(f"{reference}: its Python is a {greeting.bits}-bit program", "name a 64-bit one")
    platform = platforms.of(greeting.machine, greeting.page_size)
    if platform is None:
        raise ExecutorError(
            f"{reference}: it runs on {greeting.machine} with pages of {greeting.page_size >> 10}K",
            f"scenarios can be run on {', '.join(platforms.PLATFORMS)}",
        )
    try:
        version = KernelVersion.of_build(greeting.release, greeting.version)
    except KernelReferenceError as error:
        raise ExecutorError(f"{reference}: its release makes no sense: {error.message}") from None
    return Kernel(reference, "via", greeting.release, version, platform=platform)
