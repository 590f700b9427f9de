"""The network alone, as onnxruntime computes it beside ours: a search region to its maps."""

from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax.api import Tracker
from drol_jax.bench.subject import Subject, matmul_precision, seconds_of
from drol_jax.image.crops import as_frame, mean_colour
from drol_jax.model import Model
from drol_jax.system.compiling import Jitted
from drol_jax.tracker.candidates import padded_side
from drol_jax.tracker.families import family_of, points
from drol_jax.tracker.fidelity import published, rules

REGIONS = 16
"""Search regions that the runs go through again and again."""


def measure(subject: Subject, images: str) -> dict[str, Any]:
    """Write what both sides run on, and tell what ours makes of it.

    Args:
      images: where to, an .npz: "template" float32 [1, E, E, 3], "regions" float32 [R, S, S, 3].

    Returns:
      {"maps": the largest number of each map of the first region, and its sum; "facts": `frame_facts`}.
    """
    template, regions = _images(subject)
    np.savez(images, template=template, regions=regions)
    _, _, maps = run(subject, 1)
    told = [[float(part.max()), float(part.sum())] for part in maps]
    return {"maps": told, "facts": frame_facts(subject.tracker("off"))}


def run(subject: Subject, count: int) -> tuple[float, float, list[np.ndarray]]:
    """(seconds of the template's kernels, seconds of so many regions, maps of the last of them)."""
    model = subject.tracker("off").model
    template, images = _images(subject)
    regions = jax.block_until_ready([jax.device_put(image[None]) for image in images])
    with matmul_precision():
        kernels_s, kernels = seconds_of(lambda: _template(model, template))
        maps: Any = None
        seconds = 0.0
        for number in range(count):
            taken, maps = seconds_of(lambda image=regions[number % REGIONS]: _match(model, kernels, image))
            seconds += taken
    return kernels_s, seconds, [np.asarray(part) for part in jax.tree.leaves(maps)]


_template = Jitted(lambda model, image: model.network.template(image))


def _maps(model: Model, template: Any, image: jax.Array) -> Any:
    network = model.network
    found = network.match(template, network.search_of(*network.pyramid(image)))
    return [part for part in (found.cls, found.loc) if part is not None]


_match = Jitted(_maps)


def frame_facts(tracker: Tracker) -> dict[str, float] | None:
    """As `peers.onnx_frame.Facts`, of a tracker whose whole frame that computes with the subnet off; else None."""
    config, hyper = tracker.config, tracker.settings.hyper
    if family_of(config) is not points or rules(config) is not published or config.long_term.enabled:
        return None
    sizes = config.search
    return {
        "exemplar": sizes.exemplar_size,
        "instance": sizes.instance_size,
        "stride": sizes.stride,
        "context": sizes.context_amount,
        **{name: float(getattr(hyper, name)) for name in ("penalty_k", "window_influence", "size_lr")},
    }


@cache
def _images(subject: Subject) -> tuple[np.ndarray, np.ndarray]:
    """The first frame's template, and regions of the frames behind it about the same place."""
    config = subject.tracker("off").config
    sizes, rule = config.search, rules(config)
    centre, size = rule.target(subject.film.box)
    side = padded_side(jnp.asarray(size), sizes.context_amount)

    def cut(image: np.ndarray, share: float, out: int) -> np.ndarray:
        frame = as_frame(jnp.asarray(image))
        return np.asarray(rule.crop(frame, centre, rule.side(side * share), out, mean_colour(frame)), np.float32)

    first, *others = subject.film.frames(1 + REGIONS)
    wider = sizes.instance_size / sizes.exemplar_size
    regions = [cut(image, wider, sizes.instance_size) for image in others]
    return cut(first, 1, sizes.exemplar_size)[None], np.stack(regions)
