"""Whether Ray is still there. Ray waits without end, and without a word, for what is gone as a whole."""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Self

EVERY = 5.0
"""Seconds between two looks."""
STEP = 1.0
"""Seconds after which a look that has no answer is counted."""
LONGEST = "RAY_gcs_rpc_server_reconnect_timeout_s"
"""Environment variable of Ray's: after so many seconds without its head (60 by default) it ends this process itself."""
HERE = "Ray is gone: its part on this machine (the raylet) has ended"
HEAD = "Ray is gone: its head (the gcs_server) has not answered for {:.0f} s"


def patience() -> int:
    """Steps without an answer after which the head is gone: few enough to tell of it before Ray ends this process."""
    told = os.environ.get(LONGEST, "")
    return max(2 * int(EVERY), (int(told) if told.isdigit() else 60) * 2 // 3)


def runs_here(ray: Any) -> bool:
    """Whether Ray's part on this machine runs, as its head knows: what this process has asked for ends with it.

    Args:
      ray: the package, connected.
    """
    here = ray.get_runtime_context().get_node_id()
    return any(node["NodeID"] == here and node["Alive"] for node in ray.nodes())


class Pulse:
    """Looks after Ray now and then, in threads of its own: whoever asks a head that is gone waits. Used inside `with`.

    What goes without answer is counted in steps that this process was there for, not by the clock: a process that was
    stopped for an hour (Ctrl-Z, a laptop that slept) has missed one step.
    """

    def __init__(self, runs: Callable[[], bool], *, every: float = EVERY, step: float = STEP, steps: int | None = None):
        """Prepare.

        Args:
          runs: as `runs_here`; may take forever, or raise.
          every: seconds between two looks.
          step: seconds of a step.
          steps: without an answer, after which Ray is gone; by default `patience`.
        """
        self.gone: str | None = None
        """In words, what of Ray is gone; None: it is there, as far as is known."""
        self._runs, self._every, self._step, self._steps = runs, every, step, patience() if steps is None else steps
        self._end, self._now = threading.Event(), threading.Event()
        self._begun = self._ended = self._answers = 0

    def __enter__(self) -> Self:
        # As daemons: one that waits for ever is not to keep the process.
        self._threads = [threading.Thread(target=one, daemon=True) for one in (self._look, self._count)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._now.set()
        for thread in self._threads:
            thread.join(self._step)  # so that nobody asks a Ray that is being shut down, unless it waits already

    def look(self, waiting: Callable[[], None]) -> None:
        """Wait for a look that begins now.

        Args:
          waiting: is called now and then; may raise KeyboardInterrupt.
        """
        wanted = self._begun + 1
        self._now.set()
        while self.gone is None and self._ended < wanted:
            waiting()
            time.sleep(min(self._step, 0.05))

    def _look(self) -> None:
        while not self._end.is_set():
            self._now.clear()
            self._begun += 1
            with suppress(Exception):  # no answer, which is counted
                if not self._runs():
                    self.gone = self.gone or HERE
                    return
                self._answers += 1
            self._ended += 1
            self._now.wait(self._every)

    def _count(self) -> None:
        heard = missed = 0
        while not self._end.wait(self._step):
            missed = missed + 1 if self._answers == heard else 0
            heard = self._answers
            if missed >= self._steps:
                self.gone = self.gone or HEAD.format(missed * self._step)
                return
