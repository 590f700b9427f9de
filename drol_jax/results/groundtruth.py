"""A sequence's groundtruth as result files spell it: in the benchmark's own pixel origin."""

import numpy as np

from drol_jax.datasets.sequence import Sequence
from drol_jax.image.shapes import moved
from drol_jax.metrics.regions import Regions


def own_boxes(sequence: Sequence) -> np.ndarray:
    """The boxes, float64 [T, 4] (x, y, w, h), pixels in the benchmark's own origin."""
    return np.add(sequence.boxes, (sequence.origin, sequence.origin, 0, 0))


def own_regions(sequence: Sequence) -> Regions:
    """The masks and polygons where the benchmark annotates them, else the boxes, in the benchmark's own origin."""
    boxes = own_boxes(sequence)
    polygons = np.full((len(boxes), 8), np.nan)
    if sequence.polygons is not None:
        polygons = sequence.polygons + sequence.origin
    shapes = [None if shape is None else moved(shape, sequence.origin) for shape in sequence.shapes or ()]
    other = ~np.isnan(polygons[:, 0])
    for frame, shape in enumerate(shapes):
        other[frame] |= shape is not None
    return Regions.from_parts(np.where(other[:, None], np.nan, boxes), polygons, shapes)
