"""What every executor is: something that runs scenarios and tells what it saw."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Protocol

from mremapcheck.base.dataclass import dataclass
from mremapcheck.linux.platforms import USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution
from mremapcheck.scenario.document import Scenario


@dataclass(frozen=True, slots=True)
class Kernel:
    """Which kernel answered: the reference as it was written, which executor it has, its release and known changes.

    ``executor`` is live, model, vm, via or recorded. ``version`` is what ``expect`` ranges are held against.
    ``changes`` are ids of the registry, in its order; None where nobody knows them (a real kernel that was not
    identified). ``acceleration`` is how a virtual machine runs: kvm or tcg. ``switched_on`` are changes that an option
    at boot stands for: the kernel may have them without being newer.
    """

    reference: str
    executor: str
    release: str
    version: KernelVersion
    changes: tuple[str, ...] | None = None
    acceleration: str | None = None
    switched_on: tuple[str, ...] = ()
    platform: Platform = USUAL

    @property
    def is_real(self) -> bool:
        """Tell whether a kernel answers itself, which takes its time."""
        return self.is_here or self.executor == "via"

    @property
    def is_here(self) -> bool:
        """Tell whether it does so on this machine, for all that is known."""
        return self.executor in ("live", "vm")

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object that reports have, with the version where the release does not tell it."""
        data: dict[str, Any] = {
            "reference": self.reference,
            "executor": self.executor,
            "release": self.release,
            "platform": self.platform.name,
            "page_size": self.platform.page_size,
            "changes": None if self.changes is None else list(self.changes),
        }
        if KernelVersion.parse(self.release) != self.version:
            data["version"] = str(self.version)
        if self.acceleration is not None:
            data["acceleration"] = self.acceleration
        if self.switched_on:
            data["switched_on"] = list(self.switched_on)
        return data


class Executor(Protocol):
    """A kernel that can be asked; results come in the order of the scenarios, each as soon as it is there.

    Use as a context manager: leaving it ends every process that it started.
    """

    @property
    def kernel(self) -> Kernel:
        """Which kernel answers."""
        ...

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Run the scenarios, in order; raise ExecutorError where the executor itself cannot go on."""
        ...

    def __enter__(self) -> Executor: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None, /
    ) -> None: ...
