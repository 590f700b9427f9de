"""Targets of one video against one another: which lie on which, and which of two that want one place keeps away."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np

from drol_jax.follow.policy import Policy
from drol_jax.follow.target import GONE, Target
from drol_jax.image.boxes import overlap

ALIKE = 0.05
"""Histories that differ by less say nothing; then whoever jumped farther keeps away."""


def touching(boxes: Mapping[str, np.ndarray], least: float) -> dict[str, tuple[str, ...]]:
    """The names of the targets that each target lies on.

    Args:
      boxes: float64 [4] by name.
      least: overlap that counts.
    """
    names = list(boxes)
    table = overlaps([boxes[name] for name in names])
    return {
        name: tuple(names[j] for j in np.flatnonzero(row >= least) if j != i)
        for i, (name, row) in enumerate(zip(names, table, strict=True))
    }


def giving_way(
    targets: Sequence[Target], found: Sequence[np.ndarray], together: frozenset[frozenset[str]], policy: Policy
) -> set[str]:
    """Names of the targets that keep away from the place that they were found at, as another one has it.

    Args:
      targets: as they were before the frame; those that are seen in it.
      found: float64 [4] of each, where the tracker sees it now.
      together: pairs of names that lay on one another when they were first boxed, which may go on so.
    """
    table, away = overlaps(found), set()
    for i, j in combinations(range(len(targets)), 2):
        a, b = targets[i], targets[j]
        if table[i, j] >= policy.apart and frozenset((a.name, b.name)) not in together:
            away.add(b.name if _stronger(a, found[i], b, found[j]) else a.name)
    return away


def overlaps(boxes: Sequence[np.ndarray]) -> np.ndarray:
    """[n, n] of n boxes against one another."""
    stacked = np.asarray(boxes, np.float64).reshape(-1, 4)
    return overlap(stacked[:, None], stacked[None])


def _stronger(a: Target, found_a: np.ndarray, b: Target, found_b: np.ndarray) -> bool:
    """Whether a has the better claim to the place: it was in sight, has the better history or the shorter way."""
    known_a, known_b = (t.state not in GONE and t.unseen == 0 for t in (a, b))
    if known_a != known_b:
        return known_a
    if abs(a.history - b.history) >= ALIKE:
        return a.history > b.history
    return _jump(a, found_a) <= _jump(b, found_b)


def _jump(target: Target, found: np.ndarray) -> float:
    """How far from where it was heading, in sides of the target."""
    off = found[:2] + found[2:] / 2 - (target.box[:2] + target.box[2:] / 2 + target.velocity)
    return float(np.linalg.norm(off) / np.sqrt(target.box[2:].prod()))
