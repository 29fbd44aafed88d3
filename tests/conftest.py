"""For all tests: nothing is drawn at random, and nothing of the terminal, shell or signals they start with matters."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.alone import Alone

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
_SIGNALS = (signal.SIGINT, signal.SIGHUP, signal.SIGTERM, signal.SIGQUIT, signal.SIGALRM)


# Programs are started by the hundred: whoever sets this would have each of them compile all that it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def pytest_configure() -> None:
    """Let the processes that whole modules share be waited for."""
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, lest one process be at it when the others have nothing left to do."""
    items.sort(key=lambda item: item.get_closest_marker("exhaustive") is None)


#: Set in the processes of pytest-xdist, which have a thread that talks to pytest.
_WORKER = "PYTEST_XDIST_WORKER"
_ALONE = pytest.StashKey[Alone]()


def _refuse_to_fork() -> int:
    raise AssertionError("a fork here copies the locks that pytest's other thread may hold: mark this test as `alone`")


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a test that is marked as ``alone`` in a process of its own, without any thread."""
    if _WORKER not in os.environ or pyfuncitem.get_closest_marker("alone") is None:
        return None
    config = pyfuncitem.config
    if _ALONE not in config.stash:
        config.stash[_ALONE] = alone = Alone(config.rootpath)
        config.add_cleanup(alone.close)
    code, said = config.stash[_ALONE].run(pyfuncitem.nodeid, os.environ)
    if code:
        pytest.fail(f"{said}\nexit code {code}, alone", pytrace=False)
    if " skipped in " in said:
        pytest.skip(said)
    return True


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
    if _WORKER in os.environ:
        monkeypatch.setattr(os, "fork", _refuse_to_fork)
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
