"""Where a lost target is looked for: places over the image, the nearest to its last one first."""

import numpy as np

from drol_jax.follow.policy import Policy


def places(
    size: tuple[int, int], region: float, last: np.ndarray, gone: int, policy: Policy, looks: int | None = None
) -> tuple[np.ndarray, float]:
    """Middles of the search regions of this frame, and of those that come next if fewer are looked at.

    Regions that overlap by half cover what lies within a radius, which grows from the last place to the whole image.
    They are gone through again and again. Where that would take too long, they are wider, and the target is smaller in
    them.

    Args:
      size: (height, width) of the image.
      region: side of the usual search region, pixels.
      last: float64 [2] (x, y), where the target was last seen.
      gone: frames since it was lost, from 1.
      looks: places that are looked at in a frame, at most `policy.looks`, as many as these where it is not told.

    Returns:
      (float64 [policy.looks, 2] (x, y) in pixels, side of the regions as a factor on the usual one, 1 or more).
    """
    radius = max(region, float(np.hypot(*size)) * gone / policy.near) if gone <= policy.near else np.inf
    wider = 1.0
    while len(within := _within(_grid(size, region * wider / 2), last, radius, policy.looks)) > (
        policy.looks * policy.sweep
    ):
        wider *= 1.25
    start = (gone - 1) * (policy.looks if looks is None else looks)
    return within[(start + np.arange(policy.looks)) % len(within)], wider


def _within(grid: np.ndarray, last: np.ndarray, radius: float, least: int) -> np.ndarray:
    """Those of the places that lie within a radius, the nearest first; at least so many, where there are."""
    distances = np.linalg.norm(grid - last, axis=1)
    order = np.argsort(distances, kind="stable")
    return grid[order[: max(least, int(np.count_nonzero(distances <= radius)))]]


def _grid(size: tuple[int, int], step: float) -> np.ndarray:
    """[n, 2] (x, y) at equal distances of at most `step`, half of it from the borders."""
    axes = []
    for length in size[::-1]:
        count = max(1, int(np.ceil(length / step)))
        axes.append((np.arange(count) + 0.5) * length / count)
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
