"""The first frame's training pictures: parity with the recorded ones, and what each transform means."""

import zlib
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.config import OnlineConfig
from drol_jax.errors import UserError
from drol_jax.online.augment import augment, channel_dropout, shifts

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "online.npz")
ONLINE = OnlineConfig()
augment_jit = jax.jit(augment, static_argnums=(2, 3))


def texture(tag: str, size: int) -> np.ndarray:
    """uint8 RGB [size, size, 3]: four octaves of value noise, integer arithmetic, the crop of the recordings."""

    def octave(cell):
        n = size // cell + 2
        raw = np.random.PCG64(zlib.crc32(f"{tag}/{cell}".encode())).random_raw(n * n * 3)
        values = (raw >> np.uint64(56)).astype(np.int64).reshape(n, n, 3)
        at, part = (a.reshape(-1, 1, 1) for a in np.divmod(np.arange(size), cell))
        for _ in range(2):
            values = values[at[:, 0, 0]] * (cell - part) + values[at[:, 0, 0] + 1] * part
            values = values.swapaxes(0, 1)
        return values // cell**2

    total = sum(weight * octave(cell) for weight, cell in ((4, 32), (3, 12), (2, 5), (1, 2)))
    bgr = np.clip((total - 1275) * 3 // 16 + 128, 0, 255).astype(np.uint8)
    return bgr[..., ::-1].copy()


@pytest.mark.parametrize("S", [255, 287])
def test_pictures_equal_the_recorded_ones(S):
    recorded = GOLDEN[f"augment_{S}_shifts"]
    total = shifts(jnp.asarray(recorded[-ONLINE.shifted_samples :]), ONLINE, S)
    np.testing.assert_array_equal(total, recorded)
    pictures = np.asarray(augment_jit(jnp.asarray(texture("aug/crop", 2 * S)), total, ONLINE, S))
    assert pictures.shape == (23, S, S, 3)
    assert pictures.dtype == np.float32
    # 0.003 grey levels is what OpenCV's own rotation differs from exact bilinear; all else is rounding.
    images = GOLDEN[f"augment_{S}_images"]
    np.testing.assert_array_equal(pictures[:6, ::12, ::12], images[:6])
    np.testing.assert_allclose(pictures[6:11, ::12, ::12], images[6:11], rtol=0, atol=1e-4)
    np.testing.assert_allclose(pictures[11:, ::12, ::12], images[11:], rtol=0, atol=4e-3)
    whole = pictures.astype(np.float64)
    stats = np.stack([whole.mean((1, 2, 3)), whole.std((1, 2, 3)), whole.sum((1, 2, 3))], axis=1)
    np.testing.assert_allclose(stats, GOLDEN[f"augment_{S}_stats"], rtol=1e-6)


def random_case(seed: int, S: int) -> tuple[jax.Array, jax.Array]:
    rng = np.random.default_rng(seed)
    crop = rng.integers(0, 256, (2 * S, 2 * S, 3), np.uint8)
    reach = S // 2
    return jnp.asarray(crop), jnp.asarray(rng.integers(-reach, reach + 1, (ONLINE.image_samples, 2), np.int32))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), S=st.sampled_from([15, 16]))
def test_a_shift_moves_the_content(seed, S):
    crop, moved = random_case(seed, S)
    at_rest = np.asarray(augment_jit(crop, jnp.zeros_like(moved), ONLINE, S))
    pictures = np.asarray(augment_jit(crop, moved, ONLINE, S))
    for before, after, (down, right) in zip(at_rest, pictures, np.asarray(moved), strict=True):
        source = before[max(-down, 0) : S - max(down, 0), max(-right, 0) : S - max(right, 0)]
        target = after[max(down, 0) : S + min(down, 0), max(right, 0) : S + min(right, 0)]
        np.testing.assert_allclose(target, source, atol=5e-3)


@pytest.mark.parametrize("S", [15, 16])
def test_plain_transforms(S):
    """Identity, flip and a quarter turn are numpy's, up to the cut."""
    online = OnlineConfig(translations=(), blurs=(), rotations=(90, -90))
    crop, _ = random_case(7, S)
    pictures = augment_jit(crop, jnp.zeros((4, 2), jnp.int32), online, S)
    start = -(-S // 2)
    image = np.asarray(crop).astype(np.float32)
    for picture, expected in zip(pictures, [image, image[:, ::-1], np.rot90(image), np.rot90(image, -1)], strict=True):
        np.testing.assert_allclose(picture, expected[start : start + S, start : start + S], atol=5e-3)


def test_blur_keeps_mean_level_and_sees_zeros_outside():
    online = OnlineConfig(translations=(), rotations=(), flip=False, blurs=((1, 2),))
    S = 16
    crop = jnp.full((2 * S, 2 * S, 3), 200, jnp.uint8)
    inside = augment_jit(crop, jnp.zeros((2, 2), jnp.int32), online, S)
    np.testing.assert_allclose(inside, 200, rtol=1e-5)
    at_border = augment_jit(crop, jnp.asarray([[0, 0], [S // 2, 0]], jnp.int32), online, S)[1]
    assert float(at_border[0].max()) < 150
    assert float(at_border[2].min()) > 199.9


def test_only_the_identity():
    online = OnlineConfig(translations=(), blurs=(), rotations=(), flip=False)
    crop, _ = random_case(3, 16)
    pictures = augment_jit(crop, shifts(jnp.zeros((0, 2), jnp.int32), online, 16), online, 16)
    np.testing.assert_array_equal(pictures, np.asarray(crop)[None, 8:24, 8:24])


def test_vmap_equals_loop():
    S = 16
    crops, moves = (jnp.stack(a) for a in zip(*[random_case(s, S) for s in range(3)], strict=True))
    lanes = jax.jit(jax.vmap(lambda c, s: augment(c, s, ONLINE, S)))(crops, moves)
    loop = jnp.stack([augment_jit(c, s, ONLINE, S) for c, s in zip(crops, moves, strict=True)])
    np.testing.assert_allclose(lanes, loop, atol=5e-3)


@pytest.mark.parametrize("bad", [{"translations": ((1.2, 0.0),)}, {"random_shift": 1.5}])
def test_a_shift_out_of_the_crop_is_refused(bad):
    online = OnlineConfig(**bad)
    with pytest.raises(UserError, match="within"):
        augment(jnp.zeros((32, 32, 3), jnp.uint8), jnp.zeros((online.image_samples, 2), jnp.int32), online, 16)


@pytest.mark.parametrize(("crop", "count"), [((31, 32, 3), 23), ((32, 32, 3), 22)])
def test_wrong_shapes_are_refused(crop, count):
    with pytest.raises(ValueError, match="shape"):
        augment(jnp.zeros(crop, jnp.uint8), jnp.zeros((count, 2), jnp.int32), ONLINE, 16)


def test_channel_dropout():
    rng = np.random.default_rng(0)
    feature, keep = rng.normal(size=(4, 4, 8)).astype(np.float32), rng.random((7, 8)) > 0.2
    copies = channel_dropout(jnp.asarray(feature), jnp.asarray(keep), ONLINE.dropout_rate)
    np.testing.assert_allclose(copies, feature * keep[:, None, None] * np.float32(1.25), rtol=1e-6)
