"""What the user says to `drol-jax weights`."""

from dataclasses import dataclass
from typing import Annotated

import tyro
from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class ListArguments:
    """Arguments of `list`: none."""


@dataclass(frozen=True, kw_only=True)
class GetArguments:
    """Arguments of `get`."""

    what: Positional[
        Annotated[tuple[str, ...], tyro.conf.arg(metavar="NAME|FILE ...", help_behavior_hint="(required)")]
    ]
    """A name that `list` tells, or a file that you have: a checkpoint, or both files of NanoTrack's ONNX pair."""
    name: str | None = None
    """Which published weights a file is, where neither its hash nor its arrays tell."""
    mirror: str | None = None
    """Address of a folder that is asked first, for a file of the published name."""
    timeout: float = 30.0
    """Seconds after which a server that sends nothing counts as stuck."""
    force: bool = False
    """Fetch again what is there."""


@dataclass(frozen=True, kw_only=True)
class CheckArguments:
    """Arguments of `check`."""

    what: Positional[Annotated[tuple[str, ...], tyro.conf.arg(metavar="FILE ...", help_behavior_hint="(required)")]]
    """Files to look at: checkpoints, ONNX files, weights of ours (file or folder), or names of those that are here."""


@dataclass(frozen=True, kw_only=True)
class CardArguments:
    """Arguments of `card`."""

    name: Positional[Annotated[str, tyro.conf.arg(metavar="NAME")]]
    """Weights that `list` tells."""
