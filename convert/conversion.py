"""What every converter does after it has read its source: compare the networks, then save."""

import argparse
import ctypes
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from source_forward import MASK_CELL

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from drol_jax.nets import SiameseNet
from drol_jax.settings import load_model

TOLERANCE = 1e-3
"""Largest difference from the source network, relative to the largest number of the tensor."""
VERSION = 2
"""Of the converters, written into the card; raised when the same source would give other numbers."""
SEARCH_PIXELS = 191
"""Smaller than any tracker's search region: the networks are convolutional, and the check stays quick."""

Answer = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]


def fixed_pictures() -> tuple[np.ndarray, np.ndarray]:
    """Template [127, 127, 3] and search region [191, 191, 3], RGB in 0..255, float32: the same on every machine."""
    bits = np.random.PCG64(2020).random_raw(127 * 127 * 3 + SEARCH_PIXELS * SEARCH_PIXELS * 3)
    numbers = (bits >> np.uint64(56)).astype(np.float32)
    z, x = np.split(numbers, [127 * 127 * 3])
    return z.reshape(127, 127, 3), x.reshape(SEARCH_PIXELS, SEARCH_PIXELS, 3)


def differences(variables: Any, model: ModelConfig, source: Answer) -> dict[str, float]:
    """How far the Flax network is from the source network on the fixed pictures.

    Args:
      variables: the converted variables; moved to the device in place, lest there be two copies of a large network.
      model: their network.
      source: (z, x) RGB [H, W, 3] -> the source's tensors by name, [channels, rows, columns].

    Returns:
      For every tensor the largest difference over the source's largest magnitude; NaN differs infinitely.
    """
    net = SiameseNet(model)

    @jax.jit
    def answer(variables: Any, z: jax.Array, x: jax.Array) -> dict[str, Any]:
        def call(method: str, *args: Any) -> Any:
            return net.apply(variables, *args, method=method)

        (_, z_levels), (fine, x_levels) = call("pyramid", z), call("pyramid", x)
        maps = {
            f"{name}_feature": jnp.concatenate(call("adjusted", levels), axis=-1)
            for name, levels in (("template", z_levels), ("search", x_levels))
        }
        template, search = call("template_of", z_levels), call("search_of", fine, x_levels)
        response = call("match", template, search)
        maps |= {"cls": response.cls, "loc": response.loc}
        if model.mask:
            maps["coarse_mask"] = call("coarse_masks", template, search)
            maps["mask"] = call("refine", template, search, jnp.array(MASK_CELL))[..., None]
        return maps

    _place(variables)
    z, x = fixed_pictures()
    with np.errstate(all="ignore"):  # Senseless numbers, such as a negative variance, show as infinite differences.
        theirs = source(z, x)
    ours = answer(variables, z[None], x[None])
    assert set(theirs) == {name for name, tensor in ours.items() if tensor is not None}
    found = {}
    for name, wanted in theirs.items():
        got = np.asarray(ours[name])[0].transpose(2, 0, 1)
        assert got.shape == wanted.shape, (name, got.shape, wanted.shape)
        worst = np.abs(got - wanted).max() / max(np.abs(wanted).max(), np.finfo(np.float32).tiny)
        found[name] = float(worst) if np.isfinite(worst) else float("inf")
    return found


def check_and_save(
    variables: Any, model: ModelConfig, source: Answer, origin: Path, output: Path, converter: str, force: bool
) -> None:
    """Compare with the source, print what was found, and save; nothing is written where they differ.

    Raises:
      UserError: the networks differ, or the folder cannot be written.
    """
    found = differences(variables, model, source)
    worst = max(found.values())
    print("largest difference from the source network, relative to each tensor's scale:")
    for name, difference in found.items():
        print(f"  {name:17} {difference:.1e}")
    if worst > TOLERANCE:
        raise UserError(
            f"the converted network differs from {origin} by {worst:.1e} of a tensor's scale (at most {TOLERANCE:g}): "
            "nothing was saved; the checkpoint is not the network that the configuration describes"
        )
    with origin.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    card = {
        "source": {"file": origin.name, "sha256": digest},
        "converter": {"name": converter, "version": VERSION},
        "largest_difference": worst,
    }
    _return_freed_memory()
    folder = checkpoint.save(output, variables, model, card, overwrite=force)
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    print(f"saved {folder}: {size / 1e6:.2f} MB, weights {checkpoint.weights_hash(variables)[:12]}")


def _place(tree: dict[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict):
            _place(value)
        else:
            tree[key] = jax.device_put(value)


def _return_freed_memory() -> None:
    """Give back what the compiler has freed and glibc keeps: two thirds of a ResNet-50's weights."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def run(convert: Callable[[Path, ModelConfig, Path, bool], None], description: str, argv: list[str] | None) -> int:
    """The command line that the converters share.

    Args:
      convert: (source file, network, output folder, overwrite) -> None.
      description: for --help.
      argv: arguments; those of the process where None.

    Returns:
      Exit code: 0, or 2 after one line about what the user can mend.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("checkpoint", type=Path, help="the file to convert")
    parser.add_argument("--config", required=True, help="configuration whose network it is: a name or a YAML file")
    parser.add_argument("--output", required=True, type=Path, help="folder to write")
    parser.add_argument("--force", action="store_true", help="replace an earlier checkpoint in the folder")
    arguments = parser.parse_args(argv)
    try:
        model = load_model(arguments.config)
        convert(arguments.checkpoint, model, arguments.output, arguments.force)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
