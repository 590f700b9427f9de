"""Trackers that take part in a benchmark, with their runners and seeds, and where they come from. Needs no jax."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from drol_jax.errors import UserError
from drol_jax.eval.perturbing import PERTURBATION, Perturbation, PerturbedRunner
from drol_jax.eval.runner import Runner


class Tracker(Protocol):
    """What identifies a tracker; `drol_jax.Tracker` is one."""

    @property
    def name(self) -> str: ...
    @property
    def config(self) -> Any: ...
    @property
    def hyper(self) -> Any: ...
    @property
    def seed(self) -> int: ...
    @property
    def weights_hash(self) -> str: ...


class Backend(Protocol):
    """Source of trackers."""

    def load(self, config: str, weights: str | None, *, online: bool | None) -> tuple[Tracker, Runner]: ...
    def vary(
        self, config: str, weights: str | None, variants: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> list[tuple[Tracker, Runner]]:
        """Variants of one tracker: some settings changed, by name of the variant and section of the settings."""
        ...

    def environment(self) -> Mapping[str, Any]: ...

    def finish(self) -> None:
        """Let go of what tracking alone needs: all is tracked."""
        ...


@dataclass(frozen=True, eq=False)
class TrackerRun:
    """A tracker that takes part, with what it takes to run it under one seed or several."""

    name: str
    """Name of the results folder, without the seed."""
    label: str
    """Short name for column heads: "DROL", "base"."""
    seeds: tuple[int, ...]
    tracker: Tracker
    runner: Runner
    perturbation: Perturbation | None = None
    """How the runner perturbs what it tracks, by the seed; None where it does not."""

    @property
    def deterministic(self) -> bool:
        """Nothing is drawn at random without the online subnet, but for a perturbation, which goes by the seed."""
        return not self.tracker.config.online.enabled

    def folder(self, seed: int) -> str:
        """Name of the results folder under one seed."""
        return self.name if len(self.seeds) == 1 else f"{self.name}_s{seed}"


def tracker_run(
    tracker: Tracker, runner: Runner, *, seeds: int, perturb: int = 0, label: str | None = None, name: str | None = None
) -> TrackerRun:
    """A tracker under so many seeds, counted up from its configuration's own.

    Args:
      perturb: so many perturbed runs, each under a seed, in place of `seeds`; 0 for none.
      name: of the results folder, in place of the tracker's.
    """
    drawn = tuple(range(tracker.seed, tracker.seed + (perturb or seeds)))
    run = TrackerRun(name or tracker.name, label or _label(tracker), drawn, tracker, runner)
    if not perturb:
        return run
    return replace(
        run, name=f"{run.name}_perturbed", runner=PerturbedRunner(runner, PERTURBATION), perturbation=PERTURBATION
    )


def check_seeds(seeds: int, perturb: int = 0) -> None:
    """Raise a UserError for fewer seeds than one, a single perturbed run, or both options at once."""
    if seeds < 1:
        raise UserError(f"--seeds {seeds}: at least one seed is needed; pass --seeds 1 or more")
    if perturb and perturb < 2:
        raise UserError(f"--perturb {perturb}: a spread needs two runs or more; pass --perturb 5")
    if perturb and seeds > 1:
        raise UserError(
            f"--perturb {perturb} with --seeds {seeds}: each perturbed run has a seed of its own; drop --seeds"
        )


def load_runs(
    backend: Backend, config: str, weights: str | None, *, baseline: bool, seeds: int, perturb: int = 0
) -> list[TrackerRun]:
    """Load the tracker and, where asked for, the same one without the online subnet.

    Args:
      seeds: how many, counted up from the configuration's own. The baseline draws nothing at random: it gets one.
      perturb: so many perturbed runs of each, the baseline too; 0 for none.

    Raises:
      UserError: what loading and `check_seeds` raise; a baseline of a tracker that has no online subnet.
    """
    check_seeds(seeds, perturb)
    tracker, runner = backend.load(config, weights, online=None)
    if baseline and not tracker.config.online.enabled:
        raise UserError(f"configuration {tracker.name} has no online subnet to switch off; drop --baseline")
    runs = [tracker_run(tracker, runner, seeds=seeds, perturb=perturb)]
    if baseline:
        off, runner = backend.load(config, weights, online=False)
        name = f"{tracker.name}_baseline"
        runs.append(tracker_run(off, runner, seeds=1, perturb=perturb, label="base", name=name))
    return runs


def _label(tracker: Tracker) -> str:
    return "DROL" if tracker.config.online.enabled else "Siam"
