"""Stored batch normalisation as part of the convolutions before it, for networks that no longer learn."""

from typing import Any

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.nets.facts import BATCH_NORM_EPSILON
from drol_jax.nets.inference.facts import Path
from drol_jax.nets.inference.survey import survey
from drol_jax.system.trees import flatten_dict, unflatten_dict


def fold(config: ModelConfig, variables: Any) -> Any:
    """Weights for tracking: every normalisation that a track runs after a convolution is in its kernel and bias.

    norm(conv(x)) = g (k * x + c - mean) / sqrt(variance + epsilon) + b is the convolution by k s with the bias
    b + (c - mean) s, where s = g / sqrt(variance + epsilon). One pass over every feature map less, and none where the
    device adds biases and rectifies as it convolves.

    Args:
      config: the network.
      variables: {"params", "batch_stats"} as a checkpoint holds them.

    Returns:
      {"params"[, "batch_stats"]} of numpy arrays without the folded normalisations, computed in float64; the same
      network but for rounding, about 1e-6 of the largest number. It cannot be trained on.
    """
    params: dict[Path, Any] = dict(flatten_dict(variables["params"]))
    stats: dict[Path, Any] = dict(flatten_dict(variables.get("batch_stats", {})))
    for conv, norm in survey(config).norms.items():
        gain, shift = (np.asarray(params.pop((*norm, name)), np.float64) for name in ("scale", "bias"))
        mean, variance = (np.asarray(stats.pop((*norm, name)), np.float64) for name in ("mean", "var"))
        with np.errstate(invalid="ignore"):  # unsound weights are told of by the first box that is not finite
            gain = gain / np.sqrt(variance + BATCH_NORM_EPSILON)
        before = np.asarray(params.get((*conv, "bias"), 0.0), np.float64)
        params[*conv, "kernel"] = (np.asarray(params[*conv, "kernel"], np.float64) * gain).astype(np.float32)
        params[*conv, "bias"] = (shift + (before - mean) * gain).astype(np.float32)
    folded = {"params": unflatten_dict(params)}
    return {**folded, "batch_stats": unflatten_dict(stats)} if stats else folded
