"""For all tests: nothing is drawn at random, and nothing of the terminal, shell or signals they start with matters."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

#: A busy machine makes any test slow.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None, print_blob=True)
settings.register_profile("fixed", _PATIENT, derandomize=True)
#: For `python tests/explore`, which draws anew.
settings.register_profile("new", _PATIENT, derandomize=False)
settings.load_profile("fixed")

#: What a user may have set for his terminal, his tools or for this one. Tests set what they are about.
_SETTINGS = (
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "PY_COLORS", "COLUMNS", "LINES", "TERMINAL_WIDTH"),
    *("MREMAPCHECK_DEBUG", "MREMAPCHECK_BOOT_TIMEOUT"),
    *("PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONIOENCODING", "PYTHONOPTIMIZE", "PYTHONPROFILEIMPORTTIME"),
    *("LANG", "LANGUAGE", "POSIXLY_CORRECT", "GITHUB_ACTIONS"),
)
#: Signals that a shell lets a suite ignore that it starts in the background, or nohup, or a careless parent.
_SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGALRM, signal.SIGCHLD)


@pytest.fixture(autouse=True)
def _same_for_everybody(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    git = [name for name in os.environ if name.startswith("GIT_")]  # as in a hook: they lead to another repository
    for name in (*_SETTINGS, *git):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    ignored = [number for number in _SIGNALS if signal.getsignal(number) == signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    blocked = signal.pthread_sigmask(signal.SIG_SETMASK, [])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let nothing that is to run on real kernels be skipped, where they have to be there: .ci/run fetches them."""
    report = yield
    if report.skipped and item.get_closest_marker("kernel") and os.environ.get("MREMAPCHECK_REQUIRE_KERNELS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, and MREMAPCHECK_REQUIRE_KERNELS is set: {report.longreprtext}"
    return report
