"""The measuring process: ``children.start`` runs it and sends it requests, one JSON line each.

What the libraries print goes to standard error; standard output carries the answers alone.
"""

import json
import os
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError
from drol_jax.system.program import CacheArguments, make_ready
from drol_jax.system.workers import cores


class Server:
    """Answers requests; holds the tracker between them."""

    def __init__(self) -> None:
        self.subject: Any = None

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        what = request.pop("do")
        if what == "setup":
            return _setup(**request)
        from drol_jax.bench.plan import OwnVideo
        from drol_jax.bench.subject import Subject

        if what == "prepare":
            own = request.pop("own")
            self.subject = Subject(**request, own=None if own is None else OwnVideo(**own))
            return {}
        if what == "describe":
            return self.subject.describe()
        return import_module(f"drol_jax.bench.parts.{what}").measure(self.subject, **request)


def _setup(device: str | None, threads: int | None, cache: str | None) -> dict[str, Any]:
    if threads is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cores()[:threads])  # before jax starts its threads: it makes one a core that it may use
    make_ready(CacheArguments(cache_dir=None if cache is None else Path(cache), no_cache=cache is None))
    import jax

    try:
        found = jax.devices()[0].platform
    except RuntimeError as error:
        reason = str(error).splitlines()[0]
        return {"misuse": f"--device {device}: jax finds none ({reason}); leave --device away, or install jax for it"}
    if device is not None and found != device:
        return {"misuse": f"--device {device}: jax finds a {found} only; leave --device away, or install jax for it"}
    return {}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    server = Server()
    for line in sys.stdin:
        try:
            answer = server.answer(json.loads(line))
        except UserError as error:
            answer = {"misuse": str(error)}
        except Exception as error:  # whatever a tracker raises is that measurement's end, not the program's
            traceback.print_exc()
            words = (str(error).strip() or "no reason given").splitlines()[0]
            answer = {"error": f"{type(error).__name__}: {words}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
