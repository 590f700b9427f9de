"""Synth: the built-in benchmark, rendered from a seed without network or disk.

Moving textured figures over moving-camera places: 15 sequences in three resolutions, each labelled with what makes it
hard (codes in `benchmark.Spec`). Frames are rendered when asked for, each by itself. Their bytes are the same under
every admitted release of OpenCV and numpy, for `filters` and `image.sampling` compute what those change.
"""

from collections.abc import Sequence as SequenceOf
from functools import lru_cache, partial

from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.datasets.synth.benchmark import SPECS, Spec
from drol_jax.datasets.synth.plan import Plan
from drol_jax.datasets.synth.scene import RenderedFrame, Scene
from drol_jax.errors import UserError

__all__ = ["SEQUENCE_NAMES", "Spec", "load_synth", "open_synth"]

SEQUENCE_NAMES = tuple(spec.name for spec in SPECS)


def load_synth(seed: int = 0, sequences: SequenceOf[str] | None = None) -> list[SequenceEntry]:
    """List the benchmark's sequences.

    Args:
      seed: >= 0; what looks and motions are drawn from. The published benchmark is seed 0.
      sequences: names out of SEQUENCE_NAMES; None for all.

    Returns:
      Entries in the benchmark's order.

    Raises:
      UserError: an unknown name or a negative seed.
    """
    unknown = sorted(set(sequences or ()) - set(SEQUENCE_NAMES))
    if unknown:
        raise UserError(f"unknown Synth sequence {unknown[0]!r}; choose from {', '.join(SEQUENCE_NAMES)}")
    if seed < 0:
        raise UserError(f"Synth seed {seed} is negative; choose one from 0 up")
    chosen = [spec for spec in SPECS if sequences is None or spec.name in sequences]
    return [SequenceEntry(spec.name, partial(open_synth, spec, seed), spec.attributes) for spec in chosen]


def open_synth(spec: Spec, seed: int) -> Sequence:
    """Lay out one sequence: boxes now, frames when they are called for.

    Args:
      spec: one of the benchmark's, or one of your own (for training).
      seed: >= 0.

    Returns:
      Boxes are the tight box of the whole target, occluded or not, cut off at the image's border; NaN where the
      target is wholly outside. Origin 0.
    """
    scene = _scene(spec, seed)
    frames = tuple(RenderedFrame(scene, index) for index in range(spec.length))
    return Sequence(spec.name, frames, scene.plan.boxes.copy(), spec.attributes)


@lru_cache(maxsize=4)  # a page opens what was tracked just before, and painting takes a second
def _scene(spec: Spec, seed: int) -> Scene:
    return Scene(Plan(spec, seed))
