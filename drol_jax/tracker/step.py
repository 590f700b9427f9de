"""`step`: Algorithm 1 of the paper in four stages, one target, one frame, pure.

`localise`, `update_memory`, `refit` and `finish` hand one `StepRecord` on. `step` chains them; a pool of slots runs
the same stages, some of them in threads. All are safe under jit, vmap and scan, keep no state of their own and donate
nothing.
"""

from dataclasses import replace
from functools import partial

import chex
import jax
import jax.numpy as jnp

from drol_jax.config import Config, Hyper
from drol_jax.image.crops import Frame, as_frame
from drol_jax.model import Model
from drol_jax.online import subnet
from drol_jax.online.fit import RefitStats, no_refit
from drol_jax.online.localize import Verdict
from drol_jax.online.subnet import RefitRequest
from drol_jax.system.lazy_cond import lazy_cond
from drol_jax.tracker.candidates import clip
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.outcome import Found
from drol_jax.tracker.record import StepRecord, record_of
from drol_jax.tracker.search import search
from drol_jax.tracker.short_term import renew_template
from drol_jax.tracker.state import StepOutput, TrackerState


def step(
    model: Model, state: TrackerState, frame: Frame | jax.Array, *, stats: bool = False
) -> tuple[TrackerState, StepOutput]:
    """Follow the target into the next frame.

    Args:
      model, frame: as in `init`.
      state: of the frame before.
      stats: static; tell in `StepOutput.refit` how the refit went.

    Returns:
      (state, output).

    Raises:
      AssertionError: of chex, while it is traced: the state is of several targets, without vmap.
    """
    chex.assert_shape((state.centre, state.size), (2,), custom_message="step follows one target; vmap follows many")
    record = update_memory(model, localise(model, state, frame))
    return finish(model, refit(model, record, stats=stats))


def localise(model: Model, state: TrackerState, frame: Frame | jax.Array) -> StepRecord:
    """Find the target in the frame."""
    frame = as_frame(frame)
    return record_of(state, frame, search(model, state, frame))


def update_memory(model: Model, record: StepRecord) -> StepRecord:
    """Move to what was found, keep the frame as a sample, and tell whether a refit is due (section 3.3).

    It is at intervals, and at once on a hard negative. Nothing is learned from an enlarged search region.
    """
    found = record.found
    state = replace(
        record.state,
        frame_index=record.state.frame_index + 1,
        centre=found.candidate.centre,
        size=found.candidate.size,
        lost_count=found.lost_count,
    )
    if state.online is None or found.localisation is None:
        return replace(record, state=state)
    learn = record.learn if state.lost is None else ~state.lost & record.learn
    box = _box(model.config, state, record.frame)
    online = subnet.update_memory(model, state.online, found.localisation, box, learn)
    due = (is_hard_negative(found) | ((state.frame_index - 1) % model.hyper.refit_interval == 0)) & learn
    return replace(record, state=replace(state, online=online), due=due)


def refit(model: Model, record: StepRecord, *, stats: bool = False) -> StepRecord:
    """Refit the filter where it is due."""
    online = record.state.online
    if online is None:
        return record
    request = subnet.refit_request(online, is_hard_negative(record.found))
    # With 60 samples four lanes together take an H200 1.1 ms and one alone .7, with 250 samples 3.0 and 1.1.
    refitted = lazy_cond(partial(_refitted, stats), at_once=4)
    filter, told = refitted(record.due, (online.filter, no_refit() if stats else None), (request, model.scalars))
    return replace(with_filter(record, filter), stats=told)


def with_filter(record: StepRecord, filter: jax.Array) -> StepRecord:
    """The record with a refitted filter [k, k, D]."""
    assert record.state.online is not None
    return replace(record, state=replace(record.state, online=replace(record.state.online, filter=filter)))


def finish(model: Model, record: StepRecord) -> tuple[TrackerState, StepOutput]:
    """Decide whether the target is lost, renew the template, tell what was found."""
    found, localisation = record.found, record.found.localisation
    record = replace(record, state=decide_whether_lost(model.hyper, record.state, found))
    state = renew_template(model, record)
    output = StepOutput(
        box=_box(model.config, state, record.frame),
        score=found.candidate.score,
        verdict=jnp.int32(Verdict.OFF) if localisation is None else localisation.judgement.verdict,
        online_score=jnp.float32(jnp.nan) if localisation is None else localisation.judgement.peak,
        template=found.template,
        refitted=record.due,
        lost=jnp.bool_(False) if state.lost is None else state.lost,
        confidence=found.confidence,
        mask=found.mask,
        refit=record.stats,
    )
    return state, output


def decide_whether_lost(hyper: Hyper, state: TrackerState, found: Found) -> TrackerState:
    """Long-term: a poor score loses the target, a very good one finds it again, between them all stays as it is."""
    if state.lost is None:
        return state
    score = found.candidate.score
    return replace(state, lost=(score < hyper.confidence_low) | (state.lost & (score <= hyper.confidence_high)))


def _refitted(
    stats: bool, before: tuple[jax.Array, RefitStats | None], rest: tuple[RefitRequest, Model]
) -> tuple[jax.Array, RefitStats | None]:
    request, model = rest
    return subnet.refit(model, request, stats=stats)


def is_hard_negative(found: Found) -> jax.Array:
    """bool (): there is a distractor to train against."""
    assert found.localisation is not None
    return found.localisation.judgement.verdict == Verdict.HARD_NEGATIVE


def _box(config: Config, state: TrackerState, frame: Frame) -> jax.Array:
    # Only the long-term tracker's target can be outside the image.
    return rules(config).box(*clip(state.centre, state.size, frame.size))
