"""Patches of several lanes, and of sides at which their rows begin to leave lines out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from drol_jax.image.crops import Frame, centred_crop, crop

HEIGHT, WIDTH, OUT = 60, 80, 21
FILL = jnp.array([9, 99, 199], jnp.uint8)
BOTH = pytest.mark.parametrize("cut", [crop, centred_crop])


def frame(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (HEIGHT * WIDTH, 3), np.uint8)
    return Frame(jnp.asarray(pixels), jnp.array([HEIGHT, WIDTH], jnp.int32))


def patch(cut, image, centre, side):
    return np.asarray(jax.jit(cut, static_argnums=3)(image, jnp.array(centre), jnp.float32(side), OUT, FILL))


@BOTH
def test_lanes_get_the_patches_that_each_gets_alone(cut):
    images = [frame(seed) for seed in range(3)]
    centres, sides = [(30.2, 20.0), (-4.0, 55.5), (79.0, 1.0)], [12.5, 40.0, 90.0]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *images)
    lanes = jax.jit(jax.vmap(lambda image, centre, side: cut(image, centre, side, OUT, FILL)))
    found = lanes(together, jnp.array(centres), jnp.array(sides))
    for i, image in enumerate(images):
        np.testing.assert_array_equal(found[i], patch(cut, image, centres[i], sides[i]))


@BOTH
def test_lanes_of_one_image_within_lanes_of_centres(cut):
    image, centres, sides = frame(0), [(30.2, 20.0), (50.0, 41.5)], [12.5, 40.0, 90.0]
    each = jax.vmap(lambda side, centre: cut(image, centre, side, OUT, FILL), (0, None))
    found = jax.jit(jax.vmap(each, (None, 0)))(jnp.array(sides), jnp.array(centres))
    for i, centre in enumerate(centres):
        for j, side in enumerate(sides):
            np.testing.assert_array_equal(found[i, j], patch(cut, image, centre, side))


@BOTH
@pytest.mark.parametrize("side", [1.0, OUT - 0.5, OUT, 2 * OUT - 1, 2 * OUT, 2 * OUT + 1, 2.2 * OUT, 3 * OUT])
def test_a_patch_of_a_ramp_is_a_ramp_whether_rows_share_lines_or_leave_some_out(cut, side):
    grey = jnp.broadcast_to(jnp.arange(200, dtype=jnp.uint8)[:, None, None], (200, 200, 3))
    image = Frame(grey.reshape(-1, 3), jnp.array([200, 200], jnp.int32))
    found = patch(cut, image, (100.0, 100.0), side)[:, 5, 0].astype(float)
    expected = 100 + (np.arange(OUT) - (OUT - 1) / 2) * side / OUT
    off = 0.51 if cut is centred_crop else 2.3  # the published square begins and ends at whole pixels
    assert np.abs(found - expected).max() <= off


@BOTH
@pytest.mark.parametrize("side", [np.nan, np.inf, 0.0, -5.0, 1e9])
def test_a_side_that_is_none_still_gives_a_patch(cut, side):
    assert patch(cut, frame(0), (30.0, 20.0), side).shape == (OUT, OUT, 3)
