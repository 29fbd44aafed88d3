"""For all tests: Hypothesis measures no time, since a busy machine makes any test slow."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("mremapcheck", deadline=None)
settings.load_profile("mremapcheck")
