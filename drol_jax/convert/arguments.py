"""What the user says about a conversion."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro
from tyro.conf import Positional


@dataclass(frozen=True, kw_only=True)
class ToOurs:
    """Arguments of a conversion into our weights."""

    checkpoint: Positional[Annotated[Path, tyro.conf.arg(metavar="CHECKPOINT")]]
    """File to convert."""
    config: str
    """Configuration whose network it is: the name of a bundled one, or a YAML file."""
    output: Path
    """Folder to write, or a file ending in .safetensors."""
    force: bool = False
    """Replace earlier weights there."""
    tells_place: tyro.conf.Suppress[tyro.conf.Fixed[bool]] = True
    """Whether to print where they are; False for a caller that moves them and then says so."""


@dataclass(frozen=True, kw_only=True)
class FromOnnx(ToOurs):
    """Arguments of a conversion of a pair of ONNX files."""

    head: Positional[Annotated[Path, tyro.conf.arg(metavar="HEAD")]]
    """The pair's other file; the first is its backbone."""


@dataclass(frozen=True, kw_only=True)
class FromTorch(ToOurs):
    """Arguments of a conversion of a PyTorch file."""

    part: str | None = None
    """Which of its state dicts, where a file holds several: the name that the message tells, such as ema."""


@dataclass(frozen=True, kw_only=True)
class ToOursChecked(FromTorch):
    """Arguments of a conversion of a network that its own source can run."""

    check: Path | None = None
    """Folder of PySOT's or DROL's source: also build its network, in PyTorch, and compare on random images;
    give that source's own YAML file as --config. This runs the code in that folder: give one that you trust."""
    check_seed: int = 0
    """Seed of those images."""


@dataclass(frozen=True, kw_only=True)
class FromOurs:
    """Arguments of a conversion of our weights."""

    weights: Positional[Annotated[str, tyro.conf.arg(metavar="WEIGHTS")]]
    """Weights to convert: a folder or file, the name of bundled ones, or hf://owner/repository."""
    config: str
    """Configuration whose network they are: the name of a bundled one, or a YAML file."""
    output: Path
    """File to write, or folder where there are several."""
    force: bool = False
    """Replace earlier files."""
