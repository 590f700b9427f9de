"""NanoTrack's backbone and heads in numpy, by the names in its state dicts.

Written from the layers' definitions and those names alone; how long towers are and how wide anything
is, the state dict tells. Arrays are [channels, rows, columns] float64; images are BGR.
"""

from itertools import count

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.source.layers import State, convolution, sequence

STRIDES = (2, 2, 1, 2, 1, 1, 1, 1, 1)
"""Strides of MobileNetV3-small's blocks."""
HARD_FROM = 4
"""The first block that activates by hard swish instead of the rectifier."""


def backbone_outputs(state: State, x: np.ndarray) -> list[np.ndarray]:
    """The output of the last block of MobileNetV3-small."""
    x = _hard_swish(sequence(state, "backbone.features.", "0.0:conv2 0.1:bn", _padded(x, 1)))
    for i, stride in enumerate(STRIDES, start=1):
        prefix = f"backbone.features.{i}.conv."
        if f"{prefix}0.weight" in state:
            x = _block(state, prefix, x, stride, i >= HARD_FROM)
    return [x]


def head_answer(state: State, model: ModelConfig, zs: list[np.ndarray], xs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Logits and distances of one of NanoTrack's heads, "cls" and "loc"."""
    (zf,), (xf,) = zs, xs
    maps = {}
    for branch, suffix in (("cls", "_cls"), ("bbox", "_reg")):
        shared = "ban_head.corr_pw.CA_layer.fc1.weight" in state
        correlated = _correlation(state, "" if shared else suffix, zf, xf)
        second = "ban_head.cls_pw_tower.0.weight" in state
        tower = f"ban_head.{branch}_pw_tower." if second else f"ban_head.{branch}_tower."
        output = {"cls": "cls_pred" if second else "cls_logits", "bbox": "bbox_pred"}[branch]
        maps[branch] = sequence(state, f"ban_head.{output}.", "0:conv", _tower(state, tower, correlated))
    return {"cls": maps["cls"], "loc": np.exp(maps["bbox"])}


def _block(state: State, prefix: str, x: np.ndarray, stride: int, hard: bool) -> np.ndarray:
    activate = _hard_swish if hard else _rectified
    if f"{prefix}7.weight" in state:
        y = activate(sequence(state, prefix, "0:conv 1:bn", x))
        y = sequence(state, prefix, "4:bn", _filter(state, f"{prefix}3", y, stride))
        y = activate(_weighed(state, f"{prefix}5.fc.", y))
        y = sequence(state, prefix, "7:conv 8:bn", y)
    else:
        y = activate(sequence(state, prefix, "1:bn", _filter(state, f"{prefix}0", x, stride)))
        y = sequence(state, prefix, "4:conv 5:bn", _weighed(state, f"{prefix}3.fc.", y))
    return x + y if x.shape == y.shape else y


def _weighed(state: State, prefix: str, y: np.ndarray) -> np.ndarray:
    """Squeeze and excite, where the block has it."""
    if f"{prefix}0.weight" not in state:
        return y
    pooled = np.maximum(state[f"{prefix}0.weight"] @ y.mean((1, 2)) + state[f"{prefix}0.bias"], 0)
    gain = state[f"{prefix}2.weight"] @ pooled + state[f"{prefix}2.bias"]
    return y * (np.clip(gain + 3, 0, 6) / 6)[:, None, None]


def _correlation(state: State, suffix: str, zf: np.ndarray, xf: np.ndarray) -> np.ndarray:
    prefix = f"ban_head.corr_pw{suffix}."
    kernel, search = _embedded(state, prefix, zf, xf) if suffix else (zf, xf)
    maps = np.einsum("cp,chw->phw", kernel.reshape(len(kernel), -1), search)
    pooled = maps.mean((1, 2), keepdims=True)
    gain = sequence(state, f"{prefix}CA_layer.", "fc1:conv relu fc2:conv", pooled)
    maps = maps / (1 + np.exp(-gain))
    if f"ban_head.down{suffix}.0.weight" not in state:
        return maps
    maps = sequence(state, prefix, "conv.1:bn relu", convolution(maps, state[f"{prefix}conv.0.weight"]))
    maps = sequence(state, prefix, "conv.3:conv conv.4:bn", np.minimum(maps, 6))
    kernel, search = _embedded(state, f"ban_head.corr_dw{suffix}.", zf[:, 2:6, 2:6], xf)
    deep = convolution(_padded(search, 1), kernel[:, None])
    return sequence(state, f"ban_head.down{suffix}.", "0:conv", np.concatenate([maps, deep]))


def _embedded(state: State, prefix: str, zf: np.ndarray, xf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kernel = sequence(state, prefix, "conv_kernel.0:conv conv_kernel.1:bn", zf)
    return kernel, sequence(state, prefix, "conv_search.0:conv conv_search.1:bn", xf)


def _tower(state: State, prefix: str, x: np.ndarray) -> np.ndarray:
    # With a normalisation right after the first filter, layers are filter, bn, relu6, conv, bn; else filter, conv, bn,
    # relu6.
    norm_between = state[f"{prefix}1.weight"].ndim == 1
    for i in count(0, 5 if norm_between else 4):
        if f"{prefix}{i}.weight" not in state:
            return x
        x = _filter(state, f"{prefix}{i}", x, 1)
        if norm_between:
            x = np.minimum(sequence(state, prefix, f"{i + 1}:bn relu", x), 6)
            x = sequence(state, prefix, f"{i + 3}:conv {i + 4}:bn", x)
        else:
            x = np.minimum(sequence(state, prefix, f"{i + 1}:conv {i + 2}:bn relu", x), 6)
    return x


def _filter(state: State, name: str, x: np.ndarray, stride: int) -> np.ndarray:
    """A convolution of every channel with its own kernel, padded to keep the size."""
    weight = state[f"{name}.weight"]
    return convolution(_padded(x, weight.shape[-1] // 2), weight, stride)


def _padded(x: np.ndarray, edge: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (edge, edge), (edge, edge)))


def _rectified(x: np.ndarray) -> np.ndarray:
    return np.maximum(x, 0)


def _hard_swish(x: np.ndarray) -> np.ndarray:
    return x * np.clip(x + 3, 0, 6) / 6
