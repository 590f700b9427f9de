"""What a manifest says about how results came to be: versions, device, settings."""

import dataclasses
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from types import ModuleType
from typing import Any

import numpy as np

from drol_jax.system.code import code_hash
from drol_jax.system.resources import version

DECISIVE = ("drol_jax", "jax", "jaxlib", "numpy", "opencv", "libjpeg", "processor", "bfloat16", "device_kind")
"""Entries of an environment that may change results; the others are told beside them."""


def environment(*plugins: str) -> dict[str, Any]:
    """Versions, code and device of this process, for the manifest. Starts jax.

    Args:
      plugins: digests of plug-ins, whose code takes part beside the library's.
    """
    import jax

    from drol_jax.system.compiling import multiplies_bfloat16
    from drol_jax.system.opencv import cv2

    devices = jax.devices()
    return {
        "drol_jax": version(),
        "code": code_hash(*plugins),
        "jax": jax.__version__,
        "jaxlib": metadata.version("jaxlib"),
        "numpy": np.__version__,
        "opencv": cv2.__version__,
        "libjpeg": _library(cv2.getBuildInformation(), "JPEG"),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "processor": platform.machine(),
        "bfloat16": multiplies_bfloat16(),
        "device_kind": devices[0].device_kind,
        "device_count": len(devices),
    }


def told_apart(there: Mapping[str, Any], here: Mapping[str, Any], places: tuple[str, str] = ("there", "here")) -> str:
    """What differs between two environments that may change results, in words; empty where nothing does.

    Args:
      places: what the two are called.
    """
    keys = [key for key in DECISIVE if key in there and there[key] != here.get(key)]
    return ", ".join(f"{key} {there[key]} {places[0]}, {here.get(key)} {places[1]}" for key in keys)


def _library(told: str, name: str) -> str:
    """A library's release out of what OpenCV tells of how it was built; empty where it has none."""
    line = next((line for line in told.splitlines() if line.strip().startswith(f"{name}:")), "")
    return line.partition(":")[2].strip()


def plain(value: Any) -> Any:
    """A value as JSON gives it back: dataclasses and mappings as dict, tuples and arrays as lists, paths as text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        told = {field.name: (getattr(value, field.name), field.metadata) for field in dataclasses.fields(value)}
        return {name: plain(item) for name, (item, how) in told.items() if not ("left out" in how and item is None)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if callable(value) or isinstance(value, ModuleType):  # a plug-in's, whose source has a digest of its own
        return getattr(value, "__qualname__", None) or getattr(value, "__name__", type(value).__name__)
    return str(value) if isinstance(value, os.PathLike) else np.asarray(value).tolist()
