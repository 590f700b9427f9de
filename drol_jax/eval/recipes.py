"""What a worker elsewhere needs to do units of an evaluation: how to load the trackers and list the sequences."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.backend import JaxBackend, TrackingArguments
from drol_jax.eval.engines import Engine, LocalEngine
from drol_jax.eval.plugged import plugged
from drol_jax.eval.ray_engine import Prepared, RayEngine, RayOptions
from drol_jax.eval.tracker_runs import Backend, TrackerRun
from drol_jax.system.workers import cores

DATASET_SEED = 0


@dataclass(frozen=True, kw_only=True)
class EvalRecipe:
    """As `ray_engine.Recipe`. Pickled, so that its parts are functions of modules."""

    arguments: TrackingArguments
    runs: Callable[[Backend], list[TrackerRun]]
    """Loads the trackers, in the same way as the process that hands out the units."""
    dataset: str
    data_root: Path
    backend: Callable[[TrackingArguments], Backend] = JaxBackend
    load: Callable[..., list[datasets.SequenceEntry]] = datasets.load

    def prepare(self) -> Prepared:
        """Load.

        Raises:
          UserError: what loading raises.
        """
        backend = self.backend(replace(self.arguments, lanes=1))
        listed = plugged(self.arguments.plugin, self.load).load(self.dataset, self.data_root, None, DATASET_SEED)
        entries = {entry.name: entry for entry in listed}

        def open(name: str) -> Any:
            if name not in entries:
                raise UserError(f"{name} is not among the sequences of {self.dataset} below {self.data_root} there")
            return entries[name].open()

        return Prepared(self.runs(backend), open, dict(backend.environment()))


def engine_of(recipe: EvalRecipe) -> AbstractContextManager[Engine]:
    """What does the units that the arguments ask for, inside `with`.

    Raises:
      UserError: Ray is not installed, or options that do not go together.
    """
    asked = recipe.arguments
    if asked.engine == "local":
        if asked.workers is not None or asked.address is not None or asked.gpus_per_worker:
            raise UserError(
                "--workers, --gpus-per-worker and --address are Ray's; pass --engine ray, or --lanes instead"
            )
        return nullcontext(LocalEngine(asked.lanes))
    if asked.lanes > 1:
        raise UserError("--lanes is of one process; with --engine ray give --workers")
    workers = len(cores()) if asked.workers is None else asked.workers
    return RayEngine(recipe, RayOptions(workers=workers, gpus=asked.gpus_per_worker, address=asked.address))
