"""Several runs at once: cores, threads that stop together, and wall time shared out among them. Needs no jax."""

import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

Check = Callable[[], None]
"""Raises KeyboardInterrupt in a run that is to stop."""


def work_off(work: Callable[[T, Check], None], jobs: Sequence[T], workers: int) -> None:
    """Do all jobs, `workers` at a time, begun in their order.

    With one worker in the caller's own thread. Else an exception, Ctrl-C among them, ends the others at the next call
    of their check, and is raised here once all have ended.

    Args:
      work: does one job; calls the check now and then.
    """
    if workers == 1:
        for job in jobs:
            work(job, lambda: None)
        return
    stop = threading.Event()
    raised: list[BaseException] = []

    def check() -> None:
        if stop.is_set():
            raise KeyboardInterrupt

    def do(job: T) -> None:
        if stop.is_set():
            return
        try:
            work(job, check)
        except BaseException as error:
            # Noted before others hear of it, so that the first is the cause and no worker begins another job.
            raised.append(error)
            stop.set()

    with ThreadPoolExecutor(workers, thread_name_prefix="drol-lane") as pool:
        try:
            wait([pool.submit(do, job) for job in jobs])
        finally:
            stop.set()
    if raised:
        raise raised[0]


def aside(call: Callable[[], T]) -> "Future[T]":
    """A call made in a thread of its own, which does not keep the process if it never comes back."""
    made: Future[T] = Future()

    def run() -> None:
        try:
            made.set_result(call())
        except BaseException as error:
            made.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return made


def cores() -> list[int]:
    """The processor cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


class Clock:
    """Wall time, shared out equally among the watches that run: together they show what a clock on the wall does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running, self._at, self._share = 0, 0.0, 0.0

    def change(self, by: int) -> float:
        """The share of one that had always run, from now on among so many more."""
        with self._lock:
            now = time.perf_counter()
            if self._running:
                self._share += (now - self._at) / self._running
            self._at = now
            self._running += by
            return self._share


class Watch:
    """One run's share of a clock's time. Runs inside `with`."""

    def __init__(self, clock: Clock):
        self.seconds = 0.0
        self.compile_seconds = 0.0
        self._clock, self._since = clock, 0.0

    def __enter__(self) -> "Watch":
        self._since = self._clock.change(1)
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += self._clock.change(-1) - self._since

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Time that counts as nobody's: compilation, and waiting for it."""
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()
