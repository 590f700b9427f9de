"""What every converter does after it has read its source: compare the networks, then save."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert.arguments import ToOurs, ToOursChecked
from drol_jax.convert.source.forward import MASK_CELL
from drol_jax.errors import UserError
from drol_jax.nets import SiameseNet
from drol_jax.settings import load_model
from drol_jax.system.memory import give_back

TOLERANCE = 1e-3
"""Largest difference from the source network, relative to the largest number of the tensor."""
VERSION = 2
"""Version of the converters, written into the card; raised when the same source would give other numbers."""
SEARCH_PIXELS = 191
"""Smaller than any tracker's search region: the networks are convolutional, and the check stays quick."""
COMPILER: Any = {"xla_backend_optimization_level": 0}
"""Each program runs once: compiling it well would take more time and memory than it saves."""

Maps = dict[str, np.ndarray]
"""A network's tensors by name, [channels, rows, columns]: template_feature and search_feature, several levels as one
map; cls; but for SiamFC loc; with a mask branch coarse_mask and mask, that of one cell."""
Answer = Callable[[np.ndarray, np.ndarray], Maps]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One conversion as the user asked for it."""

    source: Path
    config: str
    """A bundled configuration's name, or a YAML file."""
    model: ModelConfig
    output: Path
    """A file if it ends in .safetensors, else a folder."""
    force: bool = False
    """Replace earlier weights there."""
    tells_place: bool = True
    """Whether to say where they are."""
    check: Path | None = None
    """PySOT's or DROL's source, to compare with."""
    seed: int = 0
    """Seed of the images for that."""
    head: Path | None = None
    """The other file of a source that is two."""
    search_pixels: int = SEARCH_PIXELS
    """Rows and columns of the search region that both networks are compared on."""

    @property
    def origin(self) -> dict[str, Any]:
        """What the card says of the source: files' names and hashes."""
        origin: dict[str, Any] = {"file": self.source.name, "sha256": sha256(self.source)}
        return origin | ({"head": {"file": self.head.name, "sha256": sha256(self.head)}} if self.head else {})


def job_of(given: ToOurs) -> Job:
    """The conversion that a user's arguments ask for.

    Raises:
      UserError: no such configuration, or its output is in the way of something.
    """
    model = load_model(given.config)
    checkpoint.check_writable(given.output, given.force)
    job = Job(
        source=given.checkpoint,
        config=given.config,
        model=model,
        output=given.output,
        force=given.force,
        tells_place=given.tells_place,
    )
    return replace(job, check=given.check, seed=given.check_seed) if isinstance(given, ToOursChecked) else job


def sha256(file: Path) -> str:
    """A file's hash."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def fixed_images(search: int = SEARCH_PIXELS) -> tuple[np.ndarray, np.ndarray]:
    """Template [127, 127, 3] and search region [search, search, 3], RGB in 0..255, float32: the same everywhere."""
    bits = np.random.PCG64(2020).random_raw(127 * 127 * 3 + search * search * 3)
    numbers = (bits >> np.uint64(56)).astype(np.float32)
    z, x = np.split(numbers, [127 * 127 * 3])
    return z.reshape(127, 127, 3), x.reshape(search, search, 3)


def our_answer(variables: Any, model: ModelConfig, z: np.ndarray, x: np.ndarray, cell: tuple[int, int]) -> Maps:
    """What the Flax network answers.

    Args:
      variables: the converted variables.
      model: their network.
      z, x: template and search region, RGB [H, W, 3] in 0..255.
      cell: the (row, column) of the response whose refined mask is wanted.
    """
    net = SiameseNet(model)

    # One method at a time, its program dropped after use: compiling all at once takes more memory than a network.
    def call(method: str, *args: Any) -> Any:
        def apply(variables: Any, *args: Any) -> Any:
            return net.apply(variables, *args, method=method)

        program = jax.jit(apply).lower(variables, *args).compile(COMPILER)
        result = jax.block_until_ready(program(variables, *args))
        del program
        give_back()
        return result

    give_back()
    with jax.default_matmul_precision("highest"):
        (_, z_levels), (fine, x_levels) = call("pyramid", z[None]), call("pyramid", x[None])
        jax.clear_caches()
        maps = {
            f"{name}_feature": jnp.concatenate(call("adjusted", levels), axis=-1)
            for name, levels in (("template", z_levels), ("search", x_levels))
        }
        template, search = call("template_of", z_levels), call("search_of", fine, x_levels)
        response = call("match", template, search)
        maps |= {"cls": response.cls, "loc": response.loc}
        if model.mask:
            maps["coarse_mask"] = call("coarse_masks", template, search)
            maps["mask"] = call("refine", template, search, jnp.array(cell))[..., None]
    return {name: np.asarray(m)[0].transpose(2, 0, 1) for name, m in maps.items() if m is not None}


def differences(ours: Maps, theirs: Maps) -> dict[str, float]:
    """The largest difference in every tensor, over the source's largest magnitude; NaN differs infinitely."""
    assert set(theirs) == set(ours), (set(theirs), set(ours))
    found = {}
    for name, wanted in theirs.items():
        got = ours[name]
        assert got.shape == wanted.shape, (name, got.shape, wanted.shape)
        worst = np.abs(got - wanted).max() / max(np.abs(wanted).max(), np.finfo(np.float32).tiny)
        found[name] = float(worst) if np.isfinite(worst) else float("inf")
    return found


def print_differences(found: dict[str, float], of: str) -> None:
    print(f"largest difference from {of}, relative to each tensor's scale:")
    for name, difference in found.items():
        print(f"  {name:17} {difference:.1e}")


def check_and_save(
    variables: Any,
    job: Job,
    source: Answer,
    converter: str,
    further: Callable[[Any, Job], dict[str, Any]] | None = None,
) -> None:
    """Compare with the source, print what was found, and save; nothing is left where they differ.

    Args:
      variables: the converted variables; moved to the device in place, lest there be two copies of a large network.
      job: what was asked for.
      source: (z, x) RGB [H, W, 3] -> the source's tensors, the mask that of `MASK_CELL`.
      converter: its name, for the card.
      further: another comparison, which raises where it fails; what it returns goes into the card.

    Raises:
      UserError: the networks differ, or the weights cannot be written.
    """

    def compared() -> dict[str, Any]:
        return {"largest_difference": _compare(variables, job, source)} | (further(variables, job) if further else {})

    card = {
        "source": job.origin,
        "config": _config_name(job.config),
        "converter": {"name": converter, "version": VERSION},
    }
    _place(variables)
    give_back()
    # Written first and shown last: writing takes as much memory as the weights, and so does comparing.
    saved = checkpoint.save(job.output, variables, job.model, card, overwrite=job.force, verify=compared)
    files = [saved] if saved.is_file() else [file for file in saved.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    where = f"saved {saved}: " if job.tells_place else ""
    print(f"{where}{size / 1e6:.2f} MB, weights {checkpoint.weights_hash(variables)[:12]}")


def _compare(variables: Any, job: Job, source: Answer) -> float:
    z, x = fixed_images(job.search_pixels)
    with np.errstate(all="ignore"):  # Senseless numbers, such as a negative variance, show as infinite differences.
        found = differences(our_answer(variables, job.model, z, x, MASK_CELL), source(z, x))
    worst = max(found.values())
    print_differences(found, "the source network")
    if not worst <= TOLERANCE:
        raise UserError(
            f"the converted network differs from {job.source} by {worst:.1e} of a tensor's scale (at most "
            f"{TOLERANCE:g}): nothing was saved; the checkpoint is not the network that the configuration describes"
        )
    return worst


def _config_name(config: str) -> str:
    """A configuration's name without the path on this machine; PySOT tells its files apart by folder."""
    path = Path(config)
    return path.absolute().parent.name if path.stem == "config" else path.stem


def _place(tree: dict[str, Any]) -> None:
    for key, value in tree.items():
        if isinstance(value, dict):
            _place(value)
        else:
            tree[key] = jax.device_put(value)
