"""Fitting `ConfidenceConfig` to the signs of boxes whose overlap with the groundtruth is known. No jax."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from drol_jax.config.confidence import ConfidenceConfig
from drol_jax.errors import UserError
from drol_jax.metrics.reliability import RIGHT, Reliability, reliability

CLEAR = (0.3, 0.7)
"""A drawn box counts where it overlaps by no more than the one, or by no less than the other."""
DRAWN = 10.0
"""Weight of all drawn boxes, for that of the tracker's own."""
SHARE = 0.7
"""Weight of right boxes among all."""
PENALTY = 1e-4
"""Of the squared slopes: where one sign says everything the likelihood alone would have it without bound."""
NEUTRAL = (16.0, 0.0)
"""Offset and slope of a factor that is 1: what the online map would say is not known where there is none."""
STARTS = ((-2.0, 8.0, -1.0, 5.0), (-4.0, 12.0, 0.0, 3.0))


class SignsRead(Protocol):
    """As `drol_jax.running.signs.SignsRead`, named here without jax."""

    @property
    def likeness(self) -> np.ndarray: ...
    @property
    def online(self) -> np.ndarray | None: ...
    @property
    def overlap(self) -> np.ndarray: ...
    @property
    def drawn(self) -> np.ndarray: ...


def fit(read: Sequence[SignsRead]) -> ConfidenceConfig:
    """The confidence under which what was read is likeliest.

    Args:
      read: of several sequences, all with the online subnet on, or all with it off, where its factor is 1.

    Raises:
      UserError: all boxes are right, or none is.
    """
    likeness, online, overlap, drawn = _pooled(read)
    clear = ~drawn | (overlap <= CLEAR[0]) | (overlap >= CLEAR[1])
    likeness, overlap, drawn = likeness[clear], overlap[clear], drawn[clear]
    seen = None if online is None else np.clip(online[clear], 0, 1)
    right = overlap > RIGHT
    if right.all() or not right.any():
        raise UserError(f"{'all' if right.all() else 'none'} of {len(right)} boxes are right: take more sequences")
    weight = np.where(drawn, DRAWN / max(drawn.sum(), 1), 1 / (~drawn).sum())
    weight = np.where(right, SHARE * weight / weight[right].sum(), (1 - SHARE) * weight / weight[~right].sum())

    def cost(values: np.ndarray) -> float:
        probability = np.clip(_probability(values, likeness, seen), 1e-6, 1 - 1e-6)
        likely = np.where(right, np.log(probability), np.log1p(-probability))
        return float(-(weight * likely).sum() + PENALTY * (values[1] ** 2 + values[3] ** 2))

    bounds = [(None, None), (0, None)] * 2
    found = min((minimize(cost, start, bounds=bounds, method="L-BFGS-B") for start in STARTS), key=lambda one: one.fun)
    offset, slope, online_offset, online_slope = found.x.round(2).tolist()
    if seen is None:
        online_offset, online_slope = NEUTRAL
    return ConfidenceConfig(offset=offset, likeness=slope, online_offset=online_offset, online=online_slope)


def reliability_of(read: Sequence[SignsRead], fitted: ConfidenceConfig) -> Reliability | None:
    """How far the tracker's own boxes bear the confidence out."""
    likeness, online, overlap, drawn = _pooled(read)
    seen = None if online is None else np.clip(online, 0, 1)
    values = np.array([fitted.offset, fitted.likeness, fitted.online_offset, fitted.online])
    return reliability(_probability(values, likeness, seen)[~drawn], overlap[~drawn])


def _pooled(read: Sequence[SignsRead]) -> tuple[np.ndarray, np.ndarray | None, np.ndarray, np.ndarray]:
    online = [one.online for one in read if one.online is not None]
    return (
        np.concatenate([one.likeness for one in read]),
        np.concatenate(online) if len(online) == len(read) else None,
        np.concatenate([one.overlap for one in read]),
        np.concatenate([one.drawn for one in read]),
    )


def _probability(values: np.ndarray, likeness: np.ndarray, seen: np.ndarray | None) -> np.ndarray:
    """`drol_jax.tracker.confidence.confidence`, in float64."""
    first = expit(values[0] + values[1] * likeness)
    return first if seen is None else first * expit(values[2] + values[3] * seen)
