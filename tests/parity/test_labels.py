"""Label Gaussians: parity with the recorded maps, and the laws of their centres."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.image.boxes import target_from_box
from drol_jax.online.labels import first_centres, gaussian, label_sigma, update_centre

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "online.npz")
gaussian_jit = jax.jit(gaussian, static_argnums=2)
first_centres_jit = jax.jit(first_centres, static_argnums=(2, 3, 4))
update_centre_jit = jax.jit(update_centre, static_argnums=(2, 3))
SEARCH_SIZE = {22: 255, 26: 287, 31: 255}


def recorded(case: int):
    *box, cells = GOLDEN[f"label_{case}"]
    centre, size = target_from_box(jnp.asarray(box, jnp.float32))
    L = int(cells)
    return centre, size, L, SEARCH_SIZE[L], jnp.asarray(GOLDEN[f"label_{case}_scale"])


@pytest.mark.parametrize("case", range(6))
def test_labels_equal_the_recorded_ones(case):
    centre, size, L, S, scale = recorded(case)
    sigma = label_sigma(size, scale, L, S, jnp.float32(0.25))
    np.testing.assert_allclose(sigma, GOLDEN[f"label_{case}_sigma"], rtol=1e-6)

    centres = first_centres_jit(centre, jnp.asarray(GOLDEN[f"augment_{S}_shifts"]), 7, L, S)
    assert centres.shape == (30, 2)
    assert centres.dtype == jnp.float32
    maps = gaussian_jit(centres, sigma, L)
    np.testing.assert_allclose(maps[:23, ::3, ::3], GOLDEN[f"label_{case}_first"], rtol=1e-5, atol=1e-6)

    moved = [centre + jnp.asarray(move, jnp.float32) for move in GOLDEN["label_moves"]]
    updates = jnp.stack([update_centre_jit(c, jnp.round(centre), L, S) for c in moved])
    maps = gaussian_jit(updates, sigma, L)
    np.testing.assert_allclose(maps[:, ::3, ::3], GOLDEN[f"label_{case}_update"], rtol=1e-5, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(x=st.floats(-500, 2000), y=st.floats(-500, 2000))
def test_first_centres(x, y):
    """The identity's label is the label of a target that did not move; dropout copies repeat it."""
    centre = jnp.asarray([x, y], jnp.float32)
    shifts = jnp.asarray([[0, 0], [10, -20]], jnp.int32)
    centres = np.asarray(first_centres_jit(centre, shifts, 3, 22, 255))
    unmoved = update_centre_jit(centre, jnp.round(centre), 22, 255)
    np.testing.assert_array_equal(centres[[0, 2, 3, 4]], np.broadcast_to(unmoved, (4, 2)))
    np.testing.assert_allclose(centres[1] - centres[0], np.array([10, -20]) * 22 / 255, atol=1e-5)
    assert np.all(np.abs(centres[0] - 0.5) <= 0.5 * 22 / 255 + 1e-6)


def test_update_centre_swaps_to_rows_and_columns():
    centre = update_centre(jnp.asarray([51.0, 10.0]), jnp.asarray([0.0, 0.0]), 20, 100)
    np.testing.assert_allclose(centre, [0.5 + 2.0, 0.5 + 10.2], rtol=1e-6)


def test_labels_of_an_odd_filter_lie_on_the_target():
    where = jnp.asarray([51.0, 10.0])
    np.testing.assert_array_equal(update_centre(where, where, 20, 100, kernel_size=5), [0, 0])
    np.testing.assert_array_equal(first_centres(where, jnp.zeros((1, 2), jnp.int32), 1, 20, 100, 3), np.zeros((2, 2)))


@settings(max_examples=50, deadline=None)
@given(row=st.integers(-8, 7), column=st.integers(-8, 7), sigma=st.floats(0.3, 5))
def test_gaussian_peaks_on_its_centre(row, column, sigma):
    centre = jnp.asarray([[row + 0.5, column + 0.5]], jnp.float32)  # Cells of an even map lie at halves.
    label = np.asarray(gaussian_jit(centre, jnp.float32(sigma), 16))[0]
    assert label.shape == (16, 16)
    assert label.max() == label[row + 8, column + 8] == 1
    np.testing.assert_allclose(label, label[row + 8][None] * label[:, column + 8][:, None], atol=1e-6)


def test_vmap_equals_loop():
    centres = jnp.asarray(np.random.default_rng(0).uniform(-9, 9, (3, 5, 2)), jnp.float32)
    sigmas = jnp.asarray([0.5, 1.0, 2.0], jnp.float32)
    lanes = jax.jit(jax.vmap(lambda c, s: gaussian(c, s, 19)))(centres, sigmas)
    loop = jnp.stack([gaussian_jit(c, s, 19) for c, s in zip(centres, sigmas, strict=True)])
    np.testing.assert_allclose(lanes, loop, rtol=1e-6, atol=1e-7)
