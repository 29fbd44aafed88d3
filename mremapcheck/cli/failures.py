"""What becomes of an error: a message, a hint, an exit code; with ``--format json`` a document as well."""

from __future__ import annotations

import errno
import io
import os
import traceback
from typing import TYPE_CHECKING, Any

from mremapcheck.base.errors import ExecutorError, FileError, MremapcheckError, OutputError, ScenarioError
from mremapcheck.cli import codes
from mremapcheck.cli.environment import Interrupted, Terminated, tell
from mremapcheck.cli.output import Stdout, given_up

if TYPE_CHECKING:
    from mremapcheck.cli.request import Request

#: Commands whose report says what ended it, once it has begun.
_TELL_BY_THEMSELVES = ("run", "compare", "matrix", "faults", "fuzz", "enumerate", "distinguish")

#: What became of a path, and is nobody's bug.
_NOT_OURS = (errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR, errno.EROFS, errno.EIO)
_MORE_MEMORY = "raise RLIMIT_AS and RLIMIT_DATA (ulimit -v, -d)"
_ANOTHER = "give one that this user may use"
_CANNOT_WRITE = (errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def answer(error: BaseException, request: Request) -> int:
    """Tell the user about an error and return the exit code.

    A user's mistake gets its message and never a traceback; a bug of ours gets the place of its traceback.
    """
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    error = _interrupt(error) or error
    if isinstance(error, KeyboardInterrupt):
        if not (Stdout.used and request.command in _TELL_BY_THEMSELVES):
            _tell(str(error) or "interrupted")
        return codes.of_signal(error.number) if isinstance(error, Terminated) else codes.INTERRUPTED
    if isinstance(error, OSError) and error.filename is None and error.errno in _CANNOT_WRITE:
        error = given_up(error)  # typer writes its help itself
    error = _lacking(error) or error
    if isinstance(error, OutputError):
        if not error.silent:
            _tell(str(error))
        return codes.of_error(error, request.bisect)
    if isinstance(error, MremapcheckError):
        if isinstance(error, ScenarioError | FileError):
            tell(f"{error}\n")
        else:
            _tell(str(error))
        return _with_document(_problems(error), codes.of_error(error, request.bisect), request)
    if hasattr(error, "exit_code"):  # typer's own: usage errors, and Exit and Abort
        return _usage(error, request)
    return _bug(error, request)


def _interrupt(error: BaseException) -> KeyboardInterrupt | None:
    """Return the interrupt that an error is, or that it was made of: by Python in ``__set_name__``, or by typer."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Interrupted):
            return cause.interrupt
        if isinstance(cause, KeyboardInterrupt):
            return cause
        cause = cause.__cause__
    return None


def _lacking(error: BaseException) -> MremapcheckError | None:
    """Return what this place lacks, or refuses, that the program cannot do without; None for any other error."""
    if isinstance(error, MemoryError):
        return ExecutorError("there is no memory for mremapcheck itself", f"{_MORE_MEMORY}, or ask for less")
    if isinstance(error, ImportError) and "failed to map segment" in str(error):  # so says the dynamic linker
        return ExecutorError(f"a library cannot be loaded: {error}", f"{_MORE_MEMORY}, or keep it on no noexec mount")
    if not isinstance(error, OSError):
        return None
    if error.errno == errno.EAGAIN:
        return ExecutorError("no process or thread can be started", "raise RLIMIT_NPROC (ulimit -u), or pids.max")
    if error.filename is not None and error.errno in _NOT_OURS:
        return FileError(os.fsdecode(error.filename), f"cannot be used: {error.strerror}", _ANOTHER)
    if isinstance(error, FileNotFoundError):
        return MremapcheckError("the current folder is there no more", "change to one that is")
    from mremapcheck.linux.sandbox import all_refused, remedy

    refused = all_refused() if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS) else ""
    return ExecutorError(f"refused here: {refused}", remedy()) if refused else None


def _usage(error: Any, request: Request) -> int:
    if not hasattr(error, "format_message"):
        return int(error.exit_code)
    shown = io.StringIO()
    error.show(shown)
    tell(shown.getvalue())
    problems = [_problem(error.format_message())]
    return _with_document(problems, codes.STOP if request.bisect else codes.USAGE, request)


def _bug(error: BaseException, request: Request) -> int:
    code = codes.STOP if request.bisect else codes.BUG
    text = "".join(traceback.format_exception(error))
    what = traceback.format_exception_only(error)[-1].strip()
    if os.environ.get("MREMAPCHECK_DEBUG"):
        tell(text)
        _tell(f"this is a bug in mremapcheck: {what}")
    else:
        _tell(f"this is a bug in mremapcheck: {what}\n  hint: please report it, with {_kept(text)}")
    return _with_document([_problem(f"bug in mremapcheck: {what}")], code, request)


def _kept(text: str) -> str:
    from tempfile import NamedTemporaryFile

    try:
        with NamedTemporaryFile("w", prefix="mremapcheck-bug-", suffix=".txt", delete=False) as file:
            file.write(text)
            return file.name
    except OSError:
        return "what MREMAPCHECK_DEBUG=1 shows"


def _tell(message: str) -> None:
    tell(f"mremapcheck: {message}\n")


def _problems(error: MremapcheckError) -> list[dict[str, Any]]:
    if isinstance(error, ScenarioError):
        return [problem.to_json() for problem in error.problems]
    return [_problem(error.message, error.hint, getattr(error, "path", ""))]


def _problem(message: str, hint: str = "", path: str = "") -> dict[str, Any]:
    return {"path": path, "line": 0, "column": 0, "level": "error", "message": message, "hint": hint}


def _with_document(problems: list[dict[str, Any]], code: int, request: Request) -> int:
    """Give the error to programs as well, unless a report has begun: that one says it by itself."""
    if not request.json or Stdout.used:
        return code
    from mremapcheck.report.formats.json import problems_document

    try:
        out = Stdout()
        out.write(problems_document(request.report, problems))
        out.flush()
    except OutputError as error:
        return codes.of_error(error, request.bisect)
    return code
