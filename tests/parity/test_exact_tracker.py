"""Fidelity exact in the tracker: boxes, confidence on the response's grid, two templates, renewal, settings."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import recipe
import small_tracker
from hypothesis import given, settings
from hypothesis import strategies as st
from small_tracker import BOX, FAST, NO_HARD_NEGATIVES

from drol_jax import api
from drol_jax.config import Fidelity
from drol_jax.errors import UserError
from drol_jax.eval import backend, cli
from drol_jax.image.boxes import box_from_target, exact_box_from_target, target_from_box
from drol_jax.image.crops import as_frame, centred_crop, mean_colour
from drol_jax.nets import Response
from drol_jax.settings import from_dict, load_settings, to_dict
from drol_jax.settings.variants import with_fidelity
from drol_jax.tracker import candidates
from drol_jax.tracker.anchors import anchors, cell_places
from drol_jax.tracker.candidates import Candidate
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.points import points
from drol_jax.tracker.start import init, init_draws
from drol_jax.tracker.step import step as plain_step

pytest_plugins = ["fakes_eval"]
start, step = (jax.jit(f, compiler_options=FAST) for f in (init, plain_step))
PICTURE = jnp.array([480, 640], jnp.int32)


def exact(name, size=None):
    config = replace(load_settings(name).config, fidelity="exact")
    return config if size is None else replace(config, search=replace(config.search, instance_size=size))


def small(**options):
    one = small_tracker.tracker(**options)
    config = replace(one.config, fidelity="exact")
    return replace(one, settings=replace(one.settings, config=config))


@given(*[st.floats(-50, 700, width=32)] * 2, *[st.floats(10, 400, width=32)] * 2)
def test_a_box_fed_back_stays_where_it_is(x, y, w, h):
    box = np.array([x, y, w, h], np.float32)
    np.testing.assert_allclose(exact_box_from_target(*target_from_box(box)), box, atol=1e-3)
    np.testing.assert_allclose(box_from_target(*target_from_box(box)) - box, [-0.5, -0.5, 0, 0], atol=1e-3)


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("siamrpn_alex_otb", None),
        ("siamrpn_alex_otb", 279),
        ("siamrpn_r50", None),
        ("siamrpn_r50", 831),
        ("nanotrack_v1", None),
        ("nanotrack_v3", None),
    ],
)
@settings(max_examples=5, deadline=None)
@given(row=st.integers(0, 1000), column=st.integers(0, 1000))
def test_a_score_peak_counts_for_the_cell_whose_answers_are_about_its_place(name, size, row, column):
    config = exact(name, size)
    side = config.search.instance_size
    line = points(config.search)[0, :, 0] if config.model.anchor_free else cell_places(config.search)
    seen = np.flatnonzero(np.abs(line) < side / 2 - 3.5 * config.search.stride)[1:-1]
    row, column = seen[row % len(seen)], seen[column % len(seen)]
    middle = (side - 1) / 2
    score_map = recipe.bump_map(side, [(middle + line[row], middle + line[column], 1.0, 20)])
    grid = np.asarray(candidates.rpn_confidence(jnp.asarray(score_map), config))
    assert np.unravel_index(grid.argmax(), grid.shape) == (row, column)
    around = grid[row - 1 : row + 2, column - 1 : column + 2]
    np.testing.assert_allclose(around, around[::-1, ::-1], atol=2e-3)
    if not config.model.anchor_free:
        grid = anchors(config.model, config.search, rules(config).cells(config.search))
        np.testing.assert_allclose(grid[0, 0, :, 0] + grid[0, 0, ::-1, 0], 0, atol=1e-4)


def fc_response(off, config):
    """SiamFC's maps with a peak `off` (x, y) search pixels from the middle, the second scale's the highest."""
    line = (np.arange(config.search.score_size) - (config.search.score_size - 1) / 2) * config.search.stride
    x, y = (np.exp(-(((line - o) / 16) ** 2) / 2) for o in off)
    return Response(jnp.asarray(np.outer(y, x)[None, :, :, None] * np.array([0.9, 1, 0.9])[:, None, None, None]), None)


def fc_choice(config, response, score_map, scale=1):
    hyper = replace(load_settings("siamfc_alex_otb").hyper, window_influence=0.0, size_lr=0.0).on_device()
    return candidates.fc_candidate(
        candidates.fc_upsampled(response, config),
        jnp.int32(scale),
        jnp.float32(1),
        jnp.float32(0.5),
        jnp.array([320.0, 240.0]),
        jnp.array([40.0, 30.0]),
        PICTURE,
        score_map,
        jnp.bool_(False),
        config,
        hyper,
    )


@settings(max_examples=8, deadline=None)
@given(x=st.floats(-45, 45), y=st.floats(-45, 45))
def test_siamfc_fuses_both_maps_at_one_place(x, y):
    config = exact("siamfc_alex_otb")
    score_map = jnp.asarray(recipe.bump_map(255, [(127 + y, 127 + x, 1.0, 16)]))
    for given_map in (None, score_map):
        moved = np.asarray(fc_choice(config, fc_response((x, y), config), given_map).centre) - [320, 240]
        np.testing.assert_allclose(moved, [x / 2, y / 2], atol=0.5)


def test_the_published_fusion_pulls_siamfc_to_the_middle():
    """What the property above is there for."""
    config = load_settings("siamfc_alex_otb").config
    score_map = jnp.asarray(recipe.bump_map(255, [(127, 127 + 45, 1.0, 16)]))
    moved = fc_choice(config, fc_response((45, 0), config), score_map).centre[0] - 320
    assert moved < 45 / 2 - 2


def candidate(x=100.0, score=0.5, size=(40.0, 20.0)):
    return Candidate(centre=jnp.array([x, 50.0]), size=jnp.array(size), score=jnp.float32(score), index=jnp.int32(0))


@pytest.mark.parametrize(("share", "wins"), [(1.05, False), (1.15, True), (0.9, False)])
def test_the_margin_between_siamfcs_templates_is_a_share_of_the_first_ones_peak(share, wins):
    found = load_settings("siamfc_alex_otb")
    config, hyper = replace(found.config, fidelity="exact"), found.hyper.on_device()
    assert found.hyper.tau_classification == 0.1
    pair = candidate(score=3e-5), candidate(score=3e-5 * share)
    assert bool(candidates.short_term_wins(*pair, hyper, config)) is wins
    assert not candidates.short_term_wins(*pair, hyper, found.config)


def test_overlap_is_that_of_the_areas():
    found = load_settings("siamrpn_r50")
    hyper = replace(found.hyper, tau_regression=0.55, tau_classification=0.1).on_device()
    config = replace(found.config, fidelity="exact")
    # 10 pixels wide and 3 apart: 7 of 13 is too little, whatever corners cut to whole pixels make of it.
    for x in (100.0, 100.3, 100.6, 100.9):
        near, far = (candidate(x + d, 0.9, (10.0, 10.0)) for d in (2.8, 3.0))
        first = candidate(x, 0.5, (10.0, 10.0))
        assert candidates.short_term_wins(first, near, hyper, config)
        assert not candidates.short_term_wins(first, far, hyper, config)


@cache
def renewing():
    """A SiamFC with a short-term template, and its first state."""
    # It keeps its size but where an outer scale wins: here they are helped to.
    one = small(head="siamfc", template_update=True, template_threshold=-1.0, penalty_k=2.0, **NO_HARD_NEGATIVES)
    draws = init_draws(one.config, jax.random.key(0))
    state = start(one.model, jnp.asarray(small_tracker.picture(0)), jnp.array(BOX), draws)
    return one.model, state


def test_siamfcs_two_templates_are_read_on_one_scale_with_one_confidence():
    """The short-term template is still the first one, and gives the same candidate; published it does not."""
    model, state = renewing()
    hyper = replace(model.hyper, tau_classification=jnp.float32(0), tau_regression=jnp.float32(1 - 1e-6))
    _, output = step(replace(model, hyper=hyper), state, jnp.asarray(small_tracker.picture(1)))
    assert int(output.template) == 1  # With no margin asked for, an equal wins.


def test_a_candidate_template_is_cut_about_the_new_target_and_its_colour_stays_with_it():
    model, state = renewing()
    frame = jnp.asarray(np.minimum(small_tracker.picture(1).astype(int) + 40, 255).astype(np.uint8))
    after, out = step(model, state, frame)
    assert np.abs(np.asarray(after.size) - state.size).max() > 0.05
    fill = mean_colour(as_frame(frame))
    wanted = centred_crop(as_frame(frame), after.centre, candidates.padded_side(after.size, 0.5), 127, fill)
    assert np.abs(np.asarray(after.short_term.candidate, int) - np.asarray(wanted, int)).max() <= 1
    np.testing.assert_array_equal(after.fill, state.fill)
    assert not np.array_equal(fill, state.fill)
    np.testing.assert_allclose(target_from_box(out.box)[0], after.centre, atol=1e-4)
    # A sample's label belongs to the crop that it was taken from, wherever the subnet found the target last.
    assert after.online.centre is None and after.online.scale is None


@pytest.mark.parametrize("head", ["depthwise_rpn", "siamfc"])
def test_a_step_keeps_structure_shapes_and_types(head):
    one = small(head=head, template_update=True)
    draws = jax.eval_shape(lambda: init_draws(one.config, jax.random.key(0)))
    picture, box = jax.ShapeDtypeStruct((96, 128, 3), jnp.uint8), jax.ShapeDtypeStruct((4,), jnp.float32)
    state = jax.eval_shape(init, one.model, picture, box, draws)
    after, _ = jax.eval_shape(plain_step, one.model, state, picture)
    assert jax.tree.map(lambda a: (a.shape, a.dtype), after) == jax.tree.map(lambda a: (a.shape, a.dtype), state)


def test_fidelity_is_chosen_by_file_by_load_and_by_command_line(run, world, tmp_path):
    name = "siamfc_alex_tiny"
    chosen = api.load(name, fidelity="exact")
    assert (chosen.name, chosen.config.fidelity) == (f"{name}_exact", "exact")
    assert api.load(name, fidelity="published").name == api.load(name).name == name
    written = to_dict(load_settings(name)) | {"fidelity": "exact", "name": "mine"}
    assert from_dict(written).config == chosen.config
    assert with_fidelity(from_dict(written), "exact").name == "mine"
    assert backend.Fidelity == Fidelity


@pytest.mark.parametrize("given", ["loose", "Exact", ""])
def test_an_unknown_fidelity_is_named_with_the_choices(given):
    with pytest.raises(UserError, match=f"fidelity is {given!r}; choose one of: published, exact"):
        api.load("siamrpn_alex_tiny", fidelity=given)
    with pytest.raises(UserError, match="'published' or 'exact'"):
        from_dict(to_dict(load_settings("siamrpn_alex_tiny")) | {"fidelity": given})


def test_the_command_line_passes_the_fidelity_on():
    arguments = cli.Arguments(fidelity="exact", no_cache=True)
    loaded, _ = backend.JaxBackend(arguments).load("siamfc_alex_tiny", None, online=False)
    assert loaded.name == "siamfc_alex_tiny_exact" and loaded.config.fidelity == "exact"
