"""Sequences that are rendered, such as those of Synth, as films that a project can name."""

import re
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.studio.film import Film
from drol_jax.video.open import open_frames

SCHEME = "rendered:"


def source_of(dataset: str, seed: int, name: str) -> str:
    """What a project calls the film of a sequence by."""
    return f"{SCHEME}{dataset}/{seed}/{name}"


def rendered(source: str) -> Film | None:
    """The film that `source_of` names; None where the source is something else.

    Raises:
      UserError: there is no such sequence.
    """
    if not source.startswith(SCHEME):
        return None
    parts = re.fullmatch(r"([^/]+)/(\d{1,18})/([^/]+)", source.removeprefix(SCHEME))
    if parts is None or not datasets.built_in(parts[1]):
        raise UserError(f"{source[:80]!r} names no rendered sequence, such as {source_of('Synth', 0, 'reef_fish')}")
    (entry,) = datasets.load(parts[1], None, [parts[3]], int(parts[2]))
    frames = entry.open().frames
    return Film(Path(parts[3]), lambda options: open_frames(frames, parts[3], options))
