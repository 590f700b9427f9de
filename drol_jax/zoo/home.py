"""Where weights that `drol-jax weights get` fetched are kept, one file each."""

import os
from pathlib import Path

from drol_jax.zoo.registry import Registry, published

VARIABLE = "DROL_JAX_WEIGHTS"
"""Environment variable that names another folder."""
DEFAULT = Path("~/.cache/drol_jax/weights")
SUFFIX = ".safetensors"


def home() -> Path:
    """The folder; it need not be there."""
    return Path(os.environ.get(VARIABLE) or DEFAULT).expanduser()


def place(name: str) -> Path:
    """Where the weights of that name are, or would be."""
    return home() / f"{name}{SUFFIX}"


def kept(name: str, registry: Registry | None = None) -> Path | None:
    """The weights of that name, where they have been fetched; None else, and for names that are not in the registry."""
    known = name in (registry or published()).entries
    return place(name) if known and place(name).is_file() else None


def kept_for(configuration: str, registry: Registry | None = None) -> Path | None:
    """Fetched weights that a bundled configuration takes unasked; None where there are none."""
    entry = (registry or published()).of_configuration(configuration)
    return None if entry is None else kept(entry.name, registry)


def cure(configuration: str, registry: Registry | None = None) -> str:
    """How to come by weights for a configuration, in words; empty where none are published."""
    entry = (registry or published()).of_configuration(configuration)
    return "" if entry is None else f"drol-jax weights get {entry.name}"
