"""Fitting the subnet: the recorded joint fits and refits, and what the parts promise."""

import json
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded

from drol_jax.config import Hyper, OnlineConfig
from drol_jax.online.features import Extractor, attention_channels, extract, has_channel_attention
from drol_jax.online.fit import (
    CHUNK,
    LEAK,
    first_fit,
    first_residuals,
    gauss_newton,
    loss,
    rectify,
    refit,
    respond,
)
from drol_jax.online.labels import gaussian
from drol_jax.online.memory import Memory, filled

HYPER = Hyper(penalty_k=0, window_influence=0, size_lr=0).on_device()
SIGMA = jnp.float32(1.1)
REFITS, FITS = ("tiny", "mem22", "mem31"), ("tiny_att", "tiny_noatt", "alex22_att")


def distance(actual, wanted):
    """Length of the difference, relative to the wanted vector's."""
    actual, wanted = np.asarray(actual, np.float64), np.asarray(wanted, np.float64)
    assert actual.shape == wanted.shape
    return np.linalg.norm(actual - wanted) / np.linalg.norm(wanted)


def filter_of(array):
    """[1, D, k, k] as recorded -> [k, k, D]."""
    return np.moveaxis(array[0], 0, -1)


# Refits


@cache
def recorded_refit(case):
    """(start filter, memory, recording, facts)."""
    file = recorded.load("classifier.filter_cg")
    facts = json.loads(str(file["info_json"]))[case]
    shifts = file[f"{case}_shifts"]
    features = recipe.features(f"cg/{case}", facts["memory"], facts["C"], facts["l"], shifts / 8.0)
    features[facts["used"] :] = 0
    memory = Memory(
        features=jnp.asarray(features),
        centres=jnp.asarray(0.5 + shifts / 8.0, jnp.float32),
        weights=jnp.asarray(file[f"{case}_weights"]),
        previous=jnp.int32(-1),
    )
    return jnp.asarray(filter_of(recipe.tensor(f"cg/{case}/f", (1, facts["C"], 4, 4), 0.02))), memory, file, facts


run_refit = jax.jit(refit)


@pytest.mark.parametrize("case", REFITS)
def test_a_refit_is_closer_to_the_exact_solve_than_the_recording_in_float32(case):
    start, memory, file, _ = recorded_refit(case)
    for k in range(1, 6):
        single, exact = (filter_of(file[f"{case}_pr{kind}"][k - 1]) for kind in ("", "_f64"))
        error = distance(run_refit(start, memory, SIGMA, k, HYPER), exact)
        assert error <= max(distance(single, exact), 1e-6), k
        assert error < 1e-3, k


@pytest.mark.parametrize("case", REFITS)
def test_a_refit_of_a_refit_follows_the_exact_one(case):
    start, memory, file, _ = recorded_refit(case)
    twice = run_refit(run_refit(start, memory, SIGMA, 5, HYPER), memory, SIGMA, 5, HYPER)
    assert distance(twice, filter_of(file[f"{case}_pr_twice_f64"])) < 2e-2


def resized(memory, slots):
    """The memory with its capacity cut, or grown by empty slots."""

    def fit(array):
        extra = max(slots - array.shape[0], 0)
        return jnp.pad(array[:slots], ((0, extra), *((0, 0),) * (array.ndim - 1)))

    return replace(memory, features=fit(memory.features), centres=fit(memory.centres), weights=fit(memory.weights))


def test_a_refit_depends_on_the_filled_slots_and_not_on_the_capacity():
    start, memory, _, _ = recorded_refit("mem22")
    memory = resized(memory, 30)
    assert int(filled(memory)) == 30
    wanted = run_refit(start, memory, SIGMA, 3, HYPER)
    # Fewer than a chunk more, multiples of a chunk, and neither.
    for slots in (31, 2 * CHUNK, 3 * CHUNK - 1, 4 * CHUNK):
        assert distance(run_refit(start, resized(memory, slots), SIGMA, 3, HYPER), wanted) < 1e-5, slots


@pytest.mark.parametrize("slots", [7, CHUNK - 1, CHUNK, CHUNK + 1, 41])
def test_a_refit_counts_every_slot_once_whatever_the_chunks(slots):
    start, memory, _, _ = recorded_refit("mem22")
    memory = resized(memory, slots)

    def residuals(filter):
        response = rectify(respond(memory.features, filter))
        data = jnp.sqrt(memory.weights)[:, None, None] * (response - gaussian(memory.centres, SIGMA, 22))
        return data, jnp.sqrt(HYPER.filter_reg) * filter

    @jax.jit
    def plain(filter):
        b, normal = gauss_newton(residuals, filter)
        return filter + jax.scipy.sparse.linalg.cg(normal, b, tol=0.0, maxiter=2)[0]

    assert distance(run_refit(start, memory, SIGMA, 2, HYPER), plain(start)) < 1e-5


@pytest.mark.parametrize("value", [1e6, np.nan])
def test_slots_without_weight_change_nothing(value):
    start, memory, _, _ = recorded_refit("tiny")
    weights = memory.weights.at[3].set(0.0)
    empty = (weights == 0)[:, None, None, None]
    clean = replace(memory, weights=weights, features=jnp.where(empty, 0, memory.features))
    dirty = replace(clean, features=jnp.where(empty, value, memory.features))
    wanted, actual = (run_refit(start, m, SIGMA, 5, HYPER) for m in (clean, dirty))
    if np.isnan(value):
        pytest.skip("zero times NaN is NaN: slots hold finite numbers")
    np.testing.assert_array_equal(actual, wanted)


def test_no_iterations_leave_the_filter_as_it_is():
    start, memory, _, _ = recorded_refit("tiny")
    np.testing.assert_array_equal(run_refit(start, memory, SIGMA, 0, HYPER), start)


# Joint fits


@cache
def recorded_fit(case):
    """(weights, direction, features, labels, configuration, recording)."""
    file = recorded.load(f"classifier.{case}")
    facts = json.loads(str(file["info_json"]))["case"]
    n, c, d, size = (facts[key] for key in ("n", "C", "cdim", "l"))
    online = OnlineConfig(attention="dual" if facts["attention"] else "none", channels=d)
    features = jnp.asarray(recipe.features(f"gn/{case}", n, c, size, file["shifts"] / 8.0))
    labels = gaussian(jnp.asarray(0.5 + file["shifts"] / 8.0, jnp.float32), jnp.float32(facts["sigma"]), size)

    def weights(prefix, filter, deviation=None):
        def matrix(name, rows, columns):
            tensor = recipe.tensor(f"gn/{case}/{prefix}{name}", (rows, columns, 1, 1), deviation or columns**-0.5)
            return jnp.asarray(tensor[:, :, 0, 0].T)

        attends = facts["attention"]
        extractor = Extractor(
            projection=matrix("P", d, c),
            fc1=matrix("fc1", d // 2, d) if attends else None,
            fc2=matrix("fc2", d, d // 2) if attends else None,
        )
        start = recipe.tensor(f"gn/{case}/{prefix}{filter}", (1, d, 4, 4), deviation or 1 / (16 * d))
        return jnp.asarray(filter_of(start)), extractor

    return weights("", "f"), weights("v/", "filter", 0.01), features, labels, online, file


@cache
def fitter(online):
    """Jitted first_fit with the numbers of rounds and iterations as arguments: one compilation for all."""

    @jax.jit
    def run(weights, features, labels, rounds, iterations):
        config = replace(online, gauss_newton_rounds=rounds, cg_iterations=iterations)
        fitted = first_fit(weights, features, labels, config, HYPER)
        filter, extractor = fitted
        return (
            fitted,
            first_residuals(fitted, features, labels, online, HYPER),
            respond(extract(extractor, features[1:2], online), filter),
        )

    return run


def blocks(weights):
    """{recorded name: array as recorded}."""
    filter, extractor = weights
    named = {"filter": np.moveaxis(np.asarray(filter), -1, 0)[None]}
    for name, matrix in (("P", extractor.projection), ("fc1", extractor.fc1), ("fc2", extractor.fc2)):
        if matrix is not None:
            named[name] = np.asarray(matrix).T[:, :, None, None]
    return named


def assert_near(weights, file, prefix, tolerance):
    for name, actual in blocks(weights).items():
        wanted = file[prefix + name]
        # The recordings of large matrices hold every seventh number.
        actual = actual if actual.shape == wanted.shape else actual.reshape(-1)[::7]
        assert distance(actual, wanted) < tolerance, prefix + name


@pytest.mark.parametrize("case", FITS)
def test_gradient_and_curvature_of_the_joint_problem_are_the_recorded_ones(case):
    weights, direction, features, labels, online, file = recorded_fit(case)

    @jax.jit
    def linearised(weights, direction):
        b, normal = gauss_newton(lambda w: first_residuals(w, features, labels, online, HYPER), weights)
        return b, normal(direction)

    b, product = linearised(weights, direction)
    assert_near(b, file, "b_", 1e-5)
    assert_near(product, file, "Av_", 1e-5)


@pytest.mark.parametrize("case", FITS)
def test_the_first_iterations_of_the_joint_fit_are_the_recorded_ones(case):
    weights, _, features, labels, online, file = recorded_fit(case)
    for k, wanted in zip(file["cg_steps"], file["cg_filter"], strict=True):
        if k <= 3:
            (filter, _), _, _ = fitter(online)(weights, features, labels, 1, int(k))
            assert distance(filter, filter_of(wanted)) < 1e-4, k


@pytest.mark.parametrize("case", FITS)
def test_the_joint_fit_ends_as_low_as_the_recorded_one_with_the_same_response(case):
    weights, _, features, labels, online, file = recorded_fit(case)
    run = fitter(online)
    fitted, residuals, _ = run(weights, features, labels, 0, 0)
    jax.tree.map(np.testing.assert_array_equal, fitted, weights)
    squares = sum(np.sum(np.square(r, dtype=np.float64)) for r in jax.tree.leaves(residuals))
    assert squares == pytest.approx(file["loss"][0], rel=1e-6)

    _, residuals, response = run(weights, features, labels, online.gauss_newton_rounds, online.cg_iterations)
    assert float(loss(residuals)) <= 1.1 * file["loss"][-1]
    # The recording's own two precisions end up to 0.16 apart on the tiny problems.
    gaps = [np.abs(response - file[f"response_sample1{kind}"][0]).max() for kind in ("", "_f64")]
    assert min(gaps) < 0.05
