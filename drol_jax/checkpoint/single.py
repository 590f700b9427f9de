"""Weights as one file of the safetensors format, with the card in its header: easy to pass on, mapped when read."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from drol_jax.checkpoint import card as cards
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.system.trees import unflatten_dict

SUFFIX = ".safetensors"
HEADER_KEY = "drol_jax"
"""Name of the card in the file's header."""


def write(path: Path, flat: Mapping[str, np.ndarray], card: Callable[[], dict[str, Any]]) -> None:
    """Write a file; the card is asked for first, for it stands in the header.

    Raises:
      OSError: it cannot be written.
    """
    header = {HEADER_KEY: cards.text(card())}
    try:
        save_file({name: np.ascontiguousarray(array) for name, array in flat.items()}, path, header)
    except SafetensorError as error:
        raise OSError(None, str(error)) from error


def read(path: Path, model: ModelConfig) -> tuple[dict[str, Any], dict[str, Any]]:
    """Card and variables, as numpy arrays.

    Raises:
      UserError: no drol_jax weights, damaged, or weights of another network.
    """
    with _opened(path) as file:
        card = cards.parsed(_card(file, path), path, {})
        cards.check_network(card, model, path)
        slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
        cards.check_shapes({name: tuple(s.get_shape()) for name, s in slices.items()}, model, str(path))
        if wrong := [f"{name} is {s.get_dtype()}" for name, s in slices.items() if s.get_dtype() != "F32"]:
            raise UserError(f"{path} holds other numbers than float32: {', '.join(wrong)}; convert it again")
        flat = {name: file.get_tensor(name) for name in slices}
    return card, unflatten_dict(flat, sep="/")


def read_card(path: Path) -> dict[str, Any]:
    """The card alone.

    Raises:
      UserError: no drol_jax weights, or damaged.
    """
    with _opened(path) as file:
        return cards.parsed(_card(file, path), path, {})


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """The file, and its errors as the user's."""
    try:
        reading.regular(path)
        with safe_open(path, framework="np") as file:
            yield file
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}); check the path") from error
    except SafetensorError as error:
        raise cards.damaged(path, f"no whole safetensors file ({ascii(str(error))[1:-1]})") from error


def is_ours(path: Path) -> bool:
    """Whether the file was written here, so that it may be replaced."""
    try:
        reading.regular(path)
        with safe_open(path, framework="np") as file:
            return HEADER_KEY in (file.metadata() or {})
    except (OSError, SafetensorError):
        return False


def _card(file: Any, path: Path) -> str:
    card = (file.metadata() or {}).get(HEADER_KEY)
    if card is None:
        raise UserError(
            f"{path} is no file of drol_jax weights (its header holds no card); give one that drol-jax convert wrote"
        )
    return card
