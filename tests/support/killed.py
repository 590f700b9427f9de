"""Runs a benchmark that is killed at random moments until it is through: ``python killed.py OUTPUT KILLS ARGUMENTS``.

Prints how many kills met the run before its end. A process of its own, because it forks.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from fakes_protocols import Stage, run

PAUSE = 0.004


def child(output: str, arguments: list[str]) -> int:
    pid = os.fork()
    if pid == 0:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1), os.dup2(nothing, 2)
        os._exit(run(Stage(pause=PAUSE), *arguments, "--output", output))
    return pid


def main() -> None:
    output, kills, arguments = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    began = time.monotonic()
    _, status = os.waitpid(child(str(output / "whole"), arguments), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    lasts = time.monotonic() - began
    rng, hits = random.Random(0), 0
    for _ in range(kills):
        pid = child(str(output / "killed"), arguments)
        # What is left to do shrinks from kill to kill.
        time.sleep(rng.uniform(0.01, max(1.5 * lasts / kills, 0.05)))
        os.kill(pid, signal.SIGKILL)
        hits += os.WIFSIGNALED(os.waitpid(pid, 0)[1])
    _, status = os.waitpid(child(str(output / "killed"), arguments), 0)
    assert os.waitstatus_to_exitcode(status) == 0
    print(hits)


if __name__ == "__main__":
    main()
