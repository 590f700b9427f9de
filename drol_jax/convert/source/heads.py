"""PySOT's heads in numpy, by the names in their state dicts: "cls" and, but for SiamFC, "loc"."""

from collections.abc import Callable, Mapping

import numpy as np

from drol_jax.config import ModelConfig
from drol_jax.convert.source import nanotrack
from drol_jax.convert.source.layers import State, convolution, sequence, with_bias

Maps = dict[str, np.ndarray]
Levels = list[np.ndarray]


def _siamfc(state: State, model: ModelConfig, zs: Levels, xs: Levels) -> Maps:
    return {"cls": convolution(xs[0], zs[0][None])}


def _upchannel(state: State, model: ModelConfig, zs: Levels, xs: Levels) -> Maps:
    maps = {}
    for branch in ("cls", "loc"):
        kernels = with_bias(state, f"rpn_head.template_{branch}_conv", zs[0])
        search = with_bias(state, f"rpn_head.search_{branch}_conv", xs[0])
        maps[branch] = convolution(search, kernels.reshape(-1, search.shape[0], *kernels.shape[1:]))
    return maps | {"loc": with_bias(state, "rpn_head.loc_adjust", maps["loc"])}


def _depthwise(state: State, model: ModelConfig, zs: Levels, xs: Levels) -> Maps:
    prefixes = {branch: f"rpn_head.{branch}." for branch in ("cls", "loc")}
    return {b: finish(state, prefix, correlation(state, prefix, zs[0], xs[0])) for b, prefix in prefixes.items()}


def _multi(state: State, model: ModelConfig, zs: Levels, xs: Levels) -> Maps:
    return {branch: _mean_of_levels(state, model, branch, zs, xs) for branch in ("cls", "loc")}


def _mean_of_levels(
    state: State, model: ModelConfig, branch: str, zs: list[np.ndarray], xs: list[np.ndarray]
) -> np.ndarray:
    answers = []
    for i, (zf, xf) in enumerate(zip(zs, xs, strict=True), start=2):
        prefix = f"rpn_head.rpn{i}.{branch}."
        answers.append(finish(state, prefix, correlation(state, prefix, zf, xf)))
    shares = np.full(len(answers), 1 / len(answers))
    if model.weighted:
        raw = np.exp(state[f"rpn_head.{branch}_weight"].astype(np.float64))
        shares = raw / raw.sum()
    return np.tensordot(shares, np.stack(answers), 1)


def correlation(state: State, prefix: str, zf: np.ndarray, xf: np.ndarray) -> np.ndarray:
    """The depth-wise correlation of a branch."""
    kernel = sequence(state, prefix, "conv_kernel.0:conv conv_kernel.1:bn relu", zf)
    search = sequence(state, prefix, "conv_search.0:conv conv_search.1:bn relu", xf)
    return convolution(search, kernel[:, None])


def finish(state: State, prefix: str, correlation: np.ndarray) -> np.ndarray:
    """What a branch makes of its correlation."""
    return sequence(state, prefix, "head.0:conv head.1:bn relu head.3:conv", correlation)


ANSWERS: Mapping[str, Callable[[State, ModelConfig, Levels, Levels], Maps]] = {
    "siamfc": _siamfc,
    "upchannel_rpn": _upchannel,
    "depthwise_rpn": _depthwise,
    "multi_rpn": _multi,
    "points": nanotrack.head_answer,
}
"""`HeadFacts.kind` -> its answer to the features of a template and of a search region."""
