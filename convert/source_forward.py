"""What a PySOT network answers, computed in numpy from its own state dict in its own layout.

Written from the layers' definitions and from PySOT's names alone, without the table in `pysot_names` and without
drol_jax's networks, so that a converted network has something independent to agree with. Arrays are [channels, rows,
columns] float64; pictures are BGR.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from drol_jax.config import ModelConfig

BATCH_NORM_EPSILON = 1e-5
State = Mapping[str, np.ndarray]

# PySOT's sequences; "name conv stride" and "name bn" carry arrays, "pool" is 3x3 with stride 2.
LEGACY = "0:conv2 1:bn pool relu 4:conv 5:bn pool relu 8:conv 9:bn relu 11:conv 12:bn relu 14:conv 15:bn"
LEGACY2 = "0:conv2 1:bn relu pool 4:conv 5:bn relu pool 8:conv 9:bn relu 11:conv 12:bn relu 14:conv"
PLAIN = "layer1.0:conv2 layer1.1:bn pool relu layer2.0:conv layer2.1:bn pool relu layer3.0:conv layer3.1:bn relu "
BACKBONES = {
    "alexnetlegacy": ("backbone.features.", LEGACY),
    "alexnetlegacy2": ("backbone.features.", LEGACY2),
    "alexnet": ("backbone.", PLAIN + "layer4.0:conv layer4.1:bn relu layer5.0:conv layer5.1:bn"),
}


def answer(state: State, model: ModelConfig, z: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """Features and response maps of one template and one search region.

    Args:
      state: PySOT's arrays by name.
      model: which network the names are of.
      z, x: [3, rows, columns] BGR in 0..255.

    Returns:
      "template_feature", "search_feature", "cls" and, but for SiamFC, "loc": [channels, rows, columns] float64.
    """
    prefix, layers = BACKBONES[model.backbone]
    zf, xf = (sequence(state, prefix, layers, picture.astype(np.float64)) for picture in (z, x))
    features = {"template_feature": zf, "search_feature": xf}
    if model.head == "siamfc":
        return features | {"cls": convolution(xf, zf[None])}
    if model.head == "upchannel_rpn":
        maps = {}
        for branch in ("cls", "loc"):
            kernels = _with_bias(state, f"rpn_head.template_{branch}_conv", zf)
            search = _with_bias(state, f"rpn_head.search_{branch}_conv", xf)
            maps[branch] = convolution(search, kernels.reshape(-1, search.shape[0], *kernels.shape[1:]))
        return features | maps | {"loc": _with_bias(state, "rpn_head.loc_adjust", maps["loc"])}
    return features | {branch: _depthwise_branch(state, f"rpn_head.{branch}.", zf, xf) for branch in ("cls", "loc")}


def sequence(state: State, prefix: str, layers: str, x: np.ndarray) -> np.ndarray:
    """A torch.nn.Sequential, written as in `BACKBONES`."""
    for layer in layers.split():
        name, _, kind = layer.rpartition(":")
        if kind == "relu":
            x = np.maximum(x, 0)
        elif kind == "pool":
            x = max_pool(x)
        elif kind == "bn":
            x = _batch_norm(state, prefix + name, x)
        else:
            x = _with_bias(state, prefix + name, x, int(kind.removeprefix("conv") or 1))
    return x


def convolution(x: np.ndarray, weight: np.ndarray, stride: int = 1) -> np.ndarray:
    """[I, H, W] with [O, I / groups, h, w] -> [O, (H - h) // stride + 1, ...]; groups follow from the shapes."""
    outputs, inputs, h, w = weight.shape
    groups = x.shape[0] // inputs
    parts = []
    for part, kernel in zip(np.split(x, groups), np.split(weight.astype(np.float64), groups), strict=True):
        patches = np.lib.stride_tricks.sliding_window_view(part, (h, w), axis=(1, 2))[:, ::stride, ::stride]
        rows, columns = patches.shape[1:3]
        matrix = patches.transpose(0, 3, 4, 1, 2).reshape(inputs * h * w, rows * columns)
        parts.append((kernel.reshape(outputs // groups, -1) @ matrix).reshape(-1, rows, columns))
    return np.concatenate(parts)


def max_pool(x: np.ndarray) -> np.ndarray:
    """3x3 with stride 2, no padding."""
    return np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))[:, ::2, ::2].max((3, 4))


def _depthwise_branch(state: State, prefix: str, zf: np.ndarray, xf: np.ndarray) -> np.ndarray:
    kernel = sequence(state, prefix, "conv_kernel.0:conv conv_kernel.1:bn relu", zf)
    search = sequence(state, prefix, "conv_search.0:conv conv_search.1:bn relu", xf)
    return sequence(state, prefix, "head.0:conv head.1:bn relu head.3:conv", convolution(search, kernel[:, None]))


def _with_bias(state: State, name: str, x: np.ndarray, stride: int = 1) -> np.ndarray:
    y = convolution(x, state[f"{name}.weight"], stride)
    bias = state.get(f"{name}.bias")
    return y if bias is None else y + bias.astype(np.float64)[:, None, None]


def _batch_norm(state: State, name: str, x: np.ndarray) -> np.ndarray:
    leaves: Sequence[str] = ("weight", "bias", "running_mean", "running_var")
    scale, bias, mean, var = (state[f"{name}.{leaf}"].astype(np.float64)[:, None, None] for leaf in leaves)
    return (x - mean) / np.sqrt(var + BATCH_NORM_EPSILON) * scale + bias
