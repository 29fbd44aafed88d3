"""Why a step could not be done."""

from __future__ import annotations

#: Why nothing can be done to a place of the kernel's choice, or to a part of it.
NO_PLACE = "no move so far was put where the kernel likes"
NOT_ALL_THERE = "not all of it is mapped any more"


class Trouble(Exception):  # noqa: N818
    """A step could not be run: the errno (0 where there is none).

    ``skip`` is the whole reason where the kernel, this machine or the user's rights lack what the step needs, ``fault``
    the whole reason where it is an error that is more than an errno. ``page`` tells which page of the step's range.
    """

    def __init__(self, errno: int = 0, skip: str = "", page: int = -1, fault: str = "") -> None:
        super().__init__(errno, skip, fault)
        self.errno = errno
        self.skip = skip
        self.page = page
        self.fault = fault

    def as_error(self) -> OSError:
        """Return what Python would have raised."""
        return OSError(self.errno, "")
