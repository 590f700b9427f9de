"""The short-term template (paper, section 3.4): which crop it is made of, and when."""

from dataclasses import replace

import jax.numpy as jnp

from drol_jax.image.crops import mean_colour
from drol_jax.model import Model
from drol_jax.online.localize import Verdict
from drol_jax.system.lazy_cond import lazy_cond
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.record import StepRecord
from drol_jax.tracker.state import ShortTerm, TrackerState


def renew_template(model: Model, record: StepRecord) -> TrackerState:
    """Keep the best frame's crop as candidate; at intervals it becomes the short-term template (equation 6).

    Args:
      model: the tracker.
      record: of a step whose filter is refitted.

    Returns:
      The record's state, with its short-term template.
    """
    state, localisation = record.state, record.found.localisation
    if state.short_term is None or localisation is None:
        return state
    config, hyper, rule = model.config, model.hyper, rules(model.config)
    judgement, short_term = localisation.judgement, state.short_term
    better = (
        (judgement.peak >= hyper.template_threshold)
        & (judgement.verdict != Verdict.HARD_NEGATIVE)
        & (judgement.peak > short_term.candidate_score)
        & record.learn
    )

    def cut(carried, rest):
        frame, centre, size = rest
        fill = mean_colour(frame)
        side = padded_side(size, config.search.context_amount)
        return rule.crop(frame, centre, side, config.search.exemplar_size, fill), fill

    size = rule.renewal(record.old_size, state.size)
    carried, rest = (short_term.candidate, state.fill), (record.frame, state.centre, size)
    candidate, fill = lazy_cond(cut)(better, carried, rest)
    score = jnp.where(better, judgement.peak, short_term.candidate_score)
    # Published: SiamMask's frame counter stands still, so that every frame is due.
    stands_still = config.model.mask and rule.mask_renews_always
    due = jnp.bool_(True) if stands_still else (state.frame_index - 1) % hyper.template_interval == 0
    due = due & record.active

    def renew(template, rest):
        candidate, model = rest
        return model.network.template(candidate[None])

    template = lazy_cond(renew)(due, short_term.template, (candidate, model))
    short_term = ShortTerm(template=template, candidate=candidate, candidate_score=jnp.where(due, 0.0, score))
    return replace(state, fill=fill if rule.lasting_fill else state.fill, short_term=short_term)
