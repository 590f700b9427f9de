"""What a step's pieces cost: each compiled alone, on the real arrays of a real track."""

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp

from drol_jax.api import Tracker
from drol_jax.bench.subject import Programs, Subject, matmul_precision, on_device, seconds_of
from drol_jax.image.crops import Frame
from drol_jax.model import Model
from drol_jax.online import subnet
from drol_jax.online.geometry import Region
from drol_jax.online.memory import filled
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.families import family
from drol_jax.tracker.fidelity import rules
from drol_jax.tracker.state import TrackerState

CALLS = 5
"""Timed calls of each piece in each repetition."""
PIECES = {
    "crop": "the search region, three for SiamFC",
    "network": "the backbone",
    "head": "neck, head and response maps, for both templates where there are two",
    "online": "the subnet's score map and verdict",
    "refit": "one refit; every 10th frame and at hard negatives",
    "full_refit": "one over a memory that is full",
    "renewal": "one short-term template; every 5th frame",
}
"""The pieces of a step, in order."""


def measure(subject: Subject, frames: int, repeat: int) -> dict[str, Any]:
    """{piece + "_ms": median, "step_ms": of whole steps without a refit, "filled": slots of the memory at that time}.

    Pieces that a configuration has not are None.
    """
    tracker = subject.tracker(subject.variants[-1])
    images = [on_device(image) for image in subject.film.frames(frames)]
    programs = Programs(tracker, images[0], subject.film.box)
    state, whole = programs.init(images[0]), []
    for frame in images[1:]:
        seconds, (state, output) = seconds_of(lambda s=state, f=frame: programs.step(s, f))
        if not bool(output.refitted):
            whole.append(seconds)
    found: dict[str, Any] = {f"{name}_ms": None for name in PIECES}
    calls = pieces(tracker, state, images[-1])
    for name, call in calls.items():
        call()
        times = [seconds_of(call)[0] for _ in range(CALLS * repeat)]
        found[f"{name}_ms"] = 1e3 * statistics.median(times)
    slots = None if state.online is None else int(filled(state.online.memory))
    return found | {"step_ms": 1e3 * statistics.median(whole) if whole else None, "filled": slots}


def pieces(tracker: Tracker, state: TrackerState, frame: Frame) -> dict[str, Callable[[], Any]]:
    """Every piece that the tracker has, ready to run on this state and frame."""
    model, config = tracker.model, tracker.config
    sizes, rule = config.search, rules(config)
    made: dict[str, Callable[[], Any]] = {}

    def program_of(function: Callable[..., Any], *arguments: Any) -> Callable[..., Any]:
        with matmul_precision():
            return Jitted(function).compiled(*arguments)

    def add(name: str, function: Callable[..., Any], *arguments: Any) -> Any:
        program = program_of(function, *arguments)
        made[name] = lambda: program(*arguments)
        return made[name]()

    def crop(frame: Frame, state: TrackerState) -> jax.Array:
        side = padded_side(state.size, sizes.context_amount) * (sizes.instance_size / sizes.exemplar_size)
        scales = family(config.model).scales_of(sizes)
        return jax.vmap(lambda side: rule.crop(frame, state.centre, rule.side(side), sizes.instance_size, state.fill))(
            side * scales
        )

    def head(model: Model, templates: list[Any], levels: Any) -> Any:
        net = model.network
        seen = net.search_of(*levels)
        return [net.match(template, seen) for template in templates]

    def online(model: Model, state: TrackerState, feature: jax.Array) -> Any:
        assert state.online is not None
        scale = sizes.exemplar_size / padded_side(state.size, sizes.context_amount)
        region = Region(centre=state.centre, size=state.size, scale=scale)
        seen = subnet.localise(model, state.online, feature, region)
        return seen.score_map, seen.judgement

    def renewal(model: Model, frame: Frame, state: TrackerState) -> Any:
        side = padded_side(state.size, sizes.context_amount)
        candidate = rule.crop(frame, state.centre, side, sizes.exemplar_size, state.fill)
        return model.network.template(candidate[None])

    regions = add("crop", crop, frame, state)
    levels = add("network", lambda model, x: model.network.pyramid(x), model, regions)
    templates = [state.template] + ([] if state.short_term is None else [state.short_term.template])
    add("head", head, model, templates, levels)
    if state.online is not None:
        with matmul_precision():
            feature = model.network.search_of(*levels).feature[0]
        add("online", online, model.scalars, state, feature)
        request = subnet.refit_request(state.online, jnp.bool_(False))
        refit = program_of(lambda model, request: subnet.refit(model, request)[0], model.scalars, request)
        memory = state.online.memory
        weights = jnp.full_like(memory.weights, 1 / len(memory.weights))
        full = replace(state.online, memory=replace(memory, weights=weights))
        made["refit"] = lambda: refit(model.scalars, request)
        made["full_refit"] = lambda: refit(model.scalars, subnet.refit_request(full, jnp.bool_(False)))
    if config.short_term_template:
        add("renewal", renewal, model, frame, state)
    return made
