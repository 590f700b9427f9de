"""A sequence's groundtruth as result files spell it: in the benchmark's own pixel origin."""

import numpy as np

from drol_jax.datasets.sequence import Sequence
from drol_jax.metrics.regions import Regions


def own_boxes(sequence: Sequence) -> np.ndarray:
    """The boxes, float64 [T, 4] (x, y, w, h), pixels in the benchmark's own origin."""
    return np.add(sequence.boxes, (sequence.origin, sequence.origin, 0, 0))


def own_regions(sequence: Sequence) -> Regions:
    """The polygons where the benchmark annotates them, else the boxes, in the benchmark's own origin."""
    if sequence.polygons is not None:
        return Regions.from_polygons(sequence.polygons + sequence.origin)
    return Regions.from_boxes(own_boxes(sequence))
