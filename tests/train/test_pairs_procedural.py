"""Pairs rendered from a seed: true boxes and masks, repeatable, as its settings say."""

from dataclasses import replace
from functools import cache

import jax
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.train.pairs.procedural import Procedural, ProceduralSettings
from drol_jax.train.pairs.sheet import contact_sheet

E, S, COUNT = 63, 143, 48
CLEAR = ProceduralSettings(
    occluded=0,
    distractors=0,
    companions=0,
    cut_off=0,
    negatives=0,
    blur=0,
    coarse=0,
    compressed=0,
    grey=0,
    noise=0,
    drift=0,
    light=0,
    tint=0,
    camouflage=0,
    new_place=0,
)


@cache
def source(settings=CLEAR, seed=0):
    return Procedural(settings, COUNT, E, S, seed)


@cache
def batch(settings=CLEAR, index=0):
    return jax.tree.map(np.asarray, source(settings).batch(index))


def bounds(mask):
    """(x, y, w, h) of a mask."""
    rows, columns = np.nonzero(mask)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


def test_a_batch_depends_on_seed_and_number_alone():
    one, other = Procedural(CLEAR, 6, E, S, 0), Procedural(CLEAR, 6, E, S, 0)
    one.batch(7)
    first = one.batch(0)
    assert all(jax.tree.leaves(jax.tree.map(np.array_equal, first, other.batch(0))))
    for different in (other.batch(1), Procedural(CLEAR, 6, E, S, 1).batch(0)):
        assert not np.array_equal(first.search, different.search)
        assert not np.array_equal(first.template, different.template)


def test_shapes_and_types_are_those_of_every_source():
    pairs = batch()
    assert pairs.template.shape == (COUNT, E, E, 3) and pairs.template.dtype == np.uint8
    assert pairs.search.shape == (COUNT, S, S, 3) and pairs.search.dtype == np.uint8
    assert pairs.box.shape == (COUNT, 4) and pairs.box.dtype == np.float32
    assert pairs.positive.shape == (COUNT,) and pairs.positive.dtype == np.bool_
    assert pairs.mask.shape == (COUNT, S, S) and pairs.mask.dtype == np.uint8
    sheet = contact_sheet(pairs, columns=5)
    assert sheet.dtype == np.uint8 and sheet.ndim == 3


def test_the_box_is_tight_around_a_target_that_nothing_hides():
    pairs = batch()
    for mask, box in zip(pairs.mask, pairs.box, strict=True):
        tight = bounds(mask)
        np.testing.assert_allclose(tight[:2], box[:2], atol=1)
        np.testing.assert_allclose(tight[:2] + tight[2:], box[:2] + box[2:], atol=1)


@pytest.mark.deep
def test_a_search_region_like_the_template_shows_the_target_as_the_template_does():
    """Without any change, the search region's middle is the template: centred, and at the tracker's scale."""
    settings = replace(CLEAR, shift=0, scale=1, aspect=1, turn=0, turned=0, bend=0)
    pairs = batch(settings)
    middle = (pairs.box[:, :2] + (pairs.box[:, 2:] - 1) / 2) - (S - 1) / 2
    np.testing.assert_allclose(middle, 0, atol=1e-3)
    w, h = pairs.box[:, 2], pairs.box[:, 3]
    np.testing.assert_allclose((w + (w + h) / 2) * (h + (w + h) / 2), E**2, rtol=1e-4)
    edge = (S - E) // 2
    inside = pairs.mask[:, edge:-edge, edge:-edge, None] == 1
    cut = pairs.search[:, edge:-edge, edge:-edge]
    different = np.abs(cut.astype(int) - pairs.template) * inside
    # Dimming towards a side, and the background's own shift at the outline, are all that differs.
    assert (np.median(different[inside[..., 0]], axis=-1) <= 8).mean() > 0.8


def test_no_target_leaves_the_search_region():
    pairs = batch(ProceduralSettings())
    box = pairs.box[pairs.positive]
    centre = box[:, :2] + box[:, 2:] / 2
    assert (centre > 0).all() and (centre < S).all()
    assert (box[:, 2:] > 2).all()
    assert (box[:, :2] > -4).all() and (box[:, :2] + box[:, 2:] < S + 4).all()


def test_the_mask_is_inside_the_box_and_empty_without_the_target():
    pairs = batch(ProceduralSettings())
    for mask, box, positive in zip(pairs.mask, pairs.box, pairs.positive, strict=True):
        if not positive:
            assert not mask.any()
        elif mask.any():
            x, y, w, h = bounds(mask)
            assert x >= box[0] - 1 and y >= box[1] - 1
            assert x + w <= box[0] + box[2] + 1 and y + h <= box[1] + box[3] + 1


def test_what_is_in_front_of_the_target_is_not_in_its_mask():
    hidden, free = batch(replace(CLEAR, occluded=1)), batch()
    np.testing.assert_allclose(hidden.box, free.box, atol=1e-3)
    share = hidden.mask.sum(axis=(1, 2)) / free.mask.sum(axis=(1, 2))
    assert (hidden.mask <= free.mask).all()
    assert (share < 0.97).mean() > 0.4
    assert (share > 0.2).mean() > 0.9


def test_negatives_are_as_many_as_asked():
    assert batch().positive.all()
    positive = np.concatenate([batch(ProceduralSettings(), index).positive for index in range(4)])
    assert 0.68 <= positive.mean() <= 0.9


def test_grey_pairs_have_three_equal_channels():
    pairs = batch(replace(CLEAR, grey=1))
    for images in (pairs.template, pairs.search):
        assert (images == images[..., :1]).all()


def test_pairs_vary():
    pairs = batch(ProceduralSettings())
    means = pairs.search.mean(axis=(1, 2, 3))
    assert means.std() > 15 and 40 < means.mean() < 200
    aspect = np.log(pairs.box[:, 2] / pairs.box[:, 3])
    assert aspect.min() < -0.3 and aspect.max() > 0.3


@pytest.mark.parametrize(
    ("name", "value"), [("negatives", 1.5), ("scale", 0.5), ("stretch", 9), ("blur", float("nan"))]
)
def test_settings_out_of_range_are_refused(name, value):
    with pytest.raises(UserError, match=f"{name} is"):
        Procedural(ProceduralSettings(**{name: value}), 2)


@pytest.mark.parametrize("wrong", [{"batch_size": 0}, {"seed": -1}, {"exemplar": 200, "instance": 100}])
def test_sizes_that_make_no_sense_are_refused(wrong):
    with pytest.raises(UserError, match="procedural pairs"):
        Procedural(CLEAR, **({"batch_size": 2} | wrong))
