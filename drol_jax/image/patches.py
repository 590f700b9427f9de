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
    what it shows, and a line is made once, by all cores.

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
    """The patch, uint8 [out, out, 3], each line made once."""
    lines, place, count = _lines(patch.line, patch.y)

    def rows(lines: jax.Array, place: tuple[jax.Array, jax.Array], share: Any) -> jax.Array:
        upper, lower = (lines.at[at].get(mode="promise_in_bounds") for at in place)
        return patch.mix(upper, lower, share)

    return _apart(count > 0, rows, lines, place, patch.share)


def _lines(
    line: Callable[[jax.Array], jax.Array], y: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array], jax.Array]:
    """Lines for y [2, R], [2 R or more, out, 3]; where those of y[0] and y[1] are, int32 [R] each; how many there are,
    int32 ()."""
    first, last = y[0, 0], y[1, -1]
    both = jnp.arange(y.size, dtype=jnp.int32).reshape(-1, 2).T
    # A patch of less than half the rows that it shows leaves lines out: then every row has its own.
    dense = last - first < y.size
    wanted = jnp.pad(jnp.where(dense, first + both, y).T.reshape(-1), (0, -y.size % LINES))
    place = jnp.where(dense, jnp.clip(y - first, 0, y.size - 1), both)
    count = jnp.where(dense, last - first + 1, y.size)

    def add(done: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        start, lines = done
        made = _apart(start < count, line, jax.lax.dynamic_slice_in_dim(wanted, start, LINES))
        return start + LINES, jax.lax.dynamic_update_slice_in_dim(lines, made, start, 0)

    room = jax.eval_shape(line, wanted)
    start, lines = jnp.int32(0), jnp.zeros(room.shape, room.dtype)
    _, lines = jax.lax.while_loop(lambda done: done[0] < count, add, (start, lines))
    return lines, (place[0], place[1]), count


def _apart(always: jax.Array, function: Callable[..., jax.Array], *arguments: Any) -> jax.Array:
    """What the function returns, behind a condition that is always met, which a compiler cannot know.

    So it neither joins the function with the write behind it, for which a CPU uses one core alone, nor makes the
    result anew for each of its uses.
    """

    def never(*_: Any) -> jax.Array:
        return jnp.zeros(result.shape, result.dtype)

    result = jax.eval_shape(function, *arguments)
    return jax.lax.cond(always, function, never, *arguments)
