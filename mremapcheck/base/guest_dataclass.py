"""Frozen dataclasses for declarations that guests and workers load too, where ``base.dataclass`` will not do.

Importing the standard ``dataclasses`` (inspect, re, enum ...) takes half as long as all that a worker loads. These are
made once, so that they need not be cheap.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(*, frozen):
        """Give a class its ``__init__``; only type checkers see to it that nobody changes an instance."""

        def decorate(cls):
            names = tuple(cls.__annotations__)

            def initialize(self, *given, **named):
                for name in names[len(given) :]:
                    setattr(self, name, named[name] if name in named else getattr(cls, name))
                for name, value in zip(names, given, strict=False):
                    setattr(self, name, value)

            cls.__init__ = initialize
            return cls

        return decorate
