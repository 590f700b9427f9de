"""`drol-jax export stablehlo`: a folder with `init` and `step`, and the weights that they take.

    drol-jax export stablehlo --config NAME --output DIR [--weights DIR] [--baseline] [--platforms cpu cuda] [--force]

The folder holds init.bin and step.bin (draws.bin with online learning), weights.npz and about.json. Twenty lines run it
with jax alone; docs/export.md has them. Before it appears, the files are read back and follow a target through pictures
of two sizes; the program tells whether every array equals the tracker's own to the bit, or by how much it differs.
"""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.export.arguments import StablehloArguments
from drol_jax.export.programs import Programs
from drol_jax.image.frames import flatten
from drol_jax.settings.variants import with_float32_samples
from drol_jax.system import atomic
from drol_jax.system.resources import version

ABOUT, WEIGHTS = "about.json", "weights.npz"
PLATFORMS = ("cpu", "cuda", "rocm", "tpu")
SIZES = ((120, 160), (96, 128))
"""Rows and columns of the pictures that an export is tried on."""
TOLERANCE = 1e-4
"""Largest difference from the tracker, over an array's largest number."""
BOX = (60.0, 40.0, 30.0, 24.0)


def run(arguments: StablehloArguments) -> int:
    """Load, export, try, save.

    Raises:
      UserError: as `load` and `write`.
    """
    tracker = load(
        arguments.config, arguments.weights, online=False if arguments.baseline else None, fast_kernels=False
    )
    files = write(tracker, arguments.output, arguments.platforms, force=arguments.force)
    size = sum(file.stat().st_size for file in files)
    print(f"saved {arguments.output}: {', '.join(file.name for file in files)}, {size / 1e6:.2f} MB")
    return 0


def write(tracker: Tracker, folder: str | Path, platforms: tuple[str, ...] = (), *, force: bool = False) -> list[Path]:
    """Write a tracker's programs into a folder, which appears whole or not at all.

    Args:
      tracker: with plain kernels (`load(..., fast_kernels=False)`).
      folder: where to.
      platforms: what they are to run on: "cpu", "cuda", "rocm" or "tpu"; by default this process's own.
      force: replace an earlier export there.

    Returns:
      The files.

    Raises:
      UserError: flatbuffers is missing, there is no such platform, the folder is in the way of something or cannot be
        written, the tracker cannot be exported, or an exported program answers differently.
    """
    folder, own = Path(folder), _platform()
    atomic.check_replaceable(folder, [ABOUT], force=force)
    if unknown := [one for one in platforms if one not in PLATFORMS]:
        raise UserError(f"--platforms {unknown[0]}: there is no such platform; choose from {', '.join(PLATFORMS)}")
    # Of whatever type this machine is faster in: the programs run on others.
    tracker = replace(tracker, settings=with_float32_samples(tracker.settings))
    programs = Programs(tracker, platforms or (own,))
    files = programs.files()
    about = programs.about() | {
        "name": tracker.name,
        "seed": tracker.seed,
        "weights_sha256": tracker.weights_hash,
        "platforms": list(platforms or (own,)),
        "drol_jax": version(),
        "jax": jax.__version__,
    }
    with atomic.scratch(folder, "choose a folder you may write") as scratch:
        fresh = scratch / "new"
        fresh.mkdir()
        for name, content in files.items():
            (fresh / f"{name}.bin").write_bytes(content)
        leaves = {f"{i:04}": np.asarray(leaf) for i, leaf in enumerate(programs.weights)}
        np.savez(fresh / WEIGHTS, **leaves)  # pyright: ignore[reportArgumentType]
        (fresh / ABOUT).write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
        if own in about["platforms"]:
            found = check(tracker, fresh)
            print(f"tried: {'equal to the bit' if not found else f'largest difference {found:.1e} of an array'}")
        atomic.replace(fresh, folder)
    return sorted(folder.iterdir())


def check(tracker: Tracker, folder: Path) -> float:
    """Follow a target with the files and with the tracker, through pictures of two sizes.

    Returns:
      The largest difference of any array over its scale; 0 where all are equal to the bit.

    Raises:
      UserError: it is above `TOLERANCE`.
    """
    from jax import export

    programs = {
        file.stem: jax.jit(export.deserialize(bytearray(file.read_bytes())).call) for file in folder.glob("*.bin")
    }
    with np.load(folder / WEIGHTS) as arrays:
        weights = [arrays[name] for name in sorted(arrays)]
    pixels, size = flatten(_picture(0, *SIZES[0]))
    draws = programs["draws"](np.uint32(tracker.seed)) if "draws" in programs else []
    leaves = programs["init"](weights, pixels, size, np.array(BOX, np.float32), draws)
    state = tracker.init(_picture(0, *SIZES[0]), BOX)
    worst = _difference(leaves, state)
    for t, extent in enumerate((SIZES[0], SIZES[1], SIZES[1]), start=1):
        image = _picture(t, *extent)
        leaves, told = programs["step"](weights, leaves, *flatten(image))
        state, output = tracker.step(state, image)
        worst = max(worst, _difference(leaves, state), _difference(told, output))
    if not worst <= TOLERANCE:
        raise UserError(f"the exported programs differ from the tracker by {worst:.1e}: nothing was saved")
    return worst


def _difference(leaves: Any, tree: Any) -> float:
    """The largest difference of two lists of arrays, over an array's largest number; whole numbers must be equal."""
    worst = 0.0
    for found, wanted in zip(map(np.asarray, leaves), map(np.asarray, jax.tree.leaves(tree)), strict=True):
        if found.tobytes() == wanted.tobytes():
            continue
        exact = not np.issubdtype(wanted.dtype, np.floating)
        scale = max(float(np.abs(wanted).max()), float(np.finfo(np.float32).tiny))
        worst = max(worst, float("inf") if exact else float(np.abs(found - wanted).max()) / scale)
    return worst if np.isfinite(worst) else float("inf")


def _picture(t: int, height: int, width: int) -> np.ndarray:
    """uint8 RGB: grain, and a square of another grain that moves."""
    draws = np.random.Generator(np.random.PCG64(7))
    image = draws.integers(0, 120, (height, width, 3), np.uint8)
    image[40 + t : 64 + t, 60 + 2 * t : 90 + 2 * t] = draws.integers(100, 255, (24, 30, 3), np.uint8)
    return image


def _platform() -> str:
    return {"gpu": "cuda"}.get(jax.default_backend(), jax.default_backend())
