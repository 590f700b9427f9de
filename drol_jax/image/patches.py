"""Square patches of an image, mixed of its rows: what the ways to cut one share.

A patch's row is mixed of two lines: rows of the image, already as wide as the patch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap

LINES = 32
"""Lines that a CPU makes at once."""


class Patch(NamedTuple):
    """How to make one."""

    y: jax.Array
    """int32 [2, out]: the image's rows that the patch's rows are mixed of. They never decrease from left to right, and
    the second is never before the first."""
    line: Callable[[jax.Array], jax.Array]
    """Image rows int32 [R] -> lines [R, out, 3]. Outside the image they have the fill's colour."""
    share: Any
    """[..., out]: of what the patch's rows are mixed, for `mix`."""
    mix: Callable[[jax.Array, jax.Array, Any], jax.Array]
    """The lines of y[0] and those of y[1], each [R, out, 3], and the rows' share -> the patch's rows, uint8."""


Plan = Callable[..., Patch]
"""(image, centre, side, fill) -> the patch."""


def cut(plan: Plan) -> Callable[..., jax.Array]:
    """What makes the patch of a plan, uint8 [out, out, 3], of the plan's arguments.

    On the CPU line by line, and for lanes, as by `jax.vmap`, one patch after the other.

    A core takes a nanosecond to fetch a byte from anywhere. A patch's rows share their lines where it is larger than
    what it shows, and a line is made once. Beside rows that make their own two, 255x255 pixels of a square of 100
    take .53 to .67 of the time so, of 240 pixels .7 to .87, and of 400 as long up to 1.15 times as long.

    Args:
      plan: it must not close over traced arrays; all come as arguments.
    """

    def directly(*where: Any) -> jax.Array:
        patch = plan(*where)
        return patch.mix(patch.line(patch.y[0]), patch.line(patch.y[1]), patch.share)

    def by_lines(*where: Any) -> jax.Array:
        return _line_by_line(plan(*where))

    @custom_vmap
    def patch_of(*where: Any) -> jax.Array:
        return jax.lax.platform_dependent(*where, cpu=by_lines, default=directly)

    @patch_of.def_vmap
    def of_lanes(axis_size: int, in_batched: Any, *where: Any) -> tuple[jax.Array, bool]:
        def together(*where: Any) -> jax.Array:
            return jax.vmap(directly, jax.tree.map(lambda lanes: 0 if lanes else None, tuple(in_batched)))(*where)

        def one_by_one(*where: Any) -> jax.Array:
            def one(lane: jax.Array) -> jax.Array:
                return patch_of(*jax.tree.map(lambda x, lanes: x[lane] if lanes else x, where, tuple(in_batched)))

            return jax.lax.map(one, jnp.arange(axis_size))

        return jax.lax.platform_dependent(*where, cpu=one_by_one, default=together), True

    return patch_of


def _line_by_line(patch: Patch) -> jax.Array:
    """The patch, uint8 [out, out, 3], each line of a half made once.

    By halves, whose lines fit the caches. What a compiler would make anew for each use by what comes behind, it does
    not if a loop has made it.
    """
    out = patch.y.shape[1]

    def halves(rows: jax.Array) -> jax.Array:
        rows = jnp.pad(rows, [(0, 0)] * (rows.ndim - 1) + [(0, out % 2)], mode="edge")
        return jnp.moveaxis(rows.reshape(*rows.shape[:-1], 2, -1), -2, 0)

    def half(lines: jax.Array, rows: tuple[jax.Array, Any]) -> tuple[jax.Array, jax.Array]:
        y, share = rows
        lines, places = _lines(patch.line, y, lines)
        upper, lower = (lines.at[place].get(mode="promise_in_bounds") for place in places)
        return lines, patch.mix(upper, lower, share)

    of_half = out + out % 2  # the most lines that its rows are mixed of
    room = jax.eval_shape(patch.line, jax.ShapeDtypeStruct((of_half + -of_half % LINES,), jnp.int32))
    # One room for both halves: filling it with zeros takes a fifth of the time in which all lines are made.
    _, rows = jax.lax.scan(half, jnp.zeros(room.shape, room.dtype), (halves(patch.y), halves(patch.share)))
    return rows.reshape(-1, out, 3)[:out]


def _lines(
    line: Callable[[jax.Array], jax.Array], y: jax.Array, lines: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """Lines for y [2, R], made over others, [2 R or more, out, 3]; where those of y[0] and y[1] are, int32 [R] each."""
    first, last = y[0, 0], y[1, -1]
    both = jnp.arange(y.size, dtype=jnp.int32).reshape(-1, 2).T
    # A patch of less than half the rows that it shows leaves lines out: then every row has its own.
    dense = last - first < y.size
    wanted = jnp.pad(jnp.where(dense, first + both, y).T.reshape(-1), (0, -y.size % LINES))
    place = jnp.where(dense, jnp.clip(y - first, 0, y.size - 1), both)
    count = jnp.where(dense, last - first + 1, y.size)

    def add(i: jax.Array, lines: jax.Array) -> jax.Array:
        made = line(jax.lax.dynamic_slice_in_dim(wanted, i * LINES, LINES))
        return jax.lax.dynamic_update_slice_in_dim(lines, made, i * LINES, 0)

    return jax.lax.fori_loop(0, (count + LINES - 1) // LINES, add, lines), (place[0], place[1])
