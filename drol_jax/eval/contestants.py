"""Who takes part in a benchmark, under which seeds, and where trackers come from. Needs no jax."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from drol_jax.errors import UserError
from drol_jax.eval.running import Runner
from drol_jax.report.summary import Entrant


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
    """Where trackers come from."""

    def load(self, config: str, weights: str | None, *, online: bool | None) -> tuple[Tracker, Runner]: ...
    def vary(
        self, config: str, weights: str | None, variants: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> list[tuple[Tracker, Runner]]:
        """One tracker with some settings changed, by name of the variant and section of the settings."""
        ...

    def environment(self) -> Mapping[str, Any]: ...


@dataclass(frozen=True, eq=False)
class Contestant:
    """An entrant with what it takes to run it."""

    entrant: Entrant
    tracker: Tracker
    runner: Runner

    @property
    def deterministic(self) -> bool:
        """Nothing is drawn at random without the online subnet."""
        return not self.tracker.config.online.enabled

    def folder(self, seed: int) -> str:
        """Name of the results folder under one seed."""
        return self.entrant.name if len(self.entrant.seeds) == 1 else f"{self.entrant.name}_s{seed}"


def enter(backend: Backend, config: str, weights: str | None, *, baseline: bool, seeds: int) -> list[Contestant]:
    """Load the tracker and, where asked for, the same one without the online subnet.

    Args:
      seeds: how many, counted up from the configuration's own. The baseline draws nothing at random: it gets one.

    Raises:
      UserError: what loading raises; seeds < 1; a baseline of a tracker that has no online subnet.
    """
    if seeds < 1:
        raise UserError(f"--seeds {seeds}: at least one seed is needed; pass --seeds 1 or more")
    tracker, runner = backend.load(config, weights, online=None)
    online = tracker.config.online.enabled
    if baseline and not online:
        raise UserError(f"configuration {tracker.name} has no online subnet to switch off; drop --baseline")
    entrant = Entrant(tracker.name, "DROL" if online else "Siam", tuple(range(tracker.seed, tracker.seed + seeds)))
    contestants = [Contestant(entrant, tracker, runner)]
    if baseline:
        off, runner = backend.load(config, weights, online=False)
        contestants.append(Contestant(Entrant(f"{tracker.name}_baseline", "base", (off.seed,)), off, runner))
    return contestants
