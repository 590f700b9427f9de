"""Convert a network of the original SiamFC release (MATLAB, MatConvNet) into a drol_jax checkpoint.

    drol-jax convert siamfc 2016-08-17.net.mat --config siamfc_alex_otb --output DIR [--force]

The file's struct `net.params` holds, for layer N, convN filters (f) [rows, columns, I / groups, O] and biases (b), and
bnN multipliers (m), biases (b) and moments (x) [C, 2]: mean and standard deviation. Images are RGB in 0..255.
MatConvNet's deviation already holds its epsilon: sigma = sqrt(variance + its epsilon), so our variance is
sigma ** 2 less our epsilon. The final `adjust` layer's bias goes with the head; its factor is positive, scales the
whole map, and no tracker reads it.
"""

import re
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import loadmat

from drol_jax.checkpoint.variables import listing, mismatches, variable_shapes
from drol_jax.config import ModelConfig
from drol_jax.convert.arguments import ToOurs
from drol_jax.convert.conversion import check_and_save, job_of
from drol_jax.convert.source.layers import convolution, max_pool
from drol_jax.errors import UserError
from drol_jax.nets.facts import BATCH_NORM_EPSILON
from drol_jax.system.trees import unflatten_dict

LAYER = re.compile(r"(?:br\d*_)?(conv[1-5][fb]|bn[1-4][mbx])")
ADJUST = re.compile(r"(?:fin_)?adjust_?(?:bn)?([fb])")
MAT_HEADER = 128
"""Bytes before a MATLAB file's first variable."""
MAT_COMPRESSED = 15
"""Kind of a variable that is packed by zlib."""
LARGEST = 2**28
"""Bytes that a release file may unpack to: some twenty times its network."""
PIECE = 2**20
Params = dict[str, np.ndarray]


def read_params(path: Path) -> Params:
    """Arrays of `net.params` by plain name: conv1f, conv1b, bn1m, bn1b, bn1x, ..., adjustf, adjustb.

    Raises:
      UserError: the file is unreadable, of MATLAB 7.3, no such network, or holds MATLAB objects.
    """
    try:
        _check_size(path)
        net = loadmat(path, variable_names=["net"])["net"]
        if type(net) is not np.ndarray:  # scipy's subclasses are MATLAB's objects and functions.
            raise TypeError
        params = net["params"][0, 0].ravel()
        pairs = [(str(entry["name"][0]), entry["value"]) for entry in params]
    except NotImplementedError as error:
        raise UserError(f"{path} is a MATLAB 7.3 (HDF5) file; in MATLAB, load it and save it with '-v7'") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror or error}); check the path") from error
    except Exception as error:  # Damaged files raise many kinds, structs of another form more.
        reason = ascii(str(error) if type(error) is ValueError else type(error).__name__)[1:-1][:200]
        raise UserError(
            f"{path} holds no MatConvNet network net.params ({reason}); give a file of the SiamFC "
            "release such as 2016-08-17.net.mat"
        ) from error
    return plain_names(pairs, path)


def _check_size(path: Path) -> None:
    """Check that what the file holds unpacks to a size that a network can have: it may be packed a thousandfold.

    Raises:
      ValueError: it does not.
    """
    total = 0
    with path.open("rb") as file:
        file.seek(MAT_HEADER)
        while len(tag := file.read(8)) == 8:
            kind, size = np.frombuffer(tag, "<u4").tolist()
            end = file.tell() + size
            unpacker = zlib.decompressobj()
            while kind == MAT_COMPRESSED and not unpacker.eof and file.tell() < end:
                rest = file.read(min(PIECE, end - file.tell()))
                while rest and not unpacker.eof:
                    total += len(unpacker.decompress(rest, PIECE))
                    rest = unpacker.unconsumed_tail
                    if total > LARGEST:
                        raise ValueError(f"it unpacks to more than {LARGEST >> 20} MiB")
            file.seek(end)


def plain_names(pairs: list[tuple[str, Any]], path: Path) -> Params:
    """Named arrays without the branch's prefix: br_conv1f -> conv1f, fin_adjust_bnf -> adjustf.

    Raises:
      UserError: something is no floating array, or two different arrays have one plain name.
    """
    found: Params = {}
    for name, value in pairs:
        if type(value) is not np.ndarray or not np.issubdtype(value.dtype, np.floating):
            raise UserError(f"{path}: {name} is no array of floating numbers; give a file of the SiamFC release")
        layer, adjust = LAYER.fullmatch(name), ADJUST.fullmatch(name)
        plain = layer[1] if layer else f"adjust{adjust[1]}" if adjust else name
        if plain in found and not np.array_equal(found[plain], value):
            raise UserError(f"{path} has two different arrays for {plain}; its two branches do not share weights")
        found[plain] = value
    return found


def to_flax(params: Params, model: ModelConfig) -> Any:
    """MatConvNet's arrays as our variables {'params', 'batch_stats'}, float32.

    Raises:
      UserError: an array is missing, extra, misshapen or not finite; lists each.
    """
    if model.head != "siamfc" or model.backbone != "alexnetlegacy2":
        raise UserError(
            f"a SiamFC file is alexnetlegacy2 with the siamfc head, not {model.backbone} with {model.head}: "
            "use --config siamfc_alex_otb"
        )
    sources = {path: _source(path) for path in variable_shapes(model)}
    shapes = {name: shape for path, shape in variable_shapes(model).items() for name in [sources[path]]}
    shapes |= {f"bn{i}x": (*shapes[f"bn{i}m"], 2) for i in range(1, 5)} | {"adjustf": (1,)}
    # MATLAB has no vectors: [C, 1], [1, C] and [C, 2] are all matrices, and a scalar is [1, 1].
    found = {
        name: shapes[name] if _same(value.shape, shapes.get(name)) else value.shape for name, value in params.items()
    }
    kinds = mismatches(found, shapes)
    kinds["not finite"] = [name for name, value in params.items() if not np.isfinite(value).all()]
    kinds["not positive"] = [
        n for n, v in params.items() if (n == "adjustf" or n.endswith("x")) and (v[:, -1:] <= 0).any()
    ]
    if complaints := listing(kinds):
        raise UserError(complaints)
    flat = {path: params[sources[path]].reshape(-1) for path in sources if sources[path][-1] not in "fx"}
    flat |= {path: params[sources[path]] for path in sources if sources[path][-1] == "f"}
    for i in range(1, 5):
        mean, sigma = params[f"bn{i}x"].astype(np.float64).T
        variance = sigma**2 - BATCH_NORM_EPSILON
        # A deviation below our epsilon's leaves no variance: the multiplier takes up the rest.
        flat[f"params/backbone/norm{i}/scale"] = np.where(
            variance >= 0, 1, np.sqrt(BATCH_NORM_EPSILON) / sigma
        ) * params[f"bn{i}m"].reshape(-1).astype(np.float64)
        flat[f"batch_stats/backbone/norm{i}/mean"] = mean
        flat[f"batch_stats/backbone/norm{i}/var"] = np.maximum(variance, 0)
    return unflatten_dict({path: np.ascontiguousarray(flat[path], np.float32) for path in sources}, sep="/")


def answer(params: Params, z: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """The network as MatConvNet computes it, but for `adjust`: RGB [H, W, 3] -> [channels, rows, columns] float64."""

    def feature(image: np.ndarray) -> np.ndarray:
        y = image.transpose(2, 0, 1).astype(np.float64)
        for i in range(1, 6):
            y = convolution(y, params[f"conv{i}f"].transpose(3, 2, 0, 1), stride=2 if i == 1 else 1)
            y = y + params[f"conv{i}b"].astype(np.float64).reshape(-1, 1, 1)
            if i == 5:
                return y
            mean, sigma = params[f"bn{i}x"].astype(np.float64).T[..., None, None]
            multiplier, bias = (params[f"bn{i}{leaf}"].astype(np.float64).reshape(-1, 1, 1) for leaf in "mb")
            y = np.maximum(multiplier * (y - mean) / sigma + bias, 0)
            y = max_pool(y) if i <= 2 else y
        raise AssertionError

    zf, xf = feature(z), feature(x)
    return {"template_feature": zf, "search_feature": xf, "cls": convolution(xf, zf[None])}


def convert(given: ToOurs) -> None:
    """Read, rename, compare, save.

    Raises:
      UserError: the file is no SiamFC network, or the weights cannot be written.
    """
    job = job_of(given)
    params = read_params(job.source)
    try:
        variables = to_flax(params, job.model)
    except UserError as error:
        raise UserError(f"{job.source}: {error}") from None
    print(f"{job.source}: {len(params)} arrays of SiamFC; the adjust layer's factor is left out: no tracker reads it")
    check_and_save(variables, job, lambda z, x: answer(params, z, x), "siamfc_mat_to_flax")


def _source(path: str) -> str:
    """MatConvNet's name of one of our arrays."""
    leaves = {"kernel": "f", "bias": "b", "scale": "m", "mean": "x", "var": "x"}
    *_, layer, leaf = path.split("/")
    return "adjustb" if layer == "head" else f"{layer.replace('norm', 'bn')}{leaves[leaf]}"


def _same(shape: tuple[int, ...], wanted: tuple[int, ...] | None) -> bool:
    return wanted is not None and [n for n in shape if n != 1] == [n for n in wanted if n != 1]
