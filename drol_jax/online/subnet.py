"""The online subnet's life: started on the first frame, asked and taught on every later one."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from drol_jax.boxes import target_from_box
from drol_jax.config import Hyper, OnlineConfig
from drol_jax.online import fit
from drol_jax.online.augment import channel_dropout
from drol_jax.online.draws import InitDraws
from drol_jax.online.features import Extractor, extract
from drol_jax.online.labels import first_centres, gaussian, label_sigma, update_centre
from drol_jax.online.localize import Judgement, Verdict, judge, upsample
from drol_jax.online.memory import Memory, first_memory, insert


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class OnlineState:
    """What the subnet carries from frame to frame."""

    filter: jax.Array  # float32 [k, k, D]
    extractor: Extractor  # fixed after the first frame
    memory: Memory
    sigma: jax.Array  # float32 (), label width in cells, fixed after the first frame
    scale: jax.Array  # float32 (), search pixels per image pixel, fixed after the first frame
    centre: jax.Array  # float32 [2] (x, y), pixels: the target where it was last found
    size: jax.Array  # float32 [2] (w, h), pixels: likewise


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Sighting:
    """What the subnet makes of one search region."""

    feature: jax.Array  # float32 [L, L, D], target-specific
    score_map: jax.Array  # float32 [S, S]
    judgement: Judgement


def start(
    pictures: jax.Array,
    shifts: jax.Array,
    box: jax.Array,
    scale: jax.Array,
    draws: InitDraws,
    online: OnlineConfig,
    hyper: Hyper,
    search_size: int,
) -> OnlineState:
    """Fit the subnet to the first frame.

    Args:
      pictures: [I, L, L, C], Siamese features of the augmented first frame.
      shifts: int32 [I, 2] (rows, columns), where each picture's target lies off the centre, search pixels.
      box: [4] (x, y, w, h), the target, pixels.
      scale: search pixels per image pixel.
      draws: the track's random values.
      online, hyper: settings.
      search_size: rows and columns of the search region, pixels.
    """
    cells = pictures.shape[1]
    centre, size = target_from_box(box)
    dropped = channel_dropout(pictures[0], draws.keep, online.dropout_rate)
    samples = jnp.concatenate([pictures, dropped])
    centres = first_centres(centre, shifts, online.dropout_samples, cells, search_size)
    sigma = label_sigma(size, scale, cells, search_size, hyper.label_sigma)
    labels = gaussian(centres, sigma, cells)
    filter, extractor = fit.first_fit((draws.filter, draws.extractor), samples, labels, online, hyper)
    memory = first_memory(extract(extractor, samples, online), centres, online.memory_size)
    return OnlineState(
        filter=filter, extractor=extractor, memory=memory, sigma=sigma, scale=scale, centre=centre, size=size
    )


def look(state: OnlineState, feature: jax.Array, online: OnlineConfig, hyper: Hyper, search_size: int) -> Sighting:
    """Score a search region.

    Args:
      feature: [L, L, C], its Siamese feature.
    """
    own = extract(state.extractor, feature[None], online)
    score_map = upsample(fit.respond(own, state.filter)[0], search_size)
    judgement = judge(score_map, state.size[::-1], state.scale, hyper)
    return Sighting(feature=own[0], score_map=score_map, judgement=judgement)


def remember(
    state: OnlineState,
    sighting: Sighting,
    box: jax.Array,
    learn: jax.Array | bool,
    online: OnlineConfig,
    hyper: Hyper,
    search_size: int,
) -> OnlineState:
    """Move to where the target was found, and keep the frame as a sample unless the verdict advises against it.

    Args:
      box: [4] (x, y, w, h), the tracker's result for the frame. Its centre is taken by the rule for boxes that come
        in, half a pixel off the tracker's own (published).
      learn: bool (), False where the frame is none to learn from: the state stays as it is.
    """
    verdict = sighting.judgement.verdict
    seen = (verdict != Verdict.NOT_FOUND) & learn
    centre, size = target_from_box(box)
    centre, size = jnp.where(seen, centre, state.centre), jnp.where(seen, size, state.size)
    accept = ((verdict == Verdict.FOUND) | (verdict == Verdict.HARD_NEGATIVE)) & learn
    hard = verdict == Verdict.HARD_NEGATIVE
    label = update_centre(centre, jnp.round(state.centre), sighting.feature.shape[0], search_size)
    rate = jnp.where(hard, hyper.hard_negative_learning_rate, hyper.learning_rate)
    memory = insert(
        state.memory, sighting.feature, label, rate, online.first_samples, hyper.first_samples_weight, accept
    )
    return replace(state, memory=memory, centre=centre, size=size)


def refit(state: OnlineState, hard_negative: jax.Array, online: OnlineConfig, hyper: Hyper) -> jax.Array:
    """The filter [k, k, D] refitted to the memory; a hard negative may have its own number of iterations."""
    iterations = online.refit_iterations
    if online.hard_negative_iterations != iterations:
        iterations = jnp.where(hard_negative, online.hard_negative_iterations, iterations)
    return fit.refit(state.filter, state.memory, state.sigma, iterations, hyper)
