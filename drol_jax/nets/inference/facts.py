"""What a network is made of."""

from collections.abc import Mapping
from dataclasses import dataclass

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ConvFacts:
    """One convolution."""

    size: int
    """Rows and columns of its kernel, where it is square; 0 of another."""
    channels: int
    """Input channels."""
    outputs: int
    groups: int
    stride: int
    in_blocks: bool
    """Whether its form is `space_to_depth`, as first layers' is."""


@dataclass(frozen=True, kw_only=True)
class Survey:
    """Paths and facts of one network, for all weights of it."""

    shapes: Mapping[Path, tuple[int, ...]]
    """Path ("params", "backbone", ..., "kernel") and shape of every array; all are float32."""
    norms: Mapping[Path, Path]
    """Path of each convolution that a normalisation follows when a track runs -> path of that."""
    searched: Mapping[Path, ConvFacts]
    """The convolutions that a search region goes through."""
