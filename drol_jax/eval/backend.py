"""Trackers of this library for the command line. Imports jax only when trackers are loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from drol_jax.config import Fidelity, Precision
from drol_jax.errors import UserError
from drol_jax.eval.commands import one_of
from drol_jax.eval.placing import EngineArguments
from drol_jax.eval.runner import Runner
from drol_jax.eval.tracker_runs import Tracker
from drol_jax.results.settings import environment
from drol_jax.system.program import keep_memory_no_longer, make_ready
from drol_jax.system.workers import Clock, cores


@dataclass(frozen=True, kw_only=True)
class TrackingArguments(EngineArguments):
    """What all commands that track can be told, besides what is tracked."""

    fidelity: Annotated[Fidelity | None, one_of(Fidelity)] = None
    """Fidelity in place of the configuration's own: published keeps the quirks behind the published scores, exact has
    the method's geometry right. Results go to a folder of their own."""
    precision: Annotated[Precision | None, one_of(Precision)] = None
    """Precision of the network's products, in place of the configuration's; tf32 and bfloat16 are faster on GPUs.
    Results go to a folder of their own."""
    plugin: str | None = None
    """A Python file with parts, datasets or metrics of your own, or the name of an installed plug-in. Its code is run.
    Results go to a folder of their own."""
    shard: str | None = None
    """I/N: do every N-th unit of work, from the I-th on, beside other processes with the same --output and the other
    I. A unit is one run over a sequence under one tracker and seed. Whoever comes last prints the scores. Without it
    processes with the same --output share the work as they come."""


class JaxBackend:
    """Trackers of this library. Imports jax when it is made, so that arguments are checked without it."""

    def __init__(self, arguments: TrackingArguments):
        # Of auto runners for one, of which those in other numbers of lanes are made.
        self._lanes = 1 if arguments.lanes == "auto" else arguments.lanes
        if self._lanes < 1:
            raise UserError(f"--lanes {arguments.lanes}: at least one is needed; pass --lanes 1 or more")
        self.arguments, self.clock = arguments, Clock()
        self._runners: list[Any] = []
        make_ready(arguments, stores=len(cores()))  # it goes on for long, and compiles in its first run alone

    def load(self, config: str, weights: str | None, *, online: bool | None) -> tuple[Tracker, Runner]:
        from drol_jax.api import load
        from drol_jax.running.sequences import LockstepRunner

        tracker = load(config, weights, online=online, **self._asked)
        self._runners.append(LockstepRunner(tracker, self._lanes, clock=self.clock))
        return tracker, self._runners[-1]

    @property
    def _asked(self) -> dict[str, Any]:
        """What the command line says of how trackers are loaded."""
        names = ("fidelity", "precision", "plugin")
        return {"cache": False} | {name: getattr(self.arguments, name) for name in names}

    def environment(self) -> Mapping[str, Any]:
        if self.arguments.plugin is None:
            return environment()
        from drol_jax.settings.plugins import load_plugin

        return environment(load_plugin(self.arguments.plugin).digest)

    def finish(self) -> None:
        """Let go of the compiled programs, and keep free memory no longer: a report takes much by itself."""
        for runner in self._runners:
            runner.forget()
        keep_memory_no_longer()

    def vary(
        self, config: str, weights: str | None, variants: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> list[tuple[Tracker, Runner]]:
        from drol_jax.api import load
        from drol_jax.running.sequences import LockstepRunner

        tracker = load(config, weights, online=True, **self._asked)
        made: list[Any] = []
        for name, changes in variants.items():
            variant = varied(tracker, f"{tracker.name}_{name}", changes)
            like = made[0][1] if made else None
            made.append((variant, LockstepRunner(variant, self._lanes, like, self.clock)))
        self._runners += [runner for _, runner in made]
        return made


def varied(tracker: Any, name: str, changes: Mapping[str, Mapping[str, Any]]) -> Any:
    """A `drol_jax.Tracker` with some settings changed, on the same weights.

    Args:
      name: of the variant.
      changes: values by section of the settings and name.

    Raises:
      UserError: a value that no configuration may hold.
    """
    from drol_jax.model import hyper_arrays
    from drol_jax.settings import from_dict, to_dict

    tree = to_dict(tracker.settings)
    for section, values in changes.items():
        tree[section] = {**tree[section], **values}
    settings = from_dict({**tree, "name": name}, source=name)
    settings = replace(settings, config=replace(settings.config, parts=tracker.config.parts))
    return replace(tracker, settings=settings, hyper=hyper_arrays(settings.hyper))
