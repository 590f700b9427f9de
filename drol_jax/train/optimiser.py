"""How parameters move: learning rate over the steps, optimiser, what is frozen when. All by optax."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import jax
import optax

from drol_jax.errors import UserError

BACKBONE = "backbone"


@dataclass(frozen=True, kw_only=True)
class OptimiserSettings:
    """The optimiser."""

    kind: Literal["sgd", "adamw"] = "sgd"
    rate: float = 0.01
    """Highest learning rate."""
    momentum: float = 0.9
    """Momentum of `sgd`; of `adamw` the decay of the mean of gradients."""
    weight_decay: float = 1e-4
    """Decay of kernels; norms and biases have none."""
    clip: float = 10.0
    """Largest norm of the gradient over all parameters."""
    rates: Mapping[str, float] = field(default_factory=dict)
    """Factors on the rate by the beginning of a parameter's path, such as {backbone: 0.1, backbone/conv1: 0.01}; the
    longest that fits counts."""


@dataclass(frozen=True, kw_only=True)
class ScheduleSettings:
    """The learning rate over the steps; spans are shares of all steps."""

    kind: Literal["log", "cosine", "constant"] = "log"
    """After the warm-up: by a constant factor a step, along a cosine, or not at all."""
    warmup: float = 0.05
    """Span over which the rate rises in a straight line."""
    warmup_from: float = 0.2
    """The rate at its beginning, as a share of the highest."""
    final: float = 0.01
    """The rate at the end, as a share of the highest."""
    release: float = 0.0
    """Span at the beginning over which the backbone keeps its weights and statistics."""


def learning_rate(optimiser: OptimiserSettings, schedule: ScheduleSettings, steps: int) -> optax.Schedule:
    """The rate of each step, from 0 to steps - 1."""
    warm = round(schedule.warmup * steps)
    rest = max(steps - 1 - warm, 1)
    rate, final = optimiser.rate, schedule.final
    if schedule.kind == "log":
        decay = optax.exponential_decay(rate, rest, final)
    elif schedule.kind == "cosine":
        decay = optax.cosine_decay_schedule(rate, rest, alpha=final)
    else:
        decay = optax.constant_schedule(rate)
    rise = optax.linear_schedule(schedule.warmup_from * rate, rate, max(warm, 1))
    return optax.join_schedules([rise, decay], [warm])


def release_step(schedule: ScheduleSettings, steps: int) -> int:
    """The first step in which the backbone learns."""
    return round(schedule.release * steps)


def optimiser(
    settings: OptimiserSettings, schedule: ScheduleSettings, steps: int, params: Any
) -> optax.GradientTransformation:
    """The optimiser of a run.

    Before the backbone is released its parameters do not move, by weight decay neither, and its momentum is empty.

    Args:
      params: the network's, for their paths.

    Raises:
      UserError: `rates` names the beginning of no parameter's path.
    """
    begins = release_step(schedule, steps)
    paths = tree_paths(params)
    factors = _factors(settings.rates, paths)
    groups = jax.tree.map(lambda path: BACKBONE if path.startswith(f"{BACKBONE}/") else "rest", paths)
    moves = {"rest": _direction(settings), BACKBONE: _direction(settings)}
    if begins:

        def released(step: Any, **_: Any) -> Any:
            return step >= begins

        moves[BACKBONE] = optax.conditionally_mask(moves[BACKBONE], released)
    scales = {str(factor): optax.scale(factor) for factor in set(jax.tree.leaves(factors))}
    return optax.chain(
        optax.clip_by_global_norm(settings.clip),
        optax.partition(moves, groups),  # pyright: ignore[reportArgumentType]
        optax.partition(scales, jax.tree.map(str, factors)),  # pyright: ignore[reportArgumentType]
        optax.scale_by_learning_rate(learning_rate(settings, schedule, steps)),
    )


def tree_paths(tree: Any) -> Any:
    """The same tree with every leaf's path, such as "backbone/conv1/kernel"."""
    return jax.tree_util.tree_map_with_path(
        lambda path, _: jax.tree_util.keystr(path, simple=True, separator="/"), tree
    )


def _direction(settings: OptimiserSettings) -> optax.GradientTransformation:
    def kernels(params: Any) -> Any:
        return jax.tree.map(lambda path: path.endswith("/kernel"), tree_paths(params))

    decay = optax.add_decayed_weights(settings.weight_decay, mask=kernels)
    if settings.kind == "sgd":
        return optax.chain(decay, optax.trace(settings.momentum))
    return optax.chain(optax.scale_by_adam(b1=settings.momentum), decay)


def _factors(rates: Mapping[str, float], paths: Any) -> Any:
    """The factor of every parameter."""
    every = jax.tree.leaves(paths)

    def fits(begin: str, path: str) -> bool:
        return path == begin or path.startswith(f"{begin}/")

    for begin in rates:
        if not any(fits(begin, path) for path in every):
            begins = sorted({"/".join(path.split("/")[:2]) for path in every})
            raise UserError(f"optimiser.rates names {begin!r}, which no parameter begins with (there are {begins})")

    def factor(path: str) -> float:
        fitting = [begin for begin in rates if fits(begin, path)]
        return float(rates[max(fitting, key=len)]) if fitting else 1.0

    return jax.tree.map(factor, paths)
