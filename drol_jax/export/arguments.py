"""What the user says to `drol-jax export`."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ExportArguments:
    """Arguments that all exports share."""

    config: str
    """Tracker: a YAML file, or the name of a bundled configuration."""
    output: Path
    """Folder to write."""
    weights: str | None = None
    """Its weights: a folder or file, a name, or hf://owner/repository. Default: the configuration's."""
    force: bool = False
    """Replace an earlier export there."""


@dataclass(frozen=True, kw_only=True)
class StablehloArguments(ExportArguments):
    """Arguments of `stablehlo`."""

    baseline: bool = False
    """Without online learning."""
    platforms: tuple[str, ...] = ()
    """What the programs are to run on, such as: cpu cuda. Default: this machine's."""
