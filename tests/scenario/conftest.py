from __future__ import annotations

import pytest

from mremapcheck.executors.protocol import Executor
from mremapcheck.executors.references import open_executor


@pytest.fixture(params=["5.10", "6.1", "6.12", "6.17", "7.3", "live"])
def executor(request: pytest.FixtureRequest) -> Executor:
    """Return the executor of a kernel, not entered yet: of models from far apart, and of the running one."""
    return open_executor(request.param)
