"""Why a scenario ends before its outcome: a step of its set-up failed, or the kernel lacks what it needs.

The texts are those of the live executor for the same cause, so that reports can be held against each other.
"""

from __future__ import annotations


class ScenarioEnded(Exception):  # noqa: N818
    """A step that is not a move did not work; ``text`` is for the Execution's reason."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class StepFailed(ScenarioEnded):
    """The step failed, with ``errno``. Where it should have worked that is an error of the scenario.

    The reason also says which step; ``more`` what else there is to say.
    """

    def __init__(self, call: str, errno: str, more: str = "") -> None:
        super().__init__(f"{call} failed: {errno}{more}")
        self.errno = errno


class StepDidNotFail(ScenarioEnded):
    """The step worked though it was to fail: an error of the scenario."""

    def __init__(self, call: str, errno: str) -> None:
        super().__init__(f"{call} did not fail with {errno}")


class NotThere(ScenarioEnded):
    """A step is to be done at a place of the kernel's choice, and nothing is there: an error of the scenario."""


class Unsupported(ScenarioEnded):
    """The kernel (or the model) cannot do what the step asks for: the scenario is skipped, for just this reason."""
