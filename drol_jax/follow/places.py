"""Where a lost target is looked for: places over the image, the nearest to its last one first."""

import numpy as np

from drol_jax.follow.policy import Policy


def places(
    size: tuple[int, int], region: float, last: np.ndarray, gone: int, policy: Policy
) -> tuple[np.ndarray, float]:
    """Middles of the search regions of this frame.

    The image is covered by regions that overlap by half. Where a sweep over it would take too long, regions are wider,
    and the target is smaller in them. In the first frames after the loss those within a growing radius are gone
    through, again and again; then all of them.

    Args:
      size: (height, width) of the image.
      region: side of the usual search region, pixels.
      last: float64 [2] (x, y), where the target was last seen.
      gone: frames since it was lost, from 1.

    Returns:
      (float64 [looks, 2] (x, y) in pixels, side of the regions as a factor on the usual one, 1 or more).
    """
    wider = 1.0
    while (grid := _grid(size, region * wider / 2)).shape[0] > policy.looks * policy.sweep:
        wider *= 1.25
    distances = np.linalg.norm(grid - last, axis=1)
    order = np.argsort(distances, kind="stable")
    diagonal = float(np.hypot(*size))
    radius = max(region, diagonal * gone / policy.near)
    within = order[: max(policy.looks, int(np.count_nonzero(distances <= radius)))]
    if gone <= policy.near:
        wider = 1.0 if gone * 2 <= policy.near else wider
    start = (gone - 1) * policy.looks
    chosen = within[(start + np.arange(policy.looks)) % len(within)]
    return grid[chosen], wider


def _grid(size: tuple[int, int], step: float) -> np.ndarray:
    """[n, 2] (x, y) at equal distances of at most `step`, half of it from the borders."""
    axes = []
    for length in size[::-1]:
        count = max(1, int(np.ceil(length / step)))
        axes.append((np.arange(count) + 0.5) * length / count)
    return np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
