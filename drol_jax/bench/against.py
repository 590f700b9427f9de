"""Ours and someone else's tracker in turns: same frames, same number of cores, one run.

The machine's speed wanders; so each repetition runs one after the other, and their ratio is taken within it.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.bench.children import Failed, Misuse, Worker, start
from drol_jax.bench.film import film_of
from drol_jax.bench.peers import Given, Match, Peer
from drol_jax.bench.plan import Case, Plan
from drol_jax.system.workers import cores

TRIAL = 8
"""Frames on which thread counts are tried."""


def run(plan: Plan, peer: Peer, tell: Callable[[str], None]) -> list[dict[str, Any]]:
    """Compare every case: what `_compare` tells of it, or {"error": why not}."""
    rows = []
    for case in plan.cases:
        row: dict[str, Any] = {"config": case.config, "precision": case.precision, **peer.told}
        with tempfile.TemporaryDirectory(prefix="drol-bench-") as scratch:
            try:
                row |= _compare(plan, case, peer, Path(scratch), tell)
            except Failed as failure:
                if not (isinstance(failure, Misuse) and len(plan.cases) == 1):
                    tell(f"{case.label}: failed: {failure}")
                row |= failure.told()
        rows.append(row)
    return rows


def _compare(plan: Plan, case: Case, peer: Peer, scratch: Path, tell: Callable[[str], None]) -> dict[str, Any]:
    """{"platform", "weights", who they are, "threads", "variants": {name: {"ours", "theirs": lists of runs}}}"""
    with start(case, scratch, plan=plan, cache=plan.cache or scratch / "compiled") as ours:
        described = ours.ask("describe")
        video = scratch / "video.npy"
        film = film_of(plan.own)
        np.save(video, np.stack(film.frames(plan.frames)))
        with peer.begin() as theirs:
            given = Given(case=case, described=described, threads=plan.threads, scratch=scratch)
            loaded, matches = peer.meet(ours, theirs, given)
            turn = _Turn(plan, ours, theirs, {"video": str(video), "box": film.box.tolist()})
            threads = turn.best_threads(matches[0], peer.name, lambda words: tell(f"{case.label}: {words}"))
            found = {match.name: turn.take(match, lambda words: tell(f"{case.label}: {words}")) for match in matches}
    kept = {name: described[name] for name in ("platform", "device", "weights", "environment")}
    return kept | loaded | {"threads": threads, "variants": found}


class _Turn:
    """The two sides, run one after the other."""

    def __init__(self, plan: Plan, ours: Worker, theirs: Worker, given: dict[str, Any]):
        self._plan, self._ours, self._theirs, self._given = plan, ours, theirs, given

    def best_threads(self, match: Match, name: str, tell: Callable[[str], None]) -> int:
        """Leave the other side with as many threads as were asked for, else as many as it is fastest with."""
        if self._plan.threads is not None:
            return self._plan.threads
        self._their_run(match, 2)
        seconds = {}
        for count in range(1, len(cores()) + 1):
            self._theirs.ask("threads", count=count)
            seconds[count] = self._their_run(match, min(TRIAL, self._plan.frames))["track_s"]
        best = min(seconds, key=lambda count: seconds[count])
        self._theirs.ask("threads", count=best)
        tell(f"{name} is fastest with {best} threads")
        return best

    def take(self, match: Match, tell: Callable[[str], None]) -> dict[str, Any]:
        frames = self._plan.frames
        tell(f"{match.spoken}: compiling")
        # All frames: on a GPU a whole chunk of them is another program than the ones left over.
        self._ours.ask("against", variant=match.ours, frames=frames)
        self._their_run(match, 2)
        runs: dict[str, list[dict[str, Any]]] = {"ours": [], "theirs": []}
        for repetition in range(self._plan.repeat):
            tell(f"{match.spoken}: {repetition + 1} of {self._plan.repeat}")
            runs["ours"].append(self._ours.ask("against", variant=match.ours, frames=frames))
            runs["theirs"].append(self._their_run(match, frames))
        boxes = [np.array(runs[side][0]["boxes"]) for side in ("ours", "theirs")]
        for run in (*runs["ours"], *runs["theirs"]):
            del run["boxes"]
        apart = float(np.abs(boxes[0] - boxes[1]).max()) if match.same else None
        return runs | {"spoken": match.spoken, "frames": frames, "largest_box_difference": apart}

    def _their_run(self, match: Match, frames: int) -> dict[str, Any]:
        return self._theirs.ask("run", frames=frames, **match.theirs, **self._given)
