"""What a PySOT or NanoTrack network answers, computed in numpy from its own state dict in its own layout.

Written from the layers' definitions and the source's names alone, without the tables in `convert.names` and without
drol_jax's networks, so that a converted network has something independent to agree with. Arrays are [channels, rows,
columns] float64; images are BGR.
"""

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.config.network import backbone_facts, head_facts
from drol_jax.convert.source.backbones import OUTPUTS, adjusted
from drol_jax.convert.source.heads import ANSWERS, correlation, finish
from drol_jax.convert.source.layers import State, nearest, sequence, with_bias

MASK_CELL = (3, 5)
"""The cell (row, column) of the response whose refined mask is compared."""


def answer(state: State, model: ModelConfig, z: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """Features and response maps of one template and one search region.

    Args:
      state: the source's arrays by name.
      model: which network the names are of.
      z, x: [3, rows, columns] BGR in 0..255.

    Returns:
      [channels, rows, columns] float64: "template_feature" and "search_feature", several levels as one map; "cls";
      but for SiamFC "loc"; with a mask head "coarse_mask" and "mask", that of `MASK_CELL`.
    """
    backbone, head = OUTPUTS[backbone_facts(model).kind], ANSWERS[head_facts(model).kind]
    z_levels, x_levels = (backbone(state, image.astype(np.float64)) for image in (z, x))
    zs, xs = (
        adjusted(state, [levels[i] for i in model.layers] if model.layers else levels)
        for levels in (z_levels, x_levels)
    )
    maps = {"template_feature": np.concatenate(zs), "search_feature": np.concatenate(xs)}
    maps |= head(state, model, zs, xs)
    if model.mask:
        match = correlation(state, "mask_head.", zs[0], xs[0])
        maps["coarse_mask"] = finish(state, "mask_head.", match)
        maps["mask"] = refined(state, x_levels, match, *MASK_CELL)
    return maps


def refined(state: State, fine: list[np.ndarray], correlation: np.ndarray, row: int, column: int) -> np.ndarray:
    """SiamMask's decoder at one cell, [1, 127, 127] logits.

    Args:
      fine: the backbone's outputs 0, 1 and 2 (and more).
      correlation: [256, rows, columns] of the mask branch.
    """
    weight = state["refine_head.deconv.weight"].astype(np.float64)
    bias = state["refine_head.deconv.bias"].astype(np.float64)
    x = np.tensordot(correlation[:, row, column], weight, 1) + bias[:, None, None]
    two = "0:conv1,1,1 relu 2:conv1,1,1 relu"
    for post, (level, step, size, target) in enumerate(((2, 1, 15, 31), (1, 2, 31, 61), (0, 4, 61, 127))):
        pad = 4 * step
        near = np.pad(fine[level], ((0, 0), (pad, pad), (pad, pad)))
        near = near[:, step * row : step * row + size, step * column : step * column + size]
        x = sequence(state, f"refine_head.h{level}.", two, x) + sequence(state, f"refine_head.v{level}.", two, near)
        x = with_bias(state, f"refine_head.post{post}", nearest(x, target), 1, 1, 1)
    return x
