"""Overlaps in pixels: what regions outside the bounds, and regions of no pixel, count as."""

import numpy as np
import pytest

from drol_jax.metrics.raster import overlaps
from drol_jax.metrics.regions import Regions

INSIDE, LEFT, RIGHT = [5, 5, 10, 10], [-50, -50, 10, 10], [150, 50, 10, 10]


@pytest.mark.parametrize("style", ["trax", "vot"])
@pytest.mark.parametrize("pair", [(LEFT, LEFT), (RIGHT, RIGHT), (LEFT, RIGHT), (INSIDE, LEFT), (RIGHT, INSIDE)])
def test_a_region_outside_the_bounds_overlaps_nothing(pair, style):
    a, b = (Regions.from_boxes([box]) for box in pair)
    np.testing.assert_array_equal(overlaps(a, b, (100, 100), style), [0])


@pytest.mark.parametrize(("style", "wanted"), [("trax", np.nan), ("vot", 1)])
def test_two_regions_that_fill_no_pixel_are_nothing_beside_nothing(style, wanted):
    flat = Regions.from_boxes([[5, 5, 0, 10]])
    np.testing.assert_array_equal(overlaps(flat, flat, (100, 100), style), [wanted])
