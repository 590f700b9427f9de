"""Fitting the subnet: residuals, their linearisation, conjugate gradients (paper, section 3.3).

The loss is sum_n w_n |phi(response_n) - label_n|^2 plus the squared weights, phi a rectifier that is smooth below
zero. A round of Gauss-Newton linearises the residuals r about the current weights and solves J'J d = -J'r by a fixed
number of conjugate-gradient iterations: `jax.scipy.sparse.linalg.cg` with no tolerance. It is the Fletcher-Reeves
form; the published code's Polak-Ribiere form differs from it by less than 1e-6 after ten iterations.

Letters: N samples or memory slots, L rows and columns, C channels before and D after compression, k kernel size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.scipy.sparse.linalg import cg

import drol_jax.model  # noqa: F401  `Hyper` is a pytree from there on
from drol_jax.config import Hyper, OnlineConfig
from drol_jax.online import halves, response
from drol_jax.online.features import Extractor, attention_rows
from drol_jax.online.labels import gaussian
from drol_jax.online.memory import Memory, filled, in_halves, leading
from drol_jax.online.response import gather_taps_by_turns, rectify, rectify_slope
from drol_jax.system.lazy_cond import highest_of_lanes

Label = Callable[..., jax.Array]
"""Centres [N, 2], width in cells, rows and columns L -> labels [N, L, L], as `gaussian`."""
CHUNK = 25  # memory slots in one matrix product on a CPU, as long as no more than this share of them is filled:
SPARSE = 0.9  # one product of all, which copies none, takes .7 of the time for 16x16 cells and .9 for 22x22
LEAST = 100  # and elsewhere: fewer take a GPU hardly less time
LEAST_HALVES = 60  # and of samples in bfloat16 on any device


def first_response(filter: jax.Array, extractor: Extractor, features: jax.Array, online: OnlineConfig) -> jax.Array:
    """`respond(extract(extractor, features), filter)`, the factors in another order.

    Compression, attention and the filter's taps are linear in a sample but for its gains, so weights meet weights
    first, and a sample meets one matrix of two rows a tap in place of D columns: a third of the time in a fit, in which
    weights change all the time and samples never.

    Args:
      filter: [k, k, D].
      features: [N, L, L, C].

    Returns:
      [N, L, L].
    """
    n, size, _, channels = features.shape
    pixels = features.reshape(n, size * size, channels)
    taps = filter.reshape(-1, filter.shape[-1])
    spatial, channel = attention_rows(extractor, taps, jnp.mean(pixels, axis=1), online)
    rows = [jnp.broadcast_to(part, (n, *part.shape[-2:])) for part in (spatial, channel) if part is not None]
    # Taps before pixels: a row of the product is a whole map, and so is a row of its transpose.
    products = jnp.einsum("nkc,npc->nkp", jnp.concatenate(rows, axis=1), pixels)
    # Splits, as their transpose is one concatenation; that of slices is a sum of arrays padded with zeros.
    if spatial is not None:
        weighted, mean, *others = jnp.split(products, [len(taps), len(taps) + 1][: 1 + (channel is not None)], axis=1)
        products = sum(others, weighted * jax.nn.sigmoid(mean))
    return gather_taps_by_turns(products.reshape(n, len(taps), size, size), filter.shape[0])


def first_residuals(
    weights: tuple[jax.Array, Extractor],
    features: jax.Array,
    labels: jax.Array,
    online: OnlineConfig,
    hyper: Hyper,
) -> Any:
    """Residuals of the joint problem; the loss is the sum of their squares.

    Args:
      weights: (filter [k, k, D], extractor).
      features: [N, L, L, C], equally weighted samples.
      labels: [N, L, L].

    Returns:
      (data [N, L, L], filter term, extractor terms), each scaled by the root of its weight.
    """
    filter, extractor = weights
    response = rectify(first_response(filter, extractor, features, online))
    data = (response - labels) / jnp.sqrt(jnp.float32(features.shape[0])).astype(features.dtype)
    root = jnp.sqrt(hyper.projection_reg)
    return data, jnp.sqrt(hyper.filter_reg) * filter, jax.tree.map(lambda w: root * w, extractor)


def loss(residuals: Any) -> jax.Array:
    """Sum of squares over a tree of residuals."""
    return jnp.sum(jnp.stack([jnp.sum(r * r) for r in jax.tree.leaves(residuals)]))


def first_fit(
    weights: tuple[jax.Array, Extractor],
    features: jax.Array,
    labels: jax.Array,
    online: OnlineConfig,
    hyper: Hyper,
) -> tuple[jax.Array, Extractor]:
    """Fit filter, compression and attention to the first frame's samples.

    `online.gauss_newton_rounds` rounds of `online.cg_iterations` iterations, each preconditioned by the
    regularisation of its block. Arguments and result as in `first_residuals`.
    """

    def precondition(residual):
        filter, extractor = residual
        return filter / hyper.filter_reg, jax.tree.map(lambda w: w / hyper.projection_reg, extractor)

    def round_(_, weights):
        b, normal = gauss_newton(lambda w: first_residuals(w, features, labels, online, hyper), weights)
        step = _solution(normal, b, online.cg_iterations, precondition)
        return jax.tree.map(jnp.add, weights, step)

    return jax.lax.fori_loop(0, online.gauss_newton_rounds, round_, weights)


def _solution(normal: Callable[[Any], Any], b: Any, iterations: Any, precondition: Any = None) -> Any:
    """x of normal(x) = b after so many iterations of conjugate gradients from zero.

    `cg` begins with the product of its start, zero. On a CPU, where products are what takes time, it is not computed; a
    GPU would wait longer for the branch.
    """

    def product(p):
        def unless_zero(p):
            some = jnp.any(jnp.stack([jnp.any(leaf != 0) for leaf in jax.tree.leaves(p)]))
            return jax.lax.cond(some, normal, partial(jax.tree.map, jnp.zeros_like), p)

        return jax.lax.platform_dependent(p, cpu=unless_zero, default=normal)

    return cg(product, b, tol=0.0, atol=0.0, maxiter=iterations, M=precondition)[0]


def gauss_newton(residuals, weights) -> tuple[Any, Any]:
    """Right-hand side -J'r and the product p -> J'J p of `residuals` at `weights`."""
    value, forward = jax.linearize(residuals, weights)
    transpose = jax.linear_transpose(forward, weights)
    (gradient,) = transpose(value)
    return jax.tree.map(jnp.negative, gradient), lambda p: transpose(forward(p))[0]


@jax.tree_util.register_dataclass
@dataclass(frozen=True, kw_only=True)
class RefitStats:
    """How a refit went. Its problem is J'J d = -J'r; a residual is the norm of -J'r - J'J d."""

    residual_before: jax.Array
    """float32 (): where the fit starts, d = 0."""
    residual_after: jax.Array
    """float32 (): at the step that was taken."""
    iterations: jax.Array
    """int32 (): of conjugate gradients; 0 where the filter was not refitted."""


def no_refit() -> RefitStats:
    """Stats of a frame without refit."""
    nothing = jnp.float32(0)
    return RefitStats(residual_before=nothing, residual_after=nothing, iterations=jnp.int32(0))


def refit(
    filter: jax.Array,
    memory: Memory,
    sigma: jax.Array,
    iterations: Any,
    hyper: Hyper,
    first: jax.Array | int = 0,
    *,
    stats: bool = False,
    label: Label = gaussian,
) -> tuple[jax.Array, RefitStats | None]:
    """Refit the filter alone to the memory: one linearisation, `iterations` of conjugate gradients.

    The cost follows the filled memory and not its capacity, with one compilation for all. On the CPU the products run
    over the filled slots, CHUNK at a time, or over all of them where few are empty. Elsewhere, and where samples are in
    bfloat16, one product, over all slots, or half of them, or half of that, whatever suffices, takes the place of many
    small ones, each of which would be waited for, or begin with a copy.

    Args:
      filter: [k, k, D], where the fit starts.
      memory: N slots of features, label centres and weights.
      sigma: width of the labels, cells.
      iterations: number, static or traced.
      hyper: uses filter_reg.
      first: place of the memory's slots among its features, which may be those of many memories end to end: a copy of
        one takes as long as a good part of its refit.
      stats: static; also tell how the refit went, for one product more.
      label: static; what the response should be.

    Returns:
      (filter [k, k, D], its stats or None).
    """

    def solve(chunk, filter, memory, sigma, hyper, first):
        b, normal = filter_problem(filter, memory, sigma, hyper, first, chunk, label)
        step = _solution(normal, b, iterations)
        if not stats:
            return filter + step, None
        before, after = jnp.linalg.norm(b), jnp.linalg.norm(b - normal(step))
        told = RefitStats(residual_before=before, residual_after=after, iterations=jnp.asarray(iterations, jnp.int32))
        return filter + step, told

    slots = memory.weights.shape[0]

    def over_filled(*problem):
        if slots <= CHUNK:
            return over_leading(slots, *problem)
        sparse = filled(memory) <= int(SPARSE * slots)
        return jax.lax.cond(sparse, partial(solve, CHUNK), partial(over_leading, slots), *problem)

    def over_leading(size, filter, memory, sigma, hyper, first):
        return solve(size, filter, leading(memory, size, first, filter.shape[-1]), sigma, hyper, 0)

    def over_part(filter, memory, *rest):
        sizes = _parts(slots, LEAST_HALVES if in_halves(memory) else LEAST)
        needed = highest_of_lanes(filled(memory))
        which = jnp.sum(needed > jnp.array(sizes[:-1], jnp.int32))
        return jax.lax.switch(which, [partial(over_leading, size) for size in sizes], filter, memory, *rest)

    if in_halves(memory):
        return over_part(filter, memory, sigma, hyper, first)
    return jax.lax.platform_dependent(filter, memory, sigma, hyper, first, cpu=over_filled, default=over_part)


def _parts(slots: int, least: int) -> list[int]:
    """The slots, their half and so on, down to `least`."""
    sizes = [slots]
    while sizes[0] >= 2 * least:
        sizes.insert(0, -(-sizes[0] // 2))
    return sizes


def filter_problem(
    filter: jax.Array,
    memory: Memory,
    sigma: jax.Array,
    hyper: Hyper,
    first: jax.Array | int,
    chunk: int,
    label: Label = gaussian,
) -> tuple[jax.Array, Any]:
    """-J'r and p -> J'J p of the filter's problem over the memory, at `filter`.

    Args:
      filter, memory, sigma, hyper, first, label: as in `refit`.
      chunk: slots in one product; all of them where samples are in bfloat16. Those behind the last chunk that is filled
        are not looked at.
    """
    k = filter.shape[0]
    slots, size = memory.weights.shape[0], memory.features.shape[-2]
    whole = memory.features if memory.features.shape[0] == chunk else None
    respond, correlate = response.respond, response.correlate
    if in_halves(memory):
        whole = halves.opened(memory.features)
        respond, correlate = partial(halves.respond, size=size), halves.correlate

    def each(add, start):
        if chunk == slots:
            return add(0, start)
        return jax.lax.fori_loop(0, (filled(memory) + chunk - 1) // chunk, add, start)

    def slots_of(i):
        # The last chunk may reach back over slots of the one before: they count once, by their weight.
        start = jnp.minimum(i * chunk, slots - chunk)
        own = (start + jnp.arange(chunk, dtype=jnp.int32) >= i * chunk).astype(memory.weights.dtype)

        def cut(array):
            return jax.lax.dynamic_slice_in_dim(array, start, chunk)

        samples = jax.lax.dynamic_slice_in_dim(memory.features, first + start, chunk) if whole is None else whole
        return start, samples, cut(memory.weights) * own, cut

    def linearise(i, carry):
        b, curvature = carry
        start, samples, weights, cut = slots_of(i)
        weights = weights[:, None, None]
        responses = respond(samples, filter)
        slope = rectify_slope(responses)
        labels = label(cut(memory.centres), sigma, size)
        b = b - correlate(samples, weights * slope * (rectify(responses) - labels), k)
        old = cut(curvature)
        new = jnp.where(weights > 0, weights * slope * slope, old)
        return b, jax.lax.dynamic_update_slice_in_dim(curvature, new, start, 0)

    nothing = jnp.zeros((slots, size, size), filter.dtype)
    b, curvature = each(linearise, (-hyper.filter_reg * filter, nothing))

    def normal(p):
        def add(i, total):
            _, samples, weights, cut = slots_of(i)
            own = (weights > 0)[:, None, None]
            return total + correlate(samples, jnp.where(own, cut(curvature), 0) * respond(samples, p), k)

        return each(add, hyper.filter_reg * p)

    return b, normal
