"""Samples in bfloat16: as float32 but for their rounding, in products, refits and tracks, under all transforms."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
import recipe
import small_tracker
from jax import export
from recorded import distance
from small_tracker import BOX, FAST, tracked

import drol_jax
from drol_jax.config import Hyper
from drol_jax.errors import UserError
from drol_jax.export import stablehlo
from drol_jax.model import hyper_arrays
from drol_jax.online import halves, response
from drol_jax.online.fit import refit
from drol_jax.online.memory import features_of, filled, first_memory, insert, insert_share
from drol_jax.system.compiling import multiplies_bfloat16

TRACKER = small_tracker.tracker(template_update=True, refit_interval=2, samples="bfloat16")
EXACT = small_tracker.tracker(template_update=True, refit_interval=2)
HYPER = hyper_arrays(Hyper(penalty_k=0, window_influence=0, size_lr=0))
SIZE, CHANNELS, K = 7, 5, 4
ROUNDING = 2.0**-8
"""Of a number in bfloat16, half of what lies between two of them."""

run_refit = jax.jit(lambda *problem: refit(*problem)[0], compiler_options=FAST)


def features(count):
    return recipe.tensor("halves/features", (count, SIZE, SIZE, CHANNELS), 1.0)


def rounded(array):
    return np.asarray(array).astype(ml_dtypes.bfloat16).astype(np.float32)


@cache
def memory(used, samples, size=250):
    centres = np.round(recipe.tensor("halves/centres", (used, 2), 1.5))
    return first_memory(jnp.asarray(features(used)), jnp.asarray(centres), size, samples)


def test_features_are_kept_rounded_to_the_nearest_and_come_back():
    given = features(3)
    given[0, 0, 0] = [np.inf, -np.inf, np.nan, 3.4e38, 1 + ROUNDING]  # the last two: too large, and between two
    kept = halves.halves(jnp.asarray(given))
    assert kept.dtype == np.uint16 and kept.shape == (CHANNELS, 3, SIZE, SIZE)
    np.testing.assert_array_equal(halves.floats(kept), rounded(given))


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_products_are_those_of_the_rounded_numbers(count):
    given, filter = features(count), recipe.tensor("halves/filter", (K, K, CHANNELS), 1.0)
    maps = recipe.tensor("halves/maps", (count, SIZE, SIZE), 1.0)
    samples = halves.opened(halves.halves(jnp.asarray(given)))
    wanted = response.respond(rounded(given), rounded(filter))
    np.testing.assert_allclose(halves.respond(samples, filter, SIZE), wanted, rtol=1e-5, atol=1e-5)
    wanted = response.correlate(rounded(given), rounded(maps), K)
    np.testing.assert_allclose(halves.correlate(samples, maps, K), wanted, rtol=1e-5, atol=1e-5)


# About the sizes that refits over 250 slots are compiled for, and the 60 slots of the small trackers.
@pytest.mark.parametrize(
    ("used", "slots"), [(used, 250) for used in (1, 62, 63, 64, 125, 126, 249)] + [(30, 60), (59, 60)]
)
def test_a_refit_is_that_of_float32_but_for_rounding_however_many_slots_are_filled(used, slots):
    start = jnp.asarray(recipe.tensor("halves/start", (K, K, CHANNELS), 0.05))
    exact, half = (
        run_refit(start, memory(used, kind, slots), jnp.float32(1.1), 5, HYPER) for kind in ("float32", "bfloat16")
    )
    assert int(filled(memory(used, "bfloat16", slots))) == used
    assert distance(half - start, exact - start) < 2 * ROUNDING
    assert not np.array_equal(half, exact)


def test_a_sample_goes_where_one_of_float32_goes():
    sample, centre = jnp.asarray(recipe.tensor("halves/sample", (SIZE, SIZE, CHANNELS), 1.0)), jnp.ones(2)
    for accept in (True, False):
        exact, half = (
            insert(memory(4, kind, 9), sample, centre, jnp.float32(0.1), 4, jnp.float32(0.25), jnp.bool_(accept))
            for kind in ("float32", "bfloat16")
        )
        np.testing.assert_array_equal(features_of(half), rounded(exact.features))
        np.testing.assert_array_equal(half.weights, exact.weights)
    exact, half = (
        insert_share(memory(4, kind, 9), sample, centre, 0.25, 4, jnp.float32(0.25)) for kind in ("float32", "bfloat16")
    )
    np.testing.assert_array_equal(features_of(half), rounded(exact.features))


@pytest.fixture(scope="module")
def track():
    return tracked(TRACKER)


def test_a_track_is_that_of_float32_but_for_rounding(track):
    exact = tracked(EXACT)
    assert [bool(o.refitted) for o in track[1]] == [bool(o.refitted) for o in exact[1]]
    assert any(bool(o.refitted) for o in track[1])
    np.testing.assert_allclose([o.box for o in track[1]], [o.box for o in exact[1]], atol=0.5)
    half, whole = track[0].online, exact[0].online
    assert half.memory.features.nbytes == whole.memory.features.nbytes // 2
    np.testing.assert_array_equal(half.memory.weights, whole.memory.weights)


def test_a_track_comes_out_the_same_to_the_bit_again(track):
    again = tracked(TRACKER)
    assert [leaf.tobytes() for leaf in map(np.asarray, jax.tree.leaves(again))] == [
        leaf.tobytes() for leaf in map(np.asarray, jax.tree.leaves(track))
    ]


def test_vmap_scan_and_pools_give_each_target_what_it_gets_alone(track):
    boxes = np.asarray([output.box for output in track[1]])
    frames = jnp.stack([jnp.asarray(small_tracker.picture(t)) for t in range(1, 4)])
    start = TRACKER.init(small_tracker.picture(), BOX)
    _, outputs = jax.lax.scan(TRACKER.step, start, frames)
    np.testing.assert_allclose(outputs.box, boxes, atol=1e-2)

    states = jax.tree.map(lambda leaf: jnp.stack([leaf] * 3), start)
    pool = drol_jax.targets(TRACKER, 3)
    lanes = pool.empty()
    for slot in (2, 0):
        lanes = pool.put(lanes, slot, start)
    for frame, box in zip(frames, boxes, strict=True):
        states, outputs = jax.vmap(TRACKER.step, in_axes=(0, None))(states, frame)
        np.testing.assert_allclose(outputs.box, [box] * 3, atol=1e-2)
        lanes, outputs = pool.step(lanes, frame)
        np.testing.assert_allclose(np.asarray(outputs.box)[[0, 2]], [box] * 2, atol=1e-2)


def test_a_corrected_target_is_learned(track):
    right = (44.0, 34.0, 24.0, 20.0)
    corrected = TRACKER.correct(track[0], small_tracker.picture(4), right)
    before, after = (np.asarray(state.online.memory.weights) for state in (track[0], corrected))
    slot = np.flatnonzero((before == 0) & (after > 0))[-1]
    assert np.abs(np.asarray(features_of(corrected.online.memory))[slot]).max() > 0
    assert not np.array_equal(corrected.online.filter, track[0].online.filter)


def test_a_learner_of_one_s_own_gets_float32(track):
    seen = []

    def learner(filter, memory, sigma, iterations, hyper, label):
        seen.append((memory.features.dtype, memory.features.shape[1:]))
        return refit(filter, memory, sigma, iterations, hyper, label=label)[0]

    own = drol_jax.Plugin(name="mine", refit=learner).parts("0")
    settings = replace(TRACKER.settings, config=replace(TRACKER.config, parts=own))
    _, outputs = tracked(replace(TRACKER, settings=settings))
    size = features_of(track[0].online.memory).shape[1]
    assert {*seen} == {(np.dtype(np.float32), (size, size, TRACKER.config.online.channels))}
    np.testing.assert_allclose([o.box for o in outputs], [o.box for o in track[1]], atol=0.5)


def test_an_export_has_them_in_float32_as_other_machines_may_run_it(tmp_path):
    pytest.importorskip("flatbuffers", reason="extra: export")
    stablehlo.write(TRACKER, tmp_path / "exported")  # tries the programs out
    program = export.deserialize(bytearray((tmp_path / "exported" / "init.bin").read_bytes()))
    kinds = {str(aval.dtype) for aval in program.out_avals}
    assert "float32" in kinds and "uint16" not in kinds


def test_a_state_of_the_other_type_is_refused(track):
    with pytest.raises(UserError, match="another configuration: samples in bfloat16 on, here off"):
        EXACT.step(track[0], small_tracker.picture(1))


def test_they_are_taken_where_the_device_is_faster_in_them(tmp_path):
    tracker = drol_jax.load("siamrpn_alex_tiny", cache=False)
    assert tracker.config.online.samples == ("bfloat16" if multiplies_bfloat16() else "float32")
    assert tracker.settings.config.online.samples == "auto", "what results tell is the same on all machines"
    with_units, without = tmp_path / "with", tmp_path / "without"
    with_units.write_text("flags\t\t: fpu avx512_bf16 amx_bf16 amx_tile\n")
    without.write_text("flags\t\t: fpu avx512_bf16\n")
    assert multiplies_bfloat16(with_units) == (jax.default_backend() == "cpu")
    assert not multiplies_bfloat16(without)
    assert not multiplies_bfloat16(tmp_path / "of another system")
