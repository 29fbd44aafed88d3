"""Who does the work: this process, a pool of processes, or a cluster; all behind concurrent.futures.Executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeVar

from mremapcheck.base.errors import ExecutorError
from mremapcheck.compare.pair import close_pairs
from mremapcheck.executors.process_pool import ProcessPool

_T = TypeVar("_T")

#: Seconds that a dask scheduler may take to answer.
_PATIENCE = 10.0


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0))


class InProcess(Executor):
    """Does each piece of work at once in this process; leaving it ends the kernels that were opened for it."""

    def submit(self, fn: Callable[..., _T], /, *args: Any, **kwargs: Any) -> Future[_T]:
        """Call ``fn`` and return a future that is done."""
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End what was opened."""
        close_pairs()


@contextmanager
def pool(jobs: int, cluster: str | None = None) -> Iterator[tuple[Executor, int]]:
    """Open an executor and say how many workers it has.

    ``cluster`` is the address of a dask scheduler (``tcp://host:8786``), whose workers must have mremapcheck installed;
    else ``jobs`` processes of this machine. Raises ExecutorError where there is no such cluster.
    """
    if cluster is not None:
        with _cluster(cluster) as opened:
            yield opened
    elif jobs == 1:
        with InProcess() as executor:
            yield executor, 1
    else:
        with ProcessPool(jobs, end=close_pairs) as executor:
            yield executor, jobs


@contextmanager
def _cluster(address: str) -> Iterator[tuple[Executor, int]]:
    try:
        distributed: Any = import_module("distributed")
    except ImportError:
        raise ExecutorError(
            "--cluster needs dask.distributed, which is not installed", "pip install 'mremapcheck[cluster]'"
        ) from None
    try:
        client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as error:
        raise ExecutorError(
            f"no dask scheduler answers at {address}: {error}", "start one with `dask scheduler` and give its address"
        ) from None
    with client:
        workers = sum(client.nthreads().values())
        if not workers:
            raise ExecutorError(f"the scheduler at {address} has no workers", f"start one with `dask worker {address}`")
        # Not pure: a task that failed because its machine did is to be done again, and never taken from a cache.
        yield client.get_executor(pure=False), workers
