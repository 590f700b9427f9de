"""What a run is made of between two steps, and the step."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import optax

from drol_jax.config import Config
from drol_jax.train.features import SeenPairs
from drol_jax.train.losses import LossSettings
from drol_jax.train.objective import objective
from drol_jax.train.pairs.batch import Pairs
from drol_jax.train.teacher import ADAPTERS, Teacher

AVERAGE_WARMUP = 10.0


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class TrainState:
    """Everything that the next step needs, and so everything that a checkpoint holds."""

    step: jax.Array  # int32 (), steps taken
    seed: jax.Array  # int32 (), of the draws; data, so that runs of other seeds need no other program
    params: Any
    stats: Any
    moments: Any  # the optimiser's
    averaged: Any  # {'params', 'batch_stats'}: exponential moving averages

    @property
    def network(self) -> Any:
        """The averaged variables of the network alone, without what only teaches it."""
        params = {name: part for name, part in self.averaged["params"].items() if name != ADAPTERS}
        return {**self.averaged, "params": params}


Step = Callable[[TrainState, Pairs | SeenPairs], tuple[TrainState, dict[str, jax.Array]]]


def begin(variables: Any, optimiser: optax.GradientTransformation, seed: int) -> TrainState:
    """State before the first step. The variables are copied: a step gives away its state's memory."""
    params, stats = (jax.tree.map(jnp.array, variables[key]) for key in ("params", "batch_stats"))
    return TrainState(
        step=jnp.int32(0),
        seed=jnp.int32(seed),
        params=params,
        stats=stats,
        moments=optimiser.init(params),
        averaged=jax.tree.map(jnp.array, {"params": params, "batch_stats": stats}),
    )


def step(
    state: TrainState,
    pairs: Pairs | SeenPairs,
    *,
    config: Config,
    loss: LossSettings,
    optimiser: optax.GradientTransformation,
    average: float,
    backbone_learns: bool,
    teacher: Teacher | None = None,
    teacher_variables: Any = None,
    by_block: int = 0,
) -> tuple[TrainState, dict[str, jax.Array]]:
    """One step of the optimiser.

    Args:
      average: share of the averaged variables that a step keeps; less in the first steps.
      teacher, teacher_variables: whose answers count too. A teacher has images only, no `SeenPairs`.
      by_block: the first step in which the network's own blocks see one another's outputs, not the teacher's.

    Returns:
      (the next state, scalars by name: those of `objective`, and `gradient`, the norm before clipping).
    """
    key = jax.random.fold_in(jax.random.key(state.seed), state.step)
    taught = None
    if teacher is not None:
        assert isinstance(pairs, Pairs)
        taught = teacher.teach(teacher_variables, pairs, state.step < by_block)
    of_params = partial(
        objective,
        stats=state.stats,
        pairs=pairs,
        key=key,
        config=config,
        settings=loss,
        backbone_learns=backbone_learns,
        taught=taught,
    )
    gradient, (stats, scalars) = jax.grad(of_params, has_aux=True)(state.params)
    scalars["gradient"] = optax.tree.norm(gradient)
    updates, moments = optimiser.update(gradient, state.moments, state.params)
    params = optax.apply_updates(state.params, updates)
    count = state.step.astype(jnp.float32)
    keep = jnp.minimum(average, (1 + count) / (AVERAGE_WARMUP + count))
    averaged = optax.incremental_update({"params": params, "batch_stats": stats}, state.averaged, 1 - keep)
    after = replace(state, step=state.step + 1, params=params, stats=stats, moments=moments, averaged=averaged)
    return after, scalars
