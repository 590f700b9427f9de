"""What the programs of the other side have in common: requests in, answers out, a line of JSON each.

They are run by path under an interpreter that need not have this library, and find this file beside them.
"""

import json
import os
import sys
import traceback
from typing import Any


def pinned(count: int) -> None:
    """Keep this process to the first so many of the cores that it may use, where the system can."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, CORES[:count])


CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def serve(peer: Any) -> None:
    """Answer each request {"do": NAME, ...} by the peer's method of that name, until standard input ends.

    What libraries print goes to standard error. What a method raises is told in one line.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(peer, request.pop("do"))(**request)
        except Exception as error:  # the other side can raise anything; who asked is told
            traceback.print_exc()
            answer = {"error": f"{type(error).__name__}: {(str(error).strip() or 'no reason given').splitlines()[0]}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
