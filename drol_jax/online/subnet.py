"""The online subnet's life: started on the first frame, asked and taught on every later one."""

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp

from drol_jax.image.boxes import target_from_box
from drol_jax.model import Model
from drol_jax.online import fit
from drol_jax.online.augment import channel_dropout
from drol_jax.online.draws import InitDraws
from drol_jax.online.features import Extractor, extract
from drol_jax.online.geometry import Region, geometry
from drol_jax.online.labels import gaussian
from drol_jax.online.localize import Judgement, Verdict
from drol_jax.online.memory import Memory, features_of, first_memory, insert, insert_share, leading
from drol_jax.online.response import respond
from drol_jax.system.lazy_cond import Rows

CORRECTION = 0.25
"""Weight of a corrected box among all samples, whose weights add up to one: what the first frame's keep at least."""
ASTRAY = 0.2
"""Weight of the region that the tracker had gone to instead, before that of the box is given."""


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class OnlineState:
    """What the subnet carries from frame to frame."""

    filter: jax.Array  # float32 [k, k, D]
    extractor: Extractor  # fixed after the first frame
    memory: Memory
    sigma: jax.Array  # float32 (), label width in cells, fixed after the first frame
    # Published; None with fidelity exact, where the region looked at tells the same, and tells it right:
    scale: jax.Array | None  # float32 (), search pixels per image pixel, fixed after the first frame
    centre: jax.Array | None  # float32 [2] (x, y), pixels: the target where it was last found
    size: jax.Array | None  # float32 [2] (w, h), pixels: likewise

    @property
    def kept(self) -> Region | None:
        """The region as the subnet knows it of itself."""
        if self.scale is None or self.centre is None or self.size is None:
            return None
        return Region(centre=self.centre, size=self.size, scale=self.scale)


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class Localisation:
    """What the subnet makes of one search region."""

    feature: jax.Array  # float32 [L, L, D], target-specific
    score_map: jax.Array  # float32 [S, S]
    judgement: Judgement
    region: Region


def start(
    model: Model, images: jax.Array, shifts: jax.Array, box: jax.Array, scale: jax.Array, draws: InitDraws
) -> OnlineState:
    """Fit the subnet to the first frame.

    Args:
      model: the tracker; its weights are not read.
      images: [I, L, L, C], Siamese features of the augmented first frame.
      shifts: int32 [I, 2] (rows, columns), where each image's target lies off the centre, search pixels.
      box: [4] (x, y, w, h), the target, pixels.
      scale: search pixels per image pixel.
      draws: the track's random values.
    """
    online, places = model.config.online, geometry(model.config)
    centre, size = target_from_box(box)
    dropped = channel_dropout(images[0], draws.keep, online.dropout_rate)
    samples = jnp.concatenate([images, dropped])
    centres = places.first_centres(centre, shifts, online.dropout_samples)
    sigma = places.label_sigma(size, scale, model.hyper.label_sigma)
    label = model.config.own("label") or gaussian
    labels = label(centres, sigma, images.shape[1])
    first_fit = model.config.own("first_fit") or fit.first_fit
    filter, extractor = first_fit((draws.filter, draws.extractor), samples, labels, online, model.hyper)
    memory = first_memory(extract(extractor, samples, online), centres, online.memory_size, online.samples)
    kept = places.keeps_region
    return OnlineState(
        filter=filter,
        extractor=extractor,
        memory=memory,
        sigma=sigma,
        scale=scale if kept else None,
        centre=centre if kept else None,
        size=size if kept else None,
    )


def localise(
    model: Model, state: OnlineState, feature: jax.Array, region: Region, map_size: int | None = None
) -> Localisation:
    """Score a search region.

    Args:
      model: the tracker; its weights are not read.
      feature: [L, L, C], the region's Siamese feature.
      map_size: rows and columns of the score map; by default the region's.
    """
    places = geometry(model.config, map_size)
    own = extract(state.extractor, feature[None], model.config.online)
    score_map = places.score_map(respond(own, state.filter)[0])
    judgement = places.judge(score_map, region, state.kept, model.hyper)
    return Localisation(feature=own[0], score_map=score_map, judgement=judgement, region=region)


def update_memory(
    model: Model, state: OnlineState, localisation: Localisation, box: jax.Array, learn: jax.Array | bool
) -> OnlineState:
    """Move to where the target was found, and keep the frame as a sample unless the verdict advises against it.

    Args:
      model: the tracker; its weights are not read.
      box: [4] (x, y, w, h), the tracker's result for the frame. Its centre is taken by the rule for boxes that come
        in, which is half a pixel off the tracker's own for a published box.
      learn: bool (), False where the frame is none to learn from: the state stays as it is.
    """
    online, hyper, places = model.config.online, model.hyper, geometry(model.config)
    verdict = localisation.judgement.verdict
    centre, size = target_from_box(box)
    kept, region = state.kept, localisation.region
    if kept is not None:
        seen = (verdict != Verdict.NOT_FOUND) & learn
        centre, size = jnp.where(seen, centre, kept.centre), jnp.where(seen, size, kept.size)
    accept = ((verdict == Verdict.FOUND) | (verdict == Verdict.HARD_NEGATIVE)) & learn
    hard = verdict == Verdict.HARD_NEGATIVE
    label = places.sample_centre(centre, region, kept)
    rate = jnp.where(hard, hyper.hard_negative_learning_rate, hyper.learning_rate)
    memory = insert(
        state.memory,
        localisation.feature,
        label,
        rate,
        online.first_samples,
        hyper.first_samples_weight,
        accept,
        places.unit_weights,
    )
    state = replace(state, memory=memory)
    return state if kept is None else replace(state, centre=centre, size=size)


def correct(
    model: Model,
    state: OnlineState,
    here: tuple[jax.Array, Region],
    astray: tuple[jax.Array, Region],
    box: jax.Array,
) -> OnlineState:
    """Move to where a person says that the target is, keep that as a sample of much weight, and refit the filter.

    The place that the tracker had gone to is a sample too: its label peaks where the target truly is, which may be
    outside, so that the filter learns what the target is not.

    Args:
      model: the tracker; its weights are not read.
      here: [L, L, C], the Siamese feature of the search region about the box, and that region.
      astray: likewise of the region about the place that the tracker had gone to.
      box: [4] (x, y, w, h), the target, pixels.
    """
    online, hyper, places = model.config.online, model.hyper, geometry(model.config)
    centre, size = target_from_box(box)

    def with_sample(
        state: OnlineState, feature: jax.Array, region: Region, kept: Region | None, share: float
    ) -> OnlineState:
        own = extract(state.extractor, feature[None], online)[0]
        label = places.sample_centre(centre, region, kept)
        first, least = online.first_samples, hyper.first_samples_weight
        return replace(state, memory=insert_share(state.memory, own, label, share, first, least))

    # Whatever the subnet keeps of itself: what it was shown there is that region.
    state = with_sample(state, *astray, astray[1] if state.kept is not None else None, ASTRAY)
    if state.kept is not None:
        state = replace(state, centre=centre, size=size)
    state = with_sample(state, *here, state.kept, CORRECTION)
    return replace(state, filter=refit(model, refit_request(state, jnp.bool_(True)))[0])


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class RefitRequest:
    """What a refit needs."""

    state: OnlineState
    """The subnet, without the memory's features."""
    features: Rows
    """[R, ...]: the memory's features, maybe among those of other memories."""
    hard_negative: jax.Array
    """bool (): a hard negative is the cause, which may have its own number of iterations."""


def refit_request(state: OnlineState, hard_negative: jax.Array, features: Rows | None = None) -> RefitRequest:
    """What a refit of this subnet needs.

    Args:
      state: the subnet.
      hard_negative: bool ().
      features: its memory's, where they lie among others'; by default the state's own.
    """
    own = Rows(all=state.memory.features, first=jnp.int32(0)) if features is None else features
    lean = replace(state, memory=replace(state.memory, features=None))
    return RefitRequest(state=lean, features=own, hard_negative=hard_negative)


def refit(model: Model, request: RefitRequest, *, stats: bool = False) -> tuple[jax.Array, fit.RefitStats | None]:
    """Refit the filter to the memory.

    Returns:
      (filter [k, k, D], how it went or None).
    """
    online, state = model.config.online, request.state
    iterations = online.refit_iterations
    if online.hard_negative_iterations != iterations:
        iterations = jnp.where(request.hard_negative, online.hard_negative_iterations, iterations)
    rows = request.features
    memory = replace(state.memory, features=rows.all)
    label = model.config.own("label") or gaussian
    if (learner := model.config.own("refit")) is not None:
        # Without other targets' features, which may lie about the memory's.
        own = leading(memory, len(memory.weights), rows.first, online.channels)
        own = replace(own, features=features_of(own))
        filter = learner(state.filter, own, state.sigma, iterations, model.hyper, label)
        return filter, fit.no_refit() if stats else None
    first = rows.first
    return fit.refit(state.filter, memory, state.sigma, iterations, model.hyper, first, stats=stats, label=label)
