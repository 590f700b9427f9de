"""What a PySOT network answers, computed in numpy from its own state dict in its own layout.

Written from the layers' definitions and from PySOT's names alone, without the table in `pysot_names` and without
drol_jax's networks, so that a converted network has something independent to agree with. Arrays are [channels, rows,
columns] float64; images are BGR.
"""

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.source.backbones import adjusted, outputs
from drol_jax.convert.source.layers import State, convolution, nearest, sequence, with_bias

MASK_CELL = (3, 5)
"""The cell (row, column) of the response whose refined mask is compared."""


def answer(state: State, model: ModelConfig, z: np.ndarray, x: np.ndarray) -> dict[str, np.ndarray]:
    """Features and response maps of one template and one search region.

    Args:
      state: PySOT's arrays by name.
      model: which network the names are of.
      z, x: [3, rows, columns] BGR in 0..255.

    Returns:
      [channels, rows, columns] float64: "template_feature" and "search_feature", several levels as one map; "cls";
      but for SiamFC "loc"; with a mask head "coarse_mask" and "mask", that of `MASK_CELL`.
    """
    z_levels, x_levels = (outputs(state, model.backbone, image.astype(np.float64)) for image in (z, x))
    zs, xs = (
        adjusted(state, [levels[i] for i in model.layers] if model.layers else levels)
        for levels in (z_levels, x_levels)
    )
    maps = {"template_feature": np.concatenate(zs), "search_feature": np.concatenate(xs)}
    zf, xf = zs[0], xs[0]
    if model.head == "siamfc":
        return maps | {"cls": convolution(xf, zf[None])}
    if model.head == "upchannel_rpn":
        for branch in ("cls", "loc"):
            kernels = with_bias(state, f"rpn_head.template_{branch}_conv", zf)
            search = with_bias(state, f"rpn_head.search_{branch}_conv", xf)
            maps[branch] = convolution(search, kernels.reshape(-1, search.shape[0], *kernels.shape[1:]))
        return maps | {"loc": with_bias(state, "rpn_head.loc_adjust", maps["loc"])}
    for branch in ("cls", "loc"):
        if model.head == "multi_rpn":
            maps[branch] = _mean_of_levels(state, model, branch, zs, xs)
        else:
            maps[branch] = _finish(state, f"rpn_head.{branch}.", _correlation(state, f"rpn_head.{branch}.", zf, xf))
    if model.mask:
        correlation = _correlation(state, "mask_head.", zf, xf)
        maps["coarse_mask"] = _finish(state, "mask_head.", correlation)
        maps["mask"] = refined(state, x_levels, correlation, *MASK_CELL)
    return maps


def _mean_of_levels(
    state: State, model: ModelConfig, branch: str, zs: list[np.ndarray], xs: list[np.ndarray]
) -> np.ndarray:
    answers = []
    for i, (zf, xf) in enumerate(zip(zs, xs, strict=True), start=2):
        prefix = f"rpn_head.rpn{i}.{branch}."
        answers.append(_finish(state, prefix, _correlation(state, prefix, zf, xf)))
    shares = np.full(len(answers), 1 / len(answers))
    if model.weighted:
        raw = np.exp(state[f"rpn_head.{branch}_weight"].astype(np.float64))
        shares = raw / raw.sum()
    return np.tensordot(shares, np.stack(answers), 1)


def _correlation(state: State, prefix: str, zf: np.ndarray, xf: np.ndarray) -> np.ndarray:
    kernel = sequence(state, prefix, "conv_kernel.0:conv conv_kernel.1:bn relu", zf)
    search = sequence(state, prefix, "conv_search.0:conv conv_search.1:bn relu", xf)
    return convolution(search, kernel[:, None])


def _finish(state: State, prefix: str, correlation: np.ndarray) -> np.ndarray:
    return sequence(state, prefix, "head.0:conv head.1:bn relu head.3:conv", correlation)


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
