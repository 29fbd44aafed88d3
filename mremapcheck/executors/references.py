"""From a kernel reference to the executor it names. Each is imported only when it is asked for."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from mremapcheck.base.errors import KernelReferenceError
from mremapcheck.base.text.terminal import quote

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from mremapcheck.executors.protocol import Executor

#: Seconds that one scenario may take on a real kernel before its worker is given up.
TIMEOUT = 30.0
#: What can be asked, as it is written, and what it names; the words are for the manual.
FORMS = {
    "live": "the running kernel",
    "6.17-rc2": "the model of a release, a release candidate or a stable update",
    "6.17@PLATFORM": "the model of that release on another machine than x86-64: `help platforms` lists them",
    "6.16+CHANGE": "the model with a change added (an id or a commit)",
    "6.17-CHANGE": "the model with a change taken away",
    "vm:6.17.13": "a real kernel in a virtual machine, by a name or version that `mremapcheck kernels` lists",
    "vm:PATH": "the same, by its image: a bzImage, vmlinux, build tree, folder, .deb or .rpm",
    "via:COMMAND": "the kernel behind any command that gives a Python: `via:'ssh lab1 python3'`",
    "recorded:FILE": "what an earlier run kept, with `run --record FILE` or as its JSON report",
}
#: Scheme -> what such references name.
_NAMES = {
    "vm": "`vm:6.17` is a kernel that `mremapcheck kernels` lists, `vm:PATH` an image",
    "via": "`via:'ssh lab1 python3'` is the kernel of lab1",
    "recorded": "`recorded:FILE` is what `mremapcheck run --record FILE` kept",
}
#: References that need no processes here to share scenarios: one is only read, the other shares them over there.
_BY_THEMSELVES = ("recorded:", "via:")


def is_model(reference: str) -> bool:
    """Tell whether a reference names a model: neither ``live`` nor anything with a scheme before a colon."""
    return reference != "live" and ":" not in reference


@contextmanager
def open_executors(
    references: Iterable[str], *, timeout: float | None = None, jobs: int = 1
) -> Iterator[list[Executor]]:
    """Open the executors for a row of references, and close all of them in the end; see ``open_executor``."""
    with ExitStack() as stack:
        yield [stack.enter_context(open_executor(each, timeout=timeout, jobs=jobs)) for each in references]


def open_executor(reference: str, *, timeout: float | None = None, trace: bool = False, jobs: int = 1) -> Executor:
    """Return the executor for a reference, not entered yet.

    ``timeout``: seconds for one scenario, on real kernels only; None: the usual. ``trace``: keep the steps, models
    only. ``jobs``: how many processes share the scenarios. Raises KernelReferenceError for a reference that names
    nothing, ExecutorError for one that cannot work on this machine.
    """
    timeout = timeout or TIMEOUT
    if jobs > 1 and not reference.startswith(_BY_THEMSELVES):
        from mremapcheck.executors.parallel import Parallel

        return Parallel(lambda: open_executor(reference, timeout=timeout, trace=trace), jobs)
    if reference == "live":
        from mremapcheck.executors.live.executor import LiveExecutor

        return LiveExecutor(timeout=timeout)
    if reference.startswith("live@"):
        raise KernelReferenceError(
            f"{quote(reference, 120)}: `live` is this machine, on its own platform", "say `live`, or `vm:6.17@arm64`"
        )
    scheme, colon, rest = reference.partition(":")
    if scheme in _NAMES and colon and not rest.strip():
        raise KernelReferenceError(f"{quote(reference, 120)} names nothing", _NAMES[scheme])
    if scheme == "vm" and colon:
        from mremapcheck.executors.vm.executor import VmExecutor

        return VmExecutor(rest, timeout=timeout)
    if scheme == "via" and colon:
        from mremapcheck.executors.via.executor import ViaExecutor

        return ViaExecutor(rest, timeout=timeout, jobs=jobs)
    if scheme == "recorded" and colon:
        from mremapcheck.executors.recorded import RecordedExecutor

        return RecordedExecutor(rest)
    if colon:
        raise KernelReferenceError(
            f"{quote(reference, 120)}: there is no {quote(scheme + ':')}",
            "a reference is `live`, a version such as 6.17-rc2, `vm:6.17.13`, or `via:'ssh lab1 python3'`",
        )
    from mremapcheck.executors.model.executor import ModelExecutor
    from mremapcheck.executors.model.reference import resolve

    return ModelExecutor(resolve(reference), trace=trace)
