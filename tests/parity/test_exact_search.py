"""Fidelity exact from a search region back to the picture: ordinary and enlarged regions, and SiamMask's masks.

The network and the subnet are stand-ins, so that no network is compiled.
"""

from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
import pytest
import recipe
from looks import no_look

from drol_jax.config import Config, Hyper
from drol_jax.image.crops import as_frame
from drol_jax.image.masks import full_frame
from drol_jax.model import hyper_arrays
from drol_jax.nets import Response, Search
from drol_jax.online.localize import Judgement, Verdict
from drol_jax.online.subnet import Localisation
from drol_jax.settings import load_settings
from drol_jax.tracker import one_region, outcome
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.search import search
from drol_jax.tracker.state import ShortTerm, TrackerState

FRAME = as_frame(jnp.asarray(recipe.test_image()))
CENTRE, SIZE = np.array([90.25, 70.5]), np.array([40.0, 30.0])
PADDED = np.sqrt(75 * 65)
PLAIN = 0
"""A template whose response says the same everywhere; any other number is a cell that it prefers."""


class FixedNetwork:
    """Answers for a template by its number; its masks tell the number, or show one spot."""

    spot = None

    def __init__(self, model):
        self.anchors = model.anchors_per_cell

    def search(self, region):
        return Search(jnp.zeros((1, 4, 4, 8)), region.shape[1])

    def match(self, template, seen):
        cells = (seen.head - 127) // 8 + 1 + 8
        logits = np.zeros((1, cells * cells, 2 * self.anchors), np.float32)
        logits[0, template, self.anchors :] += 4 * int(template != PLAIN)
        logits = logits.reshape(1, cells, cells, -1)
        return Response(jnp.asarray(logits), jnp.zeros((1, cells, cells, 4 * self.anchors)))

    def refine(self, template, seen, position):
        if self.spot is None:
            return jnp.full((1, 127, 127), jnp.float32(template))
        row, column = (int(p) for p in position)
        y, x = self.spot[1] - 8 * (row - 4), self.spot[0] - 8 * (column - 4)
        return jnp.asarray(recipe.bump_map(127, [(y, x, 12, 20)], -6))[None]


@dataclass(frozen=True)
class FixedModel:
    config: Config
    hyper: Hyper

    @property
    def network(self):
        return FixedNetwork(self.config.model)


def run(monkeypatch, name, peak=None, lost=None, short_term=None, fidelity="exact", spot=None):
    """(what the search found, sizes of the score maps looked at); `peak` (x, y) search pixels off the middle."""
    settings = load_settings(name)
    config = replace(settings.config, fidelity=fidelity)
    looks = []

    def localise(model, state, feature, region, map_size=None):
        pixels = map_size or model.config.search.instance_size
        np.testing.assert_allclose(region.scale, 127 / PADDED, rtol=1e-6)
        np.testing.assert_allclose(region.centre, CENTRE)
        looks.append(pixels)
        middle = (pixels - 1) / 2
        score_map = jnp.asarray(recipe.bump_map(pixels, [(middle + peak[1], middle + peak[0], 1.0, 20)]))
        judgement = Judgement(verdict=jnp.int32(Verdict.FOUND), peak=jnp.float32(1), position=jnp.zeros(2, jnp.int32))
        return Localisation(feature=feature, score_map=score_map, judgement=judgement, region=region)

    monkeypatch.setattr(outcome.subnet, "localise", localise)
    monkeypatch.setattr(FixedNetwork, "spot", spot)
    monkeypatch.setattr(
        one_region, "lazy_cond", lambda fn: lambda where, carried, rest: fn(carried, rest) if where else carried
    )
    state = TrackerState(
        frame_index=jnp.int32(2),
        centre=jnp.asarray(CENTRE, jnp.float32),
        size=jnp.asarray(SIZE, jnp.float32),
        fill=jnp.zeros(3, jnp.uint8),
        template=jnp.int32(PLAIN),
        appearance=no_look(8),
        lost_count=jnp.int32(0),
        online=None if peak is None else object(),
        short_term=short_term,
        lost=lost,
    )
    hyper = replace(settings.hyper, window_influence=0.0, penalty_k=0.0, confidence_low=0.0, tau_regression=0.0)
    return search(FixedModel(config, hyper_arrays(hyper)), state, FRAME), looks


@pytest.mark.parametrize("peak", [(-64.0, 16.0)])
@pytest.mark.parametrize(("name", "lost"), [("siamrpn_r50", None), ("siamrpn_r50_votlt", False)])
def test_the_target_moves_to_the_score_peak(monkeypatch, name, lost, peak):
    found, looks = run(monkeypatch, name, peak, lost)
    np.testing.assert_allclose(found.candidate.centre, CENTRE + np.array(peak) * PADDED / 127, atol=1e-3)
    assert looks == [255]


@pytest.mark.parametrize("peak", [(-304.0, 280.0)])
def test_the_enlarged_region_has_a_score_map_of_its_own_size_and_scale(monkeypatch, peak):
    found, looks = run(monkeypatch, "siamrpn_r50_votlt", peak, lost=True)
    np.testing.assert_allclose(found.candidate.centre, CENTRE + np.array(peak) * PADDED / 127, atol=1e-3)
    assert looks == [255, 831]
    assert found.localisation.score_map.shape == (255, 255)  # So that both searches end alike.
    _, published = run(monkeypatch, "siamrpn_r50_votlt", (8.0, 8.0), lost=True, fidelity="published")
    assert published == [255, 255]


@pytest.mark.parametrize(("fidelity", "shown"), [("exact", 312), ("published", PLAIN)])
def test_the_mask_is_decoded_from_the_template_that_won(monkeypatch, fidelity, shown):
    other = ShortTerm(template=jnp.int32(312), candidate=None, candidate_score=None)  # The middle cell of 25 x 25.
    monkeypatch.setattr(outcome, "short_term_wins", lambda first, second, hyper, config: second.score > first.score)
    found, _ = run(monkeypatch, "siammask_r50", (0.0, 0.0), short_term=other, fidelity=fidelity)
    assert int(found.template) == 1
    np.testing.assert_allclose(found.mask.probability, 1 / (1 + np.exp(-shown)), rtol=1e-6)


@pytest.mark.parametrize("spot", [(140.0, 100.0)])
def test_the_mask_lies_in_the_picture_where_its_pixels_were_seen(monkeypatch, spot):
    found, _ = run(monkeypatch, "siammask_r50", (16.0, -8.0), spot=spot)
    height, width = recipe.test_image().shape[:2]
    wanted = CENTRE + (np.array(spot) - 127) * PADDED / 127
    mask = full_frame(found.mask.probability, found.mask.box, height, width, exact=True)
    mask = np.maximum(mask - 0.05, 0)  # The spot, without what lies about it.
    rows, columns = np.indices(mask.shape)
    middle = np.array([(columns * mask).sum(), (rows * mask).sum()]) / mask.sum()
    np.testing.assert_allclose(middle, wanted, atol=0.1)


def test_siammasks_short_term_template_is_renewed_at_its_interval():
    config = load_settings("siammask_r50").config
    assert rules(config).mask_renews_always
    assert not rules(replace(config, fidelity="exact")).mask_renews_always
