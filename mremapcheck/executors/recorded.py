"""An executor that only repeats what an earlier ``run --record FILE`` (or ``--format json``) wrote down."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from lzma import LZMAError
from pathlib import Path
from typing import Any

from mremapcheck.base.errors import KernelReferenceError, MremapcheckError
from mremapcheck.base.text_files import open_text
from mremapcheck.executors.protocol import Kernel
from mremapcheck.kernels.version import KernelVersion
from mremapcheck.outcome.outcome import Execution, Outcome
from mremapcheck.scenario.document import Scenario

_HINT = "make one with `mremapcheck run --record FILE`"


class RecordedExecutor:
    """Answers for the scenarios of a file, found by name and held to their digest; skips those that it lacks."""

    def __init__(self, path: str) -> None:
        """Read the file; raises KernelReferenceError where it is not the report of a run."""
        self._path = path
        try:
            with open_text(Path(path), "r") as file:
                document = json.load(file)
            if document["schema"] != "mremapcheck.run/1":
                raise ValueError(f"its schema is {document['schema']}")
            kernel = document["kernel"]
            changes = kernel["changes"]
            version = KernelVersion.parse(kernel.get("version", kernel["release"]))
            self._kernel = Kernel(
                f"recorded:{path}",
                "recorded",
                kernel["release"],
                version,
                None if changes is None else tuple(changes),
                switched_on=tuple(kernel.get("switched_on", ())),
            )
            self._results: dict[str, list[Any]] = {}
            for result in document["results"]:
                self._results.setdefault(result["scenario"], []).append((result["digest"], _execution(result)))
        except OSError as error:
            message = f"`recorded:{path}`: the file cannot be read: {error.strerror}"
            raise KernelReferenceError(message, _HINT) from None
        except (LZMAError, EOFError, ValueError, KeyError, TypeError, MremapcheckError) as error:
            raise KernelReferenceError(f"{path} is not the report of a run ({error})", _HINT) from None

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
