"""``dataclass`` whose frozen instances are as cheap as others.

The model makes thousands of instances for one scenario, and the standard guard against changing a frozen one takes
longer than all the rest of making it. So type checkers, which see the standard decorator, are the guard.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING

#: Metadata of a field that a class was given later: digests leave it out where it has its default, so that what was
#: recorded before is still found.
LATER = {"later": True}

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, eq=True, **options):
        """Do what ``dataclasses.dataclass`` does; frozen ones are only hashable."""
        if cls is None:
            return partial(dataclass, frozen=frozen, eq=eq, **options)
        hashable = frozen and eq and "__hash__" not in vars(cls)
        if "__repr__" not in vars(cls):
            cls.__repr__ = _shown
        return dataclasses.dataclass(cls, eq=eq, repr=False, unsafe_hash=hashable, **options)

    def _shown(self):
        # One for all of them: to compile one for each takes a fifth of what making these classes does at every start.
        held = [f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr]
        return f"{type(self).__qualname__}({', '.join(held)})"
