"""`lazy_cond` computes what `lax.cond` computes, and runs its branch only when some lane asks for it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from drol_jax.system.lazy_cond import Rows, lazy_cond

LANES, OUTER = 4, 3
CARRIED = {"a": jnp.arange(6.0).reshape(2, 3), "n": jnp.int32(7)}
REST = (jnp.float32(0.5), {"shift": jnp.arange(3.0)})


def branch(carried, rest):
    factor, extra = rest
    return {"a": carried["a"] * factor + extra["shift"][None], "n": carried["n"] + 1}


def conditional(predicate, carried, rest):
    return jax.lax.cond(predicate, branch, lambda carried, rest: carried, carried, rest)


def spread(tree, shape):
    """`tree` with other numbers in each lane."""

    def lanes(x):
        offsets = jnp.arange(np.prod(shape)).reshape(*shape, *[1] * x.ndim)
        return x[(None,) * len(shape)] + offsets.astype(x.dtype)

    return jax.tree.map(lanes, tree)


def assert_same(actual, wanted):
    assert jax.tree.structure(actual) == jax.tree.structure(wanted)
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(wanted), strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize("compile", [jax.jit, lambda f: f], ids=["jit", "plain"])
def test_alone_it_is_cond(asked, compile):
    predicate = jnp.bool_(asked)
    assert_same(compile(lazy_cond(branch))(predicate, CARRIED, REST), conditional(predicate, CARRIED, REST))


@pytest.mark.parametrize("batched", [(p, c, r) for p in (0, 1) for c in (0, 1) for r in (0, 1, 2) if p or c or r])
def test_under_vmap_it_is_cond_in_each_lane(batched):
    has_predicates, has_carried, has_rest = batched
    carried = spread(CARRIED, (LANES,)) if has_carried else CARRIED
    # 1: every leaf of the rest has lanes, 2: only the first.
    rest = (REST, spread(REST, (LANES,)), (jnp.arange(1.0, 1.0 + LANES), REST[1]))[has_rest]
    axes = (0 if has_predicates else None, 0 if has_carried else None, (None, 0, (0, None))[has_rest])
    actual, wanted = (jax.jit(jax.vmap(f, in_axes=axes)) for f in (lazy_cond(branch), conditional))
    for asked in (0, 0, 0, 0), (0, 1, 0, 1), (1, 1, 1, 1):
        predicate = jnp.array(asked, bool) if has_predicates else jnp.bool_(asked[1])
        assert_same(actual(predicate, carried, rest), wanted(predicate, carried, rest))


@pytest.mark.parametrize("inner", [0, None])
@pytest.mark.parametrize("outer", [0, None])
def test_under_nested_vmap_it_is_cond_in_each_lane(inner, outer):
    shape = tuple(n for n, axis in ((OUTER, outer), (LANES, inner)) if axis == 0)
    predicate = jnp.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3 == 1)
    carried = spread(CARRIED, (OUTER, LANES))

    def nested(function):
        return jax.jit(jax.vmap(jax.vmap(function, (inner, 0, None)), (outer, 0, None)))

    assert_same(nested(lazy_cond(branch))(predicate, carried, REST), nested(conditional)(predicate, carried, REST))


@pytest.mark.parametrize("lanes", [None, LANES])
def test_under_scan_it_is_cond_in_each_step(lanes):
    steps = 7
    shape = (steps,) if lanes is None else (steps, lanes)
    predicates = jnp.asarray(np.arange(np.prod(shape)).reshape(shape) % 5 == 2)
    carried = CARRIED if lanes is None else spread(CARRIED, (lanes,))

    def scanned(function):
        each = function if lanes is None else jax.vmap(function, (0, 0, None))
        return jax.jit(lambda start: jax.lax.scan(lambda c, p: (each(p, c, REST), c["n"]), start, predicates))

    assert_same(scanned(lazy_cond(branch))(carried), scanned(conditional)(carried))


def third(carried, rows):
    """A branch that reads a row of its own."""
    return carried + rows.all[rows.first + 2]


def add_third(asked, carried, array):
    return lazy_cond(third)(asked, carried, Rows(all=array, first=jnp.int32(0)))


@pytest.mark.parametrize("shape", [(), (LANES,), (OUTER, LANES)])
def test_rows_read_where_they_lie_are_the_lanes_own(shape):
    carried = jnp.arange(np.prod(shape, dtype=int) * 4.0).reshape(*shape, 4)
    arrays = 100 * jnp.arange(np.prod(shape, dtype=int) * 20.0).reshape(*shape, 5, 4)
    asked = jnp.asarray(np.arange(np.prod(shape, dtype=int)).reshape(shape) % 3 == 0)
    call = add_third
    for _ in shape:
        call = jax.vmap(call)
    wanted = jnp.where(asked[..., None], carried + arrays[..., 2, :], carried)
    np.testing.assert_array_equal(jax.jit(call)(asked, carried, arrays), wanted)


def test_rows_are_not_copied_for_a_lane():
    asked, carried, arrays = jnp.ones(LANES, bool), jnp.zeros((LANES, 4)), jnp.zeros((LANES, 10_000, 4))
    program = jax.jit(jax.vmap(add_third)).lower(asked, carried, arrays).compile()
    assert program.memory_analysis().temp_size_in_bytes < arrays[0].nbytes / 10


@pytest.fixture
def counted():
    """(branch that counts its runs, list of them)."""
    runs = []

    def counting(carried, rest):
        jax.debug.callback(lambda: runs.append(1))
        return branch(carried, rest)

    return counting, runs


def runs_in(runs, function, *args):
    runs.clear()
    jax.block_until_ready(function(*args))
    jax.effects_barrier()
    return len(runs)


def test_alone_the_branch_runs_only_when_asked(counted):
    counting, runs = counted
    call = jax.jit(lazy_cond(counting))
    assert runs_in(runs, call, jnp.bool_(False), CARRIED, REST) == 0
    assert runs_in(runs, call, jnp.bool_(True), CARRIED, REST) == 1


@pytest.mark.parametrize("rest_axis", [None, 0])
def test_under_vmap_the_branch_is_skipped_unless_some_lane_asks(counted, rest_axis):
    counting, runs = counted
    rest = REST if rest_axis is None else spread(REST, (LANES,))
    call = jax.jit(jax.vmap(lazy_cond(counting), (0, 0, rest_axis)))
    carried = spread(CARRIED, (LANES,))
    assert runs_in(runs, call, jnp.zeros(LANES, bool), carried, rest) == 0
    # A callback without arguments may run once or once a lane.
    assert runs_in(runs, call, jnp.arange(LANES) == 2, carried, rest) in (1, LANES)


def test_under_nested_vmap_the_branch_is_skipped_unless_some_lane_asks(counted):
    counting, runs = counted
    call = jax.jit(jax.vmap(jax.vmap(lazy_cond(counting), (0, 0, None)), (0, 0, None)))
    carried = spread(CARRIED, (OUTER, LANES))
    asked = jnp.zeros((OUTER, LANES), bool)
    assert runs_in(runs, call, asked, carried, REST) == 0
    assert runs_in(runs, call, asked.at[2, 1].set(True), carried, REST) > 0


def test_a_lane_that_does_not_ask_is_untouched_by_what_the_branch_makes_of_it():
    call = jax.vmap(lazy_cond(lambda carried, rest: carried / rest), (0, 0, 0))
    result = call(jnp.array([True, False]), jnp.ones(2), jnp.array([2.0, 0.0]))
    np.testing.assert_array_equal(result, [0.5, 1.0])


def test_under_vmap_over_steps_the_branch_runs_in_the_steps_that_ask(counted):
    counting, runs = counted
    predicates = jnp.zeros((20, LANES), bool).at[jnp.array([4, 9, 14]), jnp.array([0, 3, 3])].set(True)

    @jax.jit
    def loop(carried):
        each = jax.vmap(lazy_cond(counting), (0, 0, None))
        return jax.lax.scan(lambda c, p: (each(p, c, REST), None), carried, predicates)[0]

    assert runs_in(runs, loop, spread(CARRIED, (LANES,))) in (3, 3 * LANES)
