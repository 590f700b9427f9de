"""Long-term tracking with a word on presence: OxUvA's true positive and true negative rates, and their geometric mean.

Source: Valmadre et al., "Long-term Tracking in the Wild: A Benchmark", ECCV 2018; oxuva/long-term-tracking-benchmark
at fd49bed27a, ``python/oxuva/assess.py``. Boxes are shares of the image, and are cut to it. A labelled frame with the
target is right where the tracker says that it is present and their boxes overlap by at least a half; one without is
right where the tracker says that it is absent. Rates are over the frames of all sequences together; the first frame is
not one.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

OVERLAP = 0.5
_DIGITS = 12  # of shares: dividing pixels by the image's size does not give back what files hold to the last bit


@dataclass(frozen=True)
class Verdicts:
    """Labelled frames by what the tracker said of them."""

    found: int = 0
    """Target there and found (true positives)."""
    missed: int = 0
    """Target there, and said to be absent or elsewhere (false negatives)."""
    rejected: int = 0
    """Target absent, and said to be (true negatives)."""
    imagined: int = 0
    """Target absent, and said to be somewhere (false positives)."""

    @classmethod
    def total(cls, parts: Iterable[Self]) -> Self:
        """All of them together."""
        parts = list(parts)
        return cls(*(sum(getattr(one, name) for one in parts) for name in ("found", "missed", "rejected", "imagined")))

    @property
    def positive_rate(self) -> float | None:
        """Share of the frames with the target in which it is found (TPR); None where there are none."""
        return self.found / (self.found + self.missed) if self.found + self.missed else None

    @property
    def negative_rate(self) -> float | None:
        """Share of the frames without the target in which that is said (TNR); None where there are none."""
        return self.rejected / (self.rejected + self.imagined) if self.rejected + self.imagined else None

    @property
    def geometric_mean(self) -> float | None:
        """Of both rates (GM); None where one does not exist."""
        both = self.positive_rate, self.negative_rate
        return None if None in both else float(np.sqrt(both[0] * both[1]))  # pyright: ignore

    @property
    def largest_mean(self) -> float | None:
        """Largest geometric mean where a share of the frames, drawn at random, is said to be absent whatever the
        tracker says (MaxGM), by which the benchmark ranks; None where a rate does not exist."""
        found, rejected = self.positive_rate, self.negative_rate
        if found is None or rejected is None:
            return None
        # (1 - share) * found times (1 - share) * rejected + share is largest here, if that is a share.
        share = 0.0 if rejected == 1 else max((1 - 2 * rejected) / (2 * (1 - rejected)), 0.0)
        return float(np.sqrt((1 - share) * found * ((1 - share) * rejected + share)))


def judge(predicted: np.ndarray, groundtruth: np.ndarray, absent: np.ndarray, size: tuple[int, int]) -> Verdicts:
    """Compare one sequence with its labels.

    Args:
      predicted: [T, 4] (x, y, w, h), pixels, 0-based; a row of NaN where the tracker says that the target is absent.
      groundtruth: likewise; NaN where it is absent or the frame has no label.
      absent: bool [T], frames that are labelled as without the target.
      size: (height, width) of the images.
    """
    labelled = ~np.isnan(groundtruth).any(1) & ~absent
    labelled[:1] = False  # given
    said = ~np.isnan(predicted).any(1)
    right = said & (_overlap(_shares(predicted, size), _shares(groundtruth, size)) >= OVERLAP)
    return Verdicts(
        found=int((labelled & right).sum()),
        missed=int((labelled & ~right).sum()),
        rejected=int((absent & ~said)[1:].sum()),
        imagined=int((absent & said)[1:].sum()),
    )


def _shares(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Corners [T, 2, 2] (from, to; x, y) in shares of the image, cut to it."""
    corners = np.stack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1) / np.array([size[1], size[0]], np.float64)
    return np.stack([np.maximum(corners[:, 0].round(_DIGITS), 0), np.minimum(corners[:, 1].round(_DIGITS), 1)], 1)


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """[T] intersection over union; zero where both are empty."""
    shared = _area(np.maximum(one[:, 0], other[:, 0]), np.minimum(one[:, 1], other[:, 1]))
    union = _area(one[:, 0], one[:, 1]) + _area(other[:, 0], other[:, 1]) - shared
    return np.where(union > 0, shared / np.where(union > 0, union, 1), 0)


def _area(low: np.ndarray, high: np.ndarray) -> np.ndarray:
    return np.prod(np.maximum(high - low, 0), axis=1)
