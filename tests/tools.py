"""Programs that tests use: where one is missing they are skipped, and on a machine that must have it they fail."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

#: Set where every test has to run: .ci/run installs what they need.
REQUIRED = "MREMAPCHECK_REQUIRE_TOOLS"


def tool(name: str) -> str:
    """Return the path of a program; skip the test where it is missing, or fail where nothing may be."""
    path = shutil.which(name, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin")
    if path is None:
        missing(f"needs {name}")
    return path


def missing(reason: str) -> NoReturn:
    """Skip the test for something that this machine lacks, or fail where nothing may be missing."""
    if os.environ.get(REQUIRED):
        pytest.fail(f"{reason}, and {REQUIRED} is set", pytrace=False)
    pytest.skip(reason)
