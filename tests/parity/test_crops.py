"""Patches cut out of a frame: the recorded ones to the bit, and those of OpenCV."""

import zlib

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded
from hypothesis import example, given, settings
from hypothesis import strategies as st

from drol_jax.image import crops
from drol_jax.image.crops import Frame, as_frame, crop, mean_colour
from drol_jax.image.frames import flatten, in_a_row

GOLDEN = recorded.load("crops")
NAMES = GOLDEN["name"].tolist()
PICTURE = recipe.test_image()
HEIGHT, WIDTH, _ = PICTURE.shape
FRAME = as_frame(jnp.asarray(PICTURE))
PADDED = Frame(*map(jnp.asarray, flatten(PICTURE)))
FILL = jnp.array([10, 20, 30], jnp.uint8)
cut = jax.jit(crop, static_argnums=3)


def arguments(row):
    return jnp.asarray(GOLDEN["centre"][row]), jnp.asarray(GOLDEN["side"][row]), int(GOLDEN["out"][row])


def expected(picture, centre, side, out, fill):
    """The patch by the rules of the reference: padding, slicing, `cv2.resize`; all in float32 and whole numbers."""
    left, top = np.floor(np.float32(centre) - np.float32(side) / 2).astype(int)
    cells = max(int(np.floor(side)), 1)
    y, x = top + np.arange(cells), left + np.arange(cells)
    inside = ((y >= 0) & (y < picture.shape[0]))[:, None] & ((x >= 0) & (x < picture.shape[1]))
    patch = picture[np.clip(y, 0, picture.shape[0] - 1)][:, np.clip(x, 0, picture.shape[1] - 1)]
    return cv2.resize(np.where(inside[..., None], patch, np.asarray(fill)).astype(np.uint8), (out, out))


@pytest.mark.parametrize("row", range(len(NAMES)), ids=NAMES)
def test_recorded_crops_are_reproduced_to_the_bit(row):
    centre, side, out = arguments(row)
    step, keep = int(GOLDEN["step"][row]), 2 if out <= 127 else 4
    patch = np.asarray(cut(FRAME, centre, side, out, mean_colour(FRAME)))
    assert patch.shape == (out, out, 3)
    assert patch.dtype == np.uint8
    patch = np.ascontiguousarray(patch[::step, ::step])
    np.testing.assert_array_equal(patch[::keep, ::keep], GOLDEN[f"pixels_{NAMES[row]}"])
    assert zlib.crc32(patch.tobytes()) == GOLDEN["crc"][row]


def test_all_crops_were_recorded():
    assert len(NAMES) == len(set(NAMES)) == 23


@pytest.mark.parametrize("frame", [FRAME, PADDED], ids=["as it is", "padded"])
def test_mean_colour_is_the_mean_rounded_down(frame):
    np.testing.assert_array_equal(mean_colour(frame), np.trunc(GOLDEN["mean"]))
    np.testing.assert_array_equal(mean_colour(frame), PICTURE.mean(axis=(0, 1)).astype(np.uint8))


def test_mean_colour_of_a_large_white_frame_does_not_overflow():
    white = jnp.full((2160, 3840, 3), 255, jnp.uint8)
    np.testing.assert_array_equal(mean_colour(as_frame(white)), [255, 255, 255])


def test_mean_colour_of_more_pixels_than_32_bits_can_sum():
    many = jnp.zeros((4200, 4200, 3), jnp.uint8) + jnp.array([255, 180, 1], jnp.uint8)[None, None]
    np.testing.assert_array_equal(mean_colour(as_frame(many)), [255, 180, 1])


@settings(max_examples=30, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), seed=st.integers(0, 99), level=st.integers(0, 255))
def test_a_sum_in_parts_has_the_mean_of_any_picture(height, width, seed, level):
    picture = np.minimum(recipe.bits(f"crops/mean/{seed}", height * width * 3) % 256, level).astype(np.uint8)
    pixels = picture.reshape(-1, 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(crops, "SUMMABLE", 64)
        mean = mean_colour(as_frame(jnp.asarray(pixels.reshape(height, width, 3))))
    np.testing.assert_array_equal(mean, pixels.sum(axis=0, dtype=np.uint64) // len(pixels))


@pytest.mark.parametrize("row", [NAMES.index(n) for n in ("corner_br", "bigger_than_image", "search_pad")])
def test_a_padded_frame_gives_the_same_crop(row):
    assert PADDED.pixels.shape[0] > HEIGHT * WIDTH
    centre, side, out = arguments(row)
    # What lies behind the picture is never read: here it is noise.
    noise = jnp.asarray(recipe.bits("crops/behind", PADDED.pixels.size).astype(np.uint8).reshape(-1, 3))
    behind = jnp.arange(PADDED.pixels.shape[0]) >= HEIGHT * WIDTH
    noisy = Frame(jnp.where(behind[:, None], noise, PADDED.pixels), PADDED.size)
    wanted = cut(FRAME, centre, side, out, FILL)
    for frame in (PADDED, noisy):
        np.testing.assert_array_equal(cut(frame, centre, side, out, FILL), wanted)


def test_vmap_over_centres_and_sides_equals_the_loop():
    centres = jnp.array([[200.3, 150.7], [3.0, 2.0], [475.0, 180.25], [240.0, 180.0]])
    sides = jnp.array([40.0, 93.37, 254.0, 700.0])
    lanes = jax.jit(jax.vmap(lambda c, s: crop(PADDED, c, s, 127, FILL)))(centres, sides)
    for lane, centre, side in zip(lanes, centres, sides, strict=True):
        np.testing.assert_array_equal(lane, cut(PADDED, centre, side, 127, FILL))


@pytest.mark.parametrize("centre", [(-500, 100), (100, -500), (980, 100), (100, 860), (-9e4, -9e4), (1e5, 1e5)])
def test_a_square_wholly_outside_is_all_fill(centre):
    patch = cut(FRAME, jnp.array(centre, jnp.float32), jnp.float32(400.0), 127, FILL)
    np.testing.assert_array_equal(patch, np.broadcast_to(FILL, patch.shape))


def test_a_square_of_no_size_is_one_pixel():
    for side in (0.0, 0.3, 1.0):
        patch = cut(FRAME, jnp.array([100.5, 50.5]), jnp.float32(side), 31, FILL)
        np.testing.assert_array_equal(patch, np.broadcast_to(PICTURE[50, 100], patch.shape))


@settings(max_examples=150, deadline=None)
@given(
    x=st.floats(-300, 800, width=32),
    y=st.floats(-300, 700, width=32),
    side=st.floats(1, 1500, width=32),
    out=st.sampled_from([31, 127, 255]),
)
def test_any_square_equals_that_of_opencv(x, y, side, out):
    patch = cut(FRAME, jnp.array([x, y], jnp.float32), jnp.float32(side), out, FILL)
    np.testing.assert_array_equal(patch, expected(PICTURE, (x, y), side, out, FILL))


@settings(max_examples=20, deadline=None)
@given(side=st.integers(1, 1500), seed=st.integers(0, 99))
@example(side=254, seed=0)
def test_whole_sides_about_whole_and_half_centres_equal_those_of_opencv(side, seed):
    x, y = recipe.bits(f"crops/{seed}", 2) % 1000 / 2
    patch = cut(FRAME, jnp.array([x, y], jnp.float32), jnp.float32(side), 127, FILL)
    np.testing.assert_array_equal(patch, expected(PICTURE, (x, y), side, 127, FILL))


@settings(max_examples=100, deadline=None)
@given(cells=st.integers(1, 200_000), out=st.sampled_from([127, 255, 287, 510]))
@example(cells=4819, out=510)
def test_taps_round_as_opencv_does_at_any_size(cells, out):
    position = ((np.arange(out) + 0.5) * (cells / out) - 0.5).astype(np.float32)
    low = np.floor(position)
    wanted = low.astype(int) * crops.FIXED_POINT + np.rint((position - low) * crops.FIXED_POINT).astype(int)
    taps, weights = crops._taps(jnp.int32(cells), out)
    np.testing.assert_array_equal(taps * crops.FIXED_POINT + weights[1], wanted)
    np.testing.assert_array_equal(weights.sum(axis=0), crops.FIXED_POINT)


def test_a_square_larger_than_4096_pixels_equals_that_of_opencv():
    noise = recipe.bits("crops/4k", 2160 * 3840 * 3).astype(np.uint8).reshape(2160, 3840, 3)
    frame = Frame(*map(jnp.asarray, flatten(noise)))
    patch = cut(frame, jnp.array([1920.0, 1080.0]), jnp.float32(4819), 510, FILL)
    np.testing.assert_array_equal(patch, expected(noise, (1920, 1080), 4819, 510, FILL))


@pytest.mark.parametrize("form", [crop, crops.centred_crop])
def test_one_of_pictures_in_a_row_is_read_where_it_lies_and_nothing_around_it(form):
    others = np.random.default_rng(0).integers(0, 256, (2, *PICTURE.shape), np.uint8)
    pixels, size = in_a_row([others[0], PICTURE, others[1]], 3)
    pixels[3 * HEIGHT * WIDTH :] = 255
    row = Frame(jnp.asarray(pixels), jnp.asarray(size), jnp.int32(HEIGHT * WIDTH))
    np.testing.assert_array_equal(mean_colour(row), mean_colour(FRAME))
    for centre in ((3.0, 2.0), (WIDTH / 2, HEIGHT / 2), (WIDTH + 5.0, HEIGHT - 1.0)):
        asked = jnp.array(centre), jnp.float32(90.5), 63, FILL
        np.testing.assert_array_equal(form(row, *asked), form(FRAME, *asked))


def test_a_frame_of_another_kind_is_refused():
    assert as_frame(PADDED) is PADDED
    for wrong in (PICTURE[..., 0], PICTURE[..., :2], PICTURE.astype(np.float32)):
        with pytest.raises(TypeError, match="uint8 RGB"):
            as_frame(jnp.asarray(wrong))
