from __future__ import annotations

import pytest

from tests.tools import REQUIRED, tool


def test_a_missing_program_skips_and_where_it_must_be_there_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("sh").endswith("/sh")
    monkeypatch.delenv(REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs no-such-program"):
        tool("no-such-program")
    monkeypatch.setenv(REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match=REQUIRED):
        tool("no-such-program")
