"""Runs a plan: a process after another, a part after another; what fails is named and the rest goes on."""

import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drol_jax.bench.children import Failed, Misuse, Worker, start
from drol_jax.bench.plan import ISOLATED, Case, Plan

Row = dict[str, Any]
"""One case's measurements: what `Subject.describe` tells, and "parts": {part: what it measured, or {"error": why
not}}."""


def run(plan: Plan, tell: Callable[[str], None]) -> list[Row]:
    """Measure every case.

    Args:
      tell: is told what is under way.
    """
    rows = []
    with tempfile.TemporaryDirectory(prefix="drol-bench-") as scratch:
        for number, case in enumerate(plan.cases, start=1):
            folder = Path(scratch) / str(number)
            rows.append(
                _Bench(plan, case, folder, lambda words, n=number: tell(f"[{n}/{len(plan.cases)}] {words}")).run()
            )
    _compare_scores(rows)
    return rows


def ends(rows: list[Row]) -> list[dict[str, Any]]:
    """What became of each measurement: of a row's parts, or of the row where it failed as a whole or has none."""
    whole = [row for row in rows if "error" in row or "parts" not in row]
    return whole + [found for row in rows if row not in whole for found in row["parts"].values()]


def _compare_scores(rows: list[Row]) -> None:
    """Add to each score by how much its median differs from that of the first precision that was measured."""
    first: dict[Any, dict[str, Any]] = {}
    for row in rows:
        found = row["parts"].get("scores")
        if found is not None and "error" not in found:
            base = first.setdefault((row["config"], row["asked_device"]), found)
            for variant, values in found.items():
                change = values["auc"]["median"] - base[variant]["auc"]["median"]
                values["change"] = None if found is base else change


class _Bench:
    """One case."""

    def __init__(self, plan: Plan, case: Case, folder: Path, tell: Callable[[str], None]):
        self._plan, self._case, self._folder, self._tell = plan, case, folder, tell
        self._fresh = folder / "compiled"
        self._fresh.mkdir(parents=True)
        self._cache = plan.cache or self._fresh
        self._shared: Worker | None = None

    def run(self) -> Row:
        case, plan = self._case, self._plan
        row: Row = {"config": case.config, "asked_device": case.device, "precision": case.precision, "parts": {}}
        if case.plugin is not None:
            row["plugin"] = case.plug
        try:
            self._shared = self._start()
            row |= self._shared.ask("describe")
            for part in plan.parts:
                self._tell(f"{case.label}: {part}")
                try:
                    row["parts"][part] = self._part(part, row["variants"])
                except Failed as failure:
                    self._tell(f"{case.label}: {part} failed: {failure}")
                    row["parts"][part] = failure.told()
        except Failed as failure:
            if not (isinstance(failure, Misuse) and len(plan.cases) == 1):
                self._tell(f"{case.label}: failed: {failure}")
            row |= failure.told()
        finally:
            if self._shared is not None:
                self._shared.close()
        return row

    def _part(self, part: str, variants: list[str]) -> dict[str, Any]:
        if part == "compile":
            return {variant: self._compile(variant) for variant in variants}
        if part == "memory":
            return {variant: self._alone("memory", variant=variant, frames=self._plan.frames) for variant in variants}
        assert part not in ISOLATED
        if self._shared is None or not self._shared.alive:
            self._shared = self._start()
        details: dict[str, Any] = {"frames": self._plan.frames, "repeat": self._plan.repeat}
        if part == "lanes":
            details["lanes"] = self._plan.lanes
        if part == "workload":
            details = {"scale": self._plan.workload_scale, "lanes": max(self._plan.lanes)}
        if part == "scores":
            assert self._plan.scored is not None
            details = asdict(self._plan.scored) | {"repeat": self._plan.repeat, "lanes": max(self._plan.lanes)}
        return self._shared.ask(part, **details)

    def _compile(self, variant: str) -> dict[str, Any]:
        """First with nothing of these programs in the cache, then again with what the first process left there.

        The other parts come later, and read from the cache what was compiled here, unless they have one of their own.
        """
        found = []
        for _ in range(2):
            with self._start(self._fresh) as worker:
                found.append(worker.ask("compile", variant=variant))
        return dict(zip(("cold", "cached"), found, strict=True))

    def _alone(self, part: str, **details: Any) -> dict[str, Any]:
        if part == "memory" and not {"loop", "disk"} & set(self._plan.parts):
            with self._start() as first:  # leaves compiled code in the cache, as the loop has otherwise
                first.ask(part, **details | {"frames": 2})
        with self._start() as worker:
            return worker.ask(part, **details)

    def _start(self, cache: Path | None = None) -> Worker:
        return start(self._case, self._folder, plan=self._plan, cache=cache or self._cache)
