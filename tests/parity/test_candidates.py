"""From fixed head outputs to the chosen box: every recorded step of SiamRPN and SiamFC, and what holds for any."""

import json
from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import recorded
from hypothesis import given, settings
from hypothesis import strategies as st

from drol_jax.config import ModelConfig, SearchConfig, TemplateConfig
from drol_jax.nets import Response
from drol_jax.tracker import candidates
from drol_jax.tracker.anchors import anchors, cubic_matrix, hann_window, linear_matrix
from drol_jax.tracker.candidates import MINIMUM_SIDE, Candidate
from drol_jax.tracker.search import DRIFT_AFTER

RPN, FC = "siamrpn_alex_dwxcorr_otb", "siamfc_alex_upxcorr_otb"
FILES = {name: recorded.load(f"{name}.decode") for name in (RPN, FC)}
CASES = {name: {c["name"]: c for c in json.loads(str(file["info_json"]))["cases"]} for name, file in FILES.items()}
ALL = [(name, case) for name in CASES for case in CASES[name]]
PICTURE = jnp.array(recipe.test_image().shape[:2], jnp.int32)
PEAKS = [(140.3, 118.7, 0.8, 20), (60, 200, 0.5, 15)]
# Of decoded numbers, relative to the largest.
TOLERANCE = 2e-6


def setting(name, case):
    """(config, hyper, centre, size, score map or None, drifting) of a recorded case."""
    case = CASES[name][case]
    config = recorded.variant(name, online=case["mode"] != "off", template_update=case["mode"] == "tu")
    over = {key.lower(): value for key, value in case["over"].items()}
    drift = over.pop("short_term_drift", False)
    hyper = replace(recorded.settings(name).hyper, **over).on_device()
    size = config.search.instance_size
    score_map = jnp.asarray(recipe.bump_map(size, PEAKS, -0.02)) if case["mode"] != "off" else None
    lost = case["lost"] + 1 if case["flag"] == "not_found" else 0
    assert lost == FILES[name][f"{case['name']}_lost_count"]
    drifting = jnp.bool_(drift and lost >= DRIFT_AFTER)
    return config, hyper, jnp.array(case["center"]), jnp.array(case["size"]), score_map, drifting


def response(name, case, second=False):
    """The recorded head outputs, of the second template where asked."""
    if name == FC:
        maps = FILES[FC]["cls_st" if second else "cls"][:, 0, :, :, None].copy()
        boost = CASES[FC][case].get("scale_boost")
        if boost is not None:
            maps[boost] += 6
        return Response(jnp.asarray(maps), None)
    size = recorded.settings(RPN).config.search.score_size
    return Response(*recipe.head_outputs(f"decode/{size}{'/st' if second else ''}", 5, size))


@cache
def chooser(name, config):
    """Jitted (first response, this template's, centre, size, score map or None, drifting, hyper) -> Candidate."""

    def rpn(_, own, centre, size, score_map, drifting, hyper):
        confidence = None if score_map is None else candidates.rpn_confidence(score_map, config)
        return candidates.rpn_candidate(own, centre, size, PICTURE, confidence, drifting, config, hyper)

    def fc(first, own, centre, size, score_map, drifting, hyper):
        geometry = config.search
        scales = geometry.scale_step ** jnp.arange(-1.0, 2.0)
        chosen = candidates.fc_best_scale(candidates.fc_upsampled(first, config), hyper)
        maps = candidates.fc_upsampled(own, config)
        best = candidates.fc_best_scale(maps, hyper)
        displaced_by = candidates.padded_side(size, geometry.context_amount) / geometry.exemplar_size * scales[chosen]
        return candidates.fc_candidate(
            maps, best, scales[best], displaced_by, centre, size, PICTURE, score_map, drifting, config, hyper
        )

    return jax.jit(fc if name == FC else rpn)


def found(name, case):
    """(first candidate, short-term candidate or None, the template taken) by the library."""
    config, hyper, centre, size, score_map, drifting = setting(name, case)
    choose, cls = chooser(name, replace(config, template=TemplateConfig())), response(name, case)
    first = choose(cls, cls, centre, size, score_map, drifting, hyper)
    if not config.short_term_template:
        return first, None, 0
    # SiamFC's second candidate goes without the online score map (published).
    own_map = None if name == FC else score_map
    second = choose(cls, response(name, case, second=True), centre, size, own_map, drifting, hyper)
    return first, second, int(candidates.short_term_wins(first, second, hyper))


@pytest.mark.parametrize(("name", "case"), ALL)
def test_the_chosen_box_is_the_recorded_one(name, case):
    file = FILES[name]
    first, second, template = found(name, case)
    assert int(first.index) == file[f"{case}_best_idx"]
    assert template == file[f"{case}_branch"]
    if second is not None:
        assert int(second.index) == file[f"{case}_best_idx_st"]
        np.testing.assert_allclose(jnp.concatenate([second.centre, second.size]), file[f"{case}_box_st"], rtol=1e-5)
    chosen = second if template else first
    np.testing.assert_allclose(
        jnp.concatenate([chosen.centre, chosen.size]), file[f"{case}_center_size_after"], rtol=1e-5
    )
    assert float(chosen.score) == pytest.approx(file[f"{case}_best_score"], rel=1e-5)


def test_the_recorded_cases_hold_both_templates_and_a_drift_and_a_clipped_box():
    assert {int(FILES[name][f"{case}_branch"]) for name, case in ALL} == {0, 1}
    for name in FILES:
        straight, drifted = (FILES[name][f"{case}_center_size_after"][:2] for case in ("on", "on_drift"))
        start = np.array(CASES[name]["on"]["center"])
        np.testing.assert_allclose(drifted - start, (straight - start) / 4, rtol=1e-6)


def test_anchors_and_window_are_the_recorded_ones():
    config, file = recorded.settings(RPN).config, FILES[RPN]
    np.testing.assert_array_equal(anchors(config.model, config.search).reshape(-1), file["anchors"])
    window = np.tile(hann_window(config.search.score_size).reshape(-1), 5)
    np.testing.assert_allclose(window, file["window"], atol=1e-7)
    line = hann_window(272)
    np.testing.assert_allclose(
        recorded.strided(line / line.sum(), FILES[FC], "window"), FILES[FC]["window"], rtol=1e-6, atol=1e-12
    )


def test_decoded_scores_boxes_and_penalties_are_the_recorded_ones():
    config, hyper, _, size, _, _ = setting(RPN, "off")
    file = FILES[RPN]
    score, boxes = candidates.decode(response(RPN, "off"), config)
    assert recorded.relative_error(score, file["score"]) < TOLERANCE
    assert recorded.relative_error(np.moveaxis(boxes, -1, 0), file["pred_bbox"]) < TOLERANCE
    scale = config.search.exemplar_size / candidates.padded_side(size, config.search.context_amount)
    penalty = candidates.shape_penalty(boxes[..., 2:], size * scale, hyper.penalty_k)
    assert recorded.relative_error(penalty, file["penalty"]) < TOLERANCE


def test_the_confidence_on_the_anchors_grid_is_the_recorded_one():
    config, _, _, _, score_map, _ = setting(RPN, "on")
    confidence = candidates.rpn_confidence(score_map, config)
    for case in CASES[RPN]:
        if CASES[RPN][case]["mode"] != "off":
            # Recorded before it was stretched to 0..1.
            wanted = FILES[RPN][f"{case}_confidence"]
            stretched = (wanted - wanted.min()) / np.ptp(wanted)
            assert recorded.relative_error(confidence, stretched) < TOLERANCE


def test_the_normalised_maps_on_the_fine_grid_are_the_recorded_ones():
    config, _, _, _, score_map, _ = setting(FC, "on")
    up = linear_matrix(config.search.instance_size, 272)
    online = candidates.normalised(jnp.asarray(up @ np.asarray(score_map) @ up.T))
    assert recorded.relative_error(online[::4, ::4], FILES[FC]["on_confidence"]) < 1e-5
    siamese = candidates.normalised(candidates.fc_upsampled(response(FC, "on"), config)[0])
    assert recorded.relative_error(recorded.strided(siamese, FILES[FC], "on_psiam"), FILES[FC]["on_psiam"]) < 1e-5


@pytest.mark.parametrize("case", CASES[FC])
def test_the_chosen_scale_is_the_recorded_one(case):
    config, hyper, *_ = setting(FC, case)
    maps = candidates.fc_upsampled(response(FC, case), config)
    assert int(candidates.fc_best_scale(maps, hyper)) == FILES[FC][f"{case}_scale_idx"]
    penalised = np.asarray(jnp.max(maps, axis=(1, 2))) * FILES[FC]["penalty"]
    np.testing.assert_allclose(penalised, FILES[FC][f"{case}_max_score"], rtol=1e-6)


def test_the_outer_scales_are_penalised():
    config, _, *_ = setting(FC, "on")
    hyper = replace(recorded.settings(FC).hyper, penalty_k=0.9).on_device()
    side = config.search.score_size * config.search.response_upsampling
    for peaks, best in (((1.0, 0.95, 0.9), 1), ((1.1, 0.95, 1.0), 0), ((0.8, 0.7, 1.0), 2), ((1.0, 1.0, 1.0), 1)):
        maps = jnp.broadcast_to(jnp.array(peaks)[:, None, None], (3, side, side))
        assert int(candidates.fc_best_scale(maps, hyper)) == best


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-2, 2), min_size=12, max_size=12))
def test_the_peak_is_the_first_of_the_highest(values):
    score, index = candidates.first_maximum(jnp.array(values, jnp.float32).reshape(3, 4))
    assert (float(score), int(index)) == (max(values), int(np.argmax(values)))


@pytest.mark.parametrize("side", [2, 272])
def test_a_map_of_nan_has_no_peak_and_a_place_within(side):
    score, index = candidates.first_maximum(jnp.full((side, side), jnp.nan))
    assert np.isnan(score)
    assert int(index) == 0


@pytest.mark.parametrize("level", [0.0, -3.0, 2.5])
def test_a_level_map_says_nothing(level):
    config = recorded.settings(RPN).config
    score_map = jnp.full((config.search.instance_size,) * 2, level)
    assert np.ptp(candidates.rpn_confidence(jnp.zeros_like(score_map), config)) == 0
    np.testing.assert_array_equal(candidates.normalised(score_map), 0)
    assert np.isfinite(candidates.rpn_confidence(score_map, config)).all()


def test_on_level_maps_siamfc_stays_where_it_is():
    config, hyper, centre, size, score_map, _ = setting(FC, "on")
    side = config.search.score_size * config.search.response_upsampling
    level = jnp.zeros((3, side, side)), jnp.zeros_like(score_map)
    args = (jnp.int32(1), jnp.float32(1), jnp.float32(1), centre, size, PICTURE)
    found = candidates.fc_candidate(level[0], *args, level[1], jnp.bool_(False), config, hyper)
    step = config.search.stride / config.search.response_upsampling
    assert np.abs(found.centre - centre).max() <= step / 2
    assert np.isfinite(found.score)


def test_in_a_picture_smaller_than_the_least_side_a_target_keeps_that_side():
    _, size = candidates.clip(jnp.array([3.0, 4.0]), jnp.array([40.0, 2.0]), jnp.array([300, 8], jnp.int32))
    np.testing.assert_array_equal(size, [MINIMUM_SIDE, MINIMUM_SIDE])


sides = st.floats(1, 500, width=32)


@settings(max_examples=50, deadline=None)
@given(width=sides, height=sides, w=sides, h=sides, k=st.floats(0, 2, width=32))
def test_the_penalty_is_at_most_one_and_one_for_the_shape_unchanged(width, height, w, h, k):
    size, other = jnp.array([width, height]), jnp.array([w, h])
    penalty = float(candidates.shape_penalty(other, size, k))
    assert 0 <= penalty <= 1 + 1e-5
    assert float(candidates.shape_penalty(size, size, k)) == pytest.approx(1, abs=1e-5)
    # Growing and shrinking by one factor cost the same, as do turns of the aspect ratio.
    assert penalty == pytest.approx(float(candidates.shape_penalty(size, other, k)), rel=1e-3, abs=1e-6)


@settings(max_examples=50, deadline=None)
@given(x=st.floats(-1e4, 1e4), y=st.floats(-1e4, 1e4), w=st.floats(-10, 1e4), h=st.floats(-10, 1e4))
def test_clipping_keeps_the_target_in_the_picture(x, y, w, h):
    picture = jnp.array([240, 320], jnp.int32)
    centre, size = candidates.clip(jnp.array([x, y]), jnp.array([w, h]), picture)
    assert np.all((np.asarray(centre) >= 0) & (np.asarray(centre) <= [320, 240]))
    assert np.all((np.asarray(size) >= MINIMUM_SIDE) & (np.asarray(size) <= [320, 240]))
    again = candidates.clip(centre, size, picture)
    np.testing.assert_array_equal(jnp.concatenate(again), jnp.concatenate([centre, size]))


def place(x, score):
    return Candidate(
        centre=jnp.array([x, 50.0]), size=jnp.array([40.0, 20.0]), score=jnp.float32(score), index=jnp.int32(0)
    )


@pytest.mark.parametrize(
    ("x", "score", "wins"),
    [(100, 0.75, True), (100, 0.6, False), (105, 0.75, True), (130, 0.99, False), (900, 0.99, False)],
)
def test_the_short_term_template_wins_where_it_agrees_and_scores_better_by_a_margin(x, score, wins):
    hyper = replace(recorded.settings(RPN).hyper, tau_regression=0.6, tau_classification=0.25).on_device()
    assert bool(candidates.short_term_wins(place(100.0, 0.5), place(float(x), score), hyper)) is wins


@pytest.mark.parametrize(("source", "target"), [(287, 21), (255, 17), (135, 2), (21, 21)])
def test_rows_of_the_resizing_matrices_sum_to_one(source, target):
    for matrix in (cubic_matrix(source, target), linear_matrix(target, source)):
        np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(linear_matrix(source, source), np.eye(source), atol=1e-6)


def test_anchors_stand_on_a_grid_about_the_centre():
    model = ModelConfig(backbone="alexnet", head="depthwise_rpn", anchor_ratios=(0.5, 1.0), anchor_scales=(4.0, 8.0))
    grid = anchors(model, SearchConfig(instance_size=191))
    assert grid.shape == (4, 9, 9, 4)
    np.testing.assert_array_equal(grid[:, 4, 4, :2], 0)
    np.testing.assert_array_equal(grid[0, 4, :, 0], np.arange(-32, 40, 8))
    np.testing.assert_array_equal(grid[0, :, 4, 1], np.arange(-32, 40, 8))
    np.testing.assert_array_equal(grid[:, 0, 0, 2:], [(44, 20), (88, 40), (32, 32), (64, 64)])
