"""`Found`, what a search of a frame gives, and the parts of a search that all families share."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from drol_jax.config import Config
from drol_jax.model import Model
from drol_jax.online import subnet
from drol_jax.online.geometry import Region
from drol_jax.online.localize import Verdict
from drol_jax.online.subnet import Localisation
from drol_jax.tracker.appearance import likeness
from drol_jax.tracker.candidates import Candidate, padded_side, short_term_wins
from drol_jax.tracker.confidence import Signs, confidence
from drol_jax.tracker.masks import Mask
from drol_jax.tracker.state import TrackerState

DRIFT_AFTER = 8  # lost frames


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Found:
    """Outcome of a search."""

    candidate: Candidate
    template: jax.Array  # int32 (), 0 first, 1 short-term
    localisation: Localisation | None  # None with the online subnet off
    lost_count: jax.Array  # int32 ()
    confidence: jax.Array  # float32 (), probability that the box overlaps the target by more than a half
    mask: Mask | None = None  # None without mask branch


def region_side(config: Config, state: TrackerState) -> jax.Array:
    """Side of the search region in the image, pixels."""
    geometry = config.search
    return padded_side(state.size, geometry.context_amount) * (geometry.instance_size / geometry.exemplar_size)


def ask_online(
    model: Model, state: TrackerState, feature: jax.Array, widened: jax.Array | float, map_size: int | None = None
) -> tuple[Localisation | None, jax.Array, jax.Array]:
    """(localisation, lost_count, drifting): what the online subnet sees in a region `widened` times as wide as usual.

    Args:
      feature: [L, L, C], the region's.
      map_size: rows and columns of the score map; by default the region's.
    """
    if state.online is None:
        return None, state.lost_count, jnp.bool_(False)
    config = model.config
    scale = config.search.exemplar_size / (padded_side(state.size, config.search.context_amount) * widened)
    region = Region(centre=state.centre, size=state.size, scale=scale)
    localisation = subnet.localise(model, state.online, feature, region, map_size)
    lost = localisation.judgement.verdict == Verdict.NOT_FOUND
    lost_count = jnp.where(lost, state.lost_count + 1, 0)
    drifting = (lost_count >= DRIFT_AFTER) & drifts(config)
    return localisation, lost_count, drifting


def drifts(config: Config) -> bool:
    """Whether the tracker moves cautiously while lost; SiamMask and the long-term tracker never do (published)."""
    return config.online.short_term_drift and not (config.model.mask or config.long_term.enabled)


@dataclass(frozen=True, kw_only=True)
class View:
    """The search region that a candidate was found in."""

    feature: jax.Array  # float32 [L, L, C]
    scale: jax.Array  # float32 (), crop pixels per image pixel


def signs(
    model: Model,
    state: TrackerState,
    view: View,
    score_map: jax.Array | None,
    centre: jax.Array,
    size: jax.Array,
) -> Signs:
    """What speaks for a box being right.

    Args:
      view: the region about the state's centre that the box lies in.
      score_map: [S, S], the online subnet's of it; None with the subnet off.
      centre, size: [2], the box, pixels.
    """
    config, offset = model.config, centre - state.centre
    alike = likeness(state.appearance, config, view.feature, offset, size, view.scale)
    if score_map is None:
        return Signs(likeness=alike, online=None)
    share = offset * view.scale / config.search.instance_size
    side = score_map.shape[0]
    place = jnp.clip(jnp.floor((share + 0.5) * side), 0, side - 1).astype(jnp.int32)
    return Signs(likeness=alike, online=score_map[place[1], place[0]])


def chosen(
    model: Model,
    state: TrackerState,
    view: View,
    asked: tuple[Localisation | None, jax.Array],
    first: Candidate,
    second: Candidate | None,
) -> Found:
    """The short-term template's candidate where it is near the first one's and clearly better.

    Args:
      view: the region about the state's centre that both were found in.
      asked: (localisation, lost_count) from `ask_online`.
    """
    config, (localisation, lost_count) = model.config, asked
    candidate, template = first, jnp.int32(0)
    if second is not None:
        wins = short_term_wins(first, second, model.hyper, config)
        candidate = jax.tree.map(lambda a, b: jnp.where(wins, b, a), first, second)
        template = wins.astype(jnp.int32)
    score_map = None if localisation is None else localisation.score_map
    seen = signs(model, state, view, score_map, candidate.centre, candidate.size)
    return Found(
        candidate=candidate,
        template=template,
        localisation=localisation,
        lost_count=lost_count,
        confidence=confidence(config, seen),
    )
