"""Score map and verdict: parity with recorded maps, and an oracle in plain Python."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.config import Hyper
from drol_jax.online.labels import gaussian
from drol_jax.online.localize import Verdict, judge, resampling_matrix, upsample

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "online.npz")
HYPER = Hyper(penalty_k=0.0, window_influence=0.0, size_lr=0.0).on_device()
upsample_jit = jax.jit(upsample, static_argnums=(1, 2))
judge_jit = jax.jit(judge)


def bumps(peaks, base: float = 0.0, S: int = 255) -> np.ndarray:
    """float32 [S, S]: base + sum of height / (1 + (distance / width)^2)^2 over (row, column, height, width)."""
    index = np.arange(S, dtype=np.float64)
    total = np.full((S, S), base)
    for row, column, height, width in peaks:
        q = 1 + ((index[:, None] - row) ** 2 + (index - column) ** 2) / (width * width)
        total += height / (q * q)
    return total.astype(np.float32)


@pytest.mark.parametrize("L", [22, 26, 31, 103])
def test_upsampling_equals_the_recorded_map(L):
    size, stride = int(GOLDEN[f"upsample_{L}_size"]), int(GOLDEN[f"upsample_{L}_stride"])
    score_map = np.asarray(upsample_jit(jnp.asarray(GOLDEN[f"upsample_{L}_raw"]), size))
    recorded = GOLDEN[f"upsample_{L}_map"]
    assert score_map.shape == (size, size)
    assert score_map.dtype == np.float32
    np.testing.assert_allclose(score_map.ravel()[::stride], recorded, rtol=0, atol=2e-6 * np.abs(recorded).max())


@pytest.mark.parametrize("kernel", [2, 3, 4, 5])
@pytest.mark.parametrize(("L", "S"), [(5, 9), (6, 9), (7, 16), (8, 17)])
def test_resampling_is_the_fourier_series(L, S, kernel):
    """Against the double sum over frequencies, Nyquist twice for even L, shifted by pi (1 - (kernel % 2) / L)."""
    raw = np.random.default_rng(L).normal(size=(L, L))
    k = np.arange(-(L // 2), L // 2 + 1)
    forward = np.exp(-2j * np.pi * np.outer(k, np.arange(L)) / L) / L
    pixel = (np.arange(S) + (S + 1) // 2) % S
    back = np.exp(2j * np.pi * np.outer(pixel, k) / S) * np.exp(1j * np.pi * (1 - kernel % 2 / L) * k)
    series = back @ (forward @ raw @ forward.T) @ back.T
    D = resampling_matrix(L, S, kernel)
    np.testing.assert_allclose(D @ raw @ D.T, series.real, atol=1e-5)
    np.testing.assert_allclose(series.imag, 0, atol=1e-12)
    np.testing.assert_allclose(D.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize(("kernel", "behind"), [(4, 0.5), (3, 0.0), (5, 0.0)])
@pytest.mark.parametrize(("L", "S"), [(22, 255), (26, 287), (31, 255), (103, 255)])
def test_a_centred_response_peaks_at_the_crops_centre(L, S, kernel, behind):
    raw = gaussian(jnp.full((1, 2), behind, jnp.float32), jnp.float32(1.5), L)[0]
    judgement = judge_jit(upsample_jit(raw, S, kernel), jnp.asarray([40.0, 40.0]), jnp.float32(1), HYPER)
    np.testing.assert_array_equal(judgement.position, [S // 2, S // 2])


def recorded_maps() -> jax.Array:
    cases = zip(GOLDEN["verdict_peaks"], GOLDEN["verdict_base"], strict=True)
    return jnp.asarray(np.stack([bumps(peaks, float(base)) for peaks, base in cases]))


def test_verdicts_equal_the_recorded_ones():
    maps, target, scale = recorded_maps(), GOLDEN["verdict_target"], GOLDEN["verdict_scale"]
    lanes = jax.jit(jax.vmap(judge, in_axes=(0, 0, 0, None)))(maps, jnp.asarray(target), jnp.asarray(scale), HYPER)
    named = dict(zip(GOLDEN["verdict_name"].tolist(), np.asarray(lanes.verdict).tolist(), strict=True))
    assert named == dict(zip(GOLDEN["verdict_name"].tolist(), GOLDEN["verdict"].tolist(), strict=True))
    assert set(named.values()) == {v.value for v in Verdict if v != Verdict.OFF}
    np.testing.assert_array_equal(lanes.position, GOLDEN["verdict_position"])
    np.testing.assert_allclose(lanes.peak, GOLDEN["verdict_peak"], rtol=1e-7)
    for i, score_map in enumerate(maps):
        alone = judge_jit(score_map, jnp.asarray(target[i]), jnp.asarray(scale[i]), HYPER)
        jax.tree.map(lambda a, b: np.testing.assert_array_equal(a[i], b), lanes, alone)  # noqa: B023


def oracle(score_map: np.ndarray, target_size, scale, displacement: float) -> tuple[Verdict, tuple[int, int]]:
    """The published rule with Python's own numbers."""
    S = len(score_map)

    def maximum(a):
        column, row = np.unravel_index(np.argmax(a.T), a.shape)
        return a[row, column], int(row), int(column)

    first, *at = maximum(score_map)
    if first < 0.25:
        return Verdict.NOT_FOUND, tuple(at)
    rest = score_map.copy()
    n = [float(v) for v in np.float32(2.2) * np.asarray(target_size, np.float32) * np.float32(scale)]
    (r0, r1), (c0, c1) = [(max(round(p - m / 2), 0), min(round(p + m / 2 + 1), S)) for p, m in zip(at, n, strict=True)]
    rest[r0:r1, c0:c1] = 0
    second, *other = maximum(rest)
    limit = displacement * S / 2
    d1, d2 = (float(np.hypot(p[0] - S // 2, p[1] - S // 2)) for p in (at, other))
    if second > np.float32(0.8) * first:
        apart = (d2 > limit > d1) or (d2 < limit < d1)
        return (Verdict.HARD_NEGATIVE if apart else Verdict.UNCERTAIN), tuple(at)
    if second > np.float32(0.5) * first and second > 0.25:
        return Verdict.HARD_NEGATIVE, tuple(at)
    return Verdict.FOUND, tuple(at)


peak = st.tuples(st.integers(0, 63), st.integers(0, 63), st.sampled_from([0.1, 0.25, 0.3, 0.5, 0.6, 0.9]))


@settings(max_examples=150, deadline=None)
@given(
    peaks=st.lists(peak, min_size=1, max_size=4),
    base=st.sampled_from([0.0, -0.2, 0.1]),
    target=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    scale=st.sampled_from([0.5, 1.0, 1.58, 5.0 / 2.2]),
    displacement=st.sampled_from([0.8, 0.5, 1.0]),
)
def test_verdict_equals_the_oracle(peaks, base, target, scale, displacement):
    """Single pixels on a flat map: ties, borders and equal heights are common."""
    score_map = np.full((64, 64), base, np.float32)
    for row, column, height in peaks:
        score_map[row, column] = height
    hyper = Hyper(penalty_k=0.0, window_influence=0.0, size_lr=0.0, displacement=displacement).on_device()
    judgement = judge_jit(jnp.asarray(score_map), jnp.asarray(target, jnp.float32), jnp.float32(scale), hyper)
    verdict, position = oracle(score_map, target, scale, displacement)
    assert (Verdict(int(judgement.verdict)), tuple(np.asarray(judgement.position).tolist())) == (verdict, position)


def test_of_equal_maxima_the_leftmost_then_topmost_counts():
    score_map = np.zeros((32, 32), np.float32)
    for row, column in [(1, 5), (7, 3), (4, 3)]:
        score_map[row, column] = 1
    judgement = judge_jit(jnp.asarray(score_map), jnp.asarray([2.0, 2.0]), jnp.float32(1), HYPER)
    np.testing.assert_array_equal(judgement.position, [4, 3])


@pytest.mark.parametrize("S", [32, 255, 287])
def test_one_nan_in_the_response_is_not_found_without_a_peak(S):
    score_map = upsample_jit(jnp.ones((22, 22)).at[3, 5].set(jnp.nan), S)
    judgement = judge_jit(score_map, jnp.asarray([4.0, 4.0]), jnp.float32(1), HYPER)
    assert int(judgement.verdict) == Verdict.NOT_FOUND
    assert np.isnan(judgement.peak)
    assert judgement.verdict.dtype == jnp.int32
