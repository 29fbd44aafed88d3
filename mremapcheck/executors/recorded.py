"""An executor that only repeats what an earlier ``run --record FILE`` (or ``--format json``) wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mremapcheck.base.documents import read_document
from mremapcheck.base.errors import FileError, KernelReferenceError
from mremapcheck.base.text.terminal import quote
from mremapcheck.executors.protocol import Kernel
from mremapcheck.linux.platforms import PLATFORMS, USUAL
from mremapcheck.linux.platforms.platform import Platform
from mremapcheck.linux.versions.version import KernelVersion
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.outcome.schema import WORDS
from mremapcheck.scenario.document import Scenario
from mremapcheck.scenario.drawing import MOST_PAGES

_HINT = "make one with `mremapcheck run --record FILE`"
#: Older reports count fewer statuses, and nobody needs their summary.
_WORDS = {**WORDS, "counts": {"type": "object"}}


class RecordedExecutor:
    """Answers for the scenarios of a file, found by name and held to their digest; skips those that it lacks."""

    def __init__(self, path: str) -> None:
        """Read the file; raises KernelReferenceError where that fails, FileError where it is no run's report."""
        self._path = path
        try:
            document = read_document(Path(path), "run", "the report of a run", _HINT, _WORDS)
        except OSError as error:
            message = f"`recorded:{path}`: the file cannot be read: {error.strerror}"
            raise KernelReferenceError(message, _HINT) from None
        kernel = document["kernel"]
        if kernel is None:
            raise FileError(path, "this is the report of a run that came to nothing", _HINT)
        changes = kernel["changes"]
        try:
            version = KernelVersion.parse(kernel.get("version", kernel["release"]))
        except KernelReferenceError as error:
            raise FileError(path, f"this is not the report of a run: kernel: {error.message}", error.hint) from None
        self._kernel = Kernel(
            f"recorded:{path}",
            "recorded",
            kernel["release"],
            version,
            None if changes is None else tuple(changes),
            switched_on=tuple(kernel.get("switched_on", ())),
            platform=self._platform(kernel),
        )
        self._results: dict[str, list[tuple[str, Execution]]] = {}
        for result in document["results"]:
            execution = _execution(result)
            outcome = execution.outcome
            if outcome is not None and sum(mapping.pages for mapping in outcome.mappings) > MOST_PAGES:
                what = f"more is mapped after {result['scenario']} than a scenario can map"
                raise FileError(path, f"this is not the report of a run: {what}", _HINT)
            self._results.setdefault(result["scenario"], []).append((result["digest"], execution))

    def _platform(self, kernel: dict[str, Any]) -> Platform:
        """Return the kernel's platform; what older versions recorded does not name any."""
        name = kernel.get("platform", USUAL.name)
        if name not in PLATFORMS:
            raise FileError(self._path, f"this was recorded on {quote(name)}, of which nothing is known here", _HINT)
        return PLATFORMS[name]

    @property
    def kernel(self) -> Kernel:
        """The kernel of which it was recorded."""
        return self._kernel

    def run(self, scenarios: Iterable[Scenario]) -> Iterator[Execution]:
        """Yield what was recorded; another scenario of the same name is an error, never an answer."""
        for scenario in scenarios:
            known = self._results.get(scenario.name, [])
            found = [execution for digest, execution in known if digest == scenario.digest]
            if found:
                yield found[0]
            elif known:
                reason = (
                    f"{self._path} recorded another scenario of this name (digest {known[0][0]}, not {scenario.digest})"
                )
                yield Execution("error", None, reason)
            else:
                yield Execution("skip", None, f"not recorded in {self._path}")

    def __enter__(self) -> RecordedExecutor:
        return self

    def __exit__(self, *exc: object) -> None:
        pass


def _execution(result: Any) -> Execution:
    outcome = result["outcome"]
    if outcome is not None:
        return Execution("ran", Outcome.from_json(outcome))
    return Execution("skip" if result["status"] == "skip" else "error", None, result["reason"])
