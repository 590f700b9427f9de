"""Pictures are the same to the byte under every admitted release of OpenCV and numpy: their hashes stand here."""

import hashlib

import cv2
import numpy as np
import pytest

from drol_jax.datasets.synth import filters, load_synth
from drol_jax.image.sampling import remap, warp_affine
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting, cut_pair

FRAMES = {
    "alley_walker": "d9cfd36326120d53",
    "convoy_car": "3e022665dd3ecb50",
    "crowd_face": "d2fc8dadc254ff59",
    "dusk_car": "bdbf8e85949227d3",
    "far_runner": "29fd6f72d81372e8",
    "leaving_car": "fff365c28d31faf5",
    "leaving_dog": "abe81814df367a0c",
    "meadow_dog": "f90e448994237311",
    "passage_walker": "497fbed23c8d2dbc",
    "reef_fish": "0b0f9994d0f91b1f",
    "school_fish": "b52268ca6dcf261d",
    "shaken_face": "543dae3aee9ed9ce",
    "shelf_toy": "6b81e50af083fae0",
    "stage_dancer": "fd7d7e78475315b6",
    "tumbling_toy": "60adce165dea8698",
}
QUICK = ("dusk_car", "leaving_dog", "tumbling_toy")  # light, no smear, long smears


def hashed(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.attack) for name in FRAMES]
)
def test_a_sequence_of_synth_has_the_same_bytes_everywhere(name):
    sequence = load_synth(0, [name])[0].open()
    count = len(sequence)
    shown = [sequence.frames[at]() for at in (0, count // 3, 2 * count // 3)]
    assert hashed(np.nan_to_num(sequence.boxes, nan=-1), *shown) == FRAMES[name]


def noise(shape):
    return np.random.default_rng(0).random(shape, np.float32)


def picture(height, width):
    plane = (255 * filters.enlarge_smoothly(noise((12, 16)), (width, height))).clip(0, 255).astype(np.uint8)
    return cv2.merge([plane, plane[::-1].copy(), plane[:, ::-1].copy()])


def test_warps_have_the_same_bytes_everywhere():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), dtype=np.uint8)
    matrix = np.array([[0.9, 0.2, 3.3], [-0.2, 1.1, 4.7]])
    assert hashed(warp_affine(image, matrix, (61, 37))) == "4f66273aab628c0d"
    mirrored = warp_affine(image, matrix, (61, 37), cv2.BORDER_REFLECT_101, inverse=True)
    assert hashed(mirrored) == "0e27689cbb24466f"


def test_enlargements_and_blurs_have_the_same_bytes_everywhere():
    smooth = filters.enlarge_smoothly(noise((9, 11)), (83, 70))
    assert hashed(smooth) == "19c18202bad29ea9"
    assert hashed(filters.enlarge_smoothly(noise((9, 11))[:3], (83, 70))) == "72d9a15b9186c6ec"
    assert hashed(filters.blur(smooth, 1.7)) == "d8b27118e3d284d2"


@pytest.mark.parametrize("size", [(1, 7), (2, 5), (3, 2), (300, 400)])  # the last in several bands of rows
def test_noise_is_blurred_alike_however_many_rows_are_worked_on_at_once(size):
    outer, middle, _ = cv2.getGaussianKernel(3, 0.5, cv2.CV_64F)[:, 0]
    grain = noise((*size, 3)).astype(np.float64)
    padded = np.pad(grain, ((1, 1), (1, 1), (0, 0)), "reflect")
    rows = outer * (padded[:, :-2] + padded[:, 2:]) + middle * padded[:, 1:-1]
    wanted = outer * (rows[:-2] + rows[2:]) + middle * rows[1:-1]
    np.testing.assert_array_equal(filters.blur_noise(grain, 0.5), wanted)


def test_a_pair_cut_out_of_a_video_has_the_same_bytes_everywhere():
    sighting = Sighting(image=picture(240, 320), box=np.array([100.0, 80, 60, 44]))
    template, search, _ = cut_pair(np.random.default_rng(3), sighting, sighting, CutSettings(blur=1.0), 127, 255)
    assert (hashed(template), hashed(search)) == ("e45b6bf9618eb328", "b33d77d90cced81d")


def test_a_warp_is_bilinear_between_the_four_nearest_pixels():
    image = picture(30, 40)
    x, y = np.meshgrid(np.linspace(-2, 41, 57), np.linspace(-2, 31, 43))
    column, row = (np.floor(at).astype(int) for at in (x, y))
    padded = np.pad(image.astype(np.float64), ((3, 3), (3, 3), (0, 0)))
    part_x, part_y = (x - column)[..., None], (y - row)[..., None]
    at = [[padded[row + dy + 3, column + dx + 3] for dx in (0, 1)] for dy in (0, 1)]
    upper, lower = (left + part_x * (right - left) for left, right in at)
    wanted = upper + part_y * (lower - upper)
    found = remap(image, np.float32(x), np.float32(y))
    assert np.abs(found - wanted).max() < 0.501


def test_a_warp_by_whole_pixels_moves_the_image():
    image = picture(30, 40)
    moved = warp_affine(image, np.array([[1.0, 0, 5], [0, 1, 3]]), (40, 30))
    np.testing.assert_array_equal(moved[3:, 5:], image[:-3, :-5])
    assert not moved[:3].any()


@pytest.mark.parametrize("shape", [(5, 7), (64, 64), (123, 321)])
def test_the_mean_and_the_deviation_are_those_of_exact_arithmetic_to_the_last_digits(shape):
    values = noise(shape)
    assert filters.mean(values) == pytest.approx(np.mean(values, dtype=np.float64), rel=1e-6)
    assert filters.deviation(values) == pytest.approx(np.std(values, dtype=np.float64), rel=1e-6)
