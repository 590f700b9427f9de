"""Programs with the device's own compiler options, alone and inside others."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import drol_jax
from drol_jax.system import compiling
from drol_jax.system.compiling import Jitted

SOME = {"xla_gpu_graph_min_graph_size": 3}
"""An option that a CPU takes and does not heed."""


@pytest.fixture
def doubled(monkeypatch):
    monkeypatch.setattr(compiling, "compiler_options", lambda once, weights: SOME)
    return Jitted(lambda x: 2 * x)


@pytest.fixture
def optimised():
    jax.config.update("jax_disable_most_optimizations", False)
    yield
    jax.config.update("jax_disable_most_optimizations", True)


@pytest.mark.usefixtures("optimised")
def test_a_gpu_has_graphs_and_a_cpu_compiles_in_less_time():
    options = drol_jax.compiler_options()
    if jax.default_backend() == "gpu":
        assert "CONVOLUTION" in str(options["xla_gpu_enable_command_buffer"])
    else:
        assert options == compiling.OF_A_CPU


@pytest.mark.usefixtures("optimised")
def test_what_runs_once_is_compiled_in_half_the_time(monkeypatch):
    if jax.default_backend() != "cpu":
        pytest.skip("of a CPU")
    monkeypatch.setattr(compiling, "IN_HALF_THE_TIME", SOME)
    assert drol_jax.compiler_options() == compiling.OF_A_CPU
    assert drol_jax.compiler_options(once=True) == compiling.OF_A_CPU | SOME


@pytest.mark.usefixtures("optimised")
@pytest.mark.parametrize(("megabytes", "longer"), [(1, False), (50, True), (800, False)])
def test_what_runs_once_is_compiled_longer_where_its_weights_tell_that_it_runs_long(monkeypatch, megabytes, longer):
    if jax.default_backend() != "cpu":
        pytest.skip("of a CPU")
    monkeypatch.setattr(compiling, "LOOPS_APART", SOME)
    weights = {"kernel": jax.ShapeDtypeStruct((megabytes, 250_000), np.float32)}
    assert (SOME.items() <= drol_jax.compiler_options(once=True, weights=weights).items()) == longer
    assert drol_jax.compiler_options(weights=weights) == compiling.OF_A_CPU


@pytest.mark.parametrize("once", [False, True])
def test_a_jitted_function_has_the_options_for_how_often_it_runs(monkeypatch, once):
    asked = []
    monkeypatch.setattr(compiling, "compiler_options", lambda *how: asked.append(how) or SOME)
    assert Jitted(lambda x, y: x * y, once=once, weights=lambda x, y: y)(3.0, 2.0) == 6
    assert set(asked) == {(once, 2.0)}


def test_who_wants_no_optimisation_gets_none():
    assert drol_jax.compiler_options() == drol_jax.compiler_options(once=True) == {}


@pytest.mark.usefixtures("optimised")
def test_an_option_that_xla_does_not_know_is_left_out(monkeypatch):
    monkeypatch.setattr(compiling, "IN_HALF_THE_TIME", {"xla_cpu_of_another_release": False})
    assert drol_jax.compiler_options(once=True) == compiling.OF_A_CPU


def test_a_gpu_begins_with_a_convolution_before_its_programs_even_while_one_is_traced(monkeypatch):
    begun = []
    compiling.begin_convolutions.cache_clear()
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(jax, "block_until_ready", begun.append)

    @jax.jit
    def program(x):
        compiling.compiler_options()
        return x + 1

    assert program(jnp.ones(())) == 2
    compiling.compiler_options()
    (result,) = begun
    assert result[0, 8, 8, 0] == 9 * 16


@pytest.mark.parametrize(
    ("platform", "generation", "has_it"),
    [("gpu", "9.0", True), ("gpu", "8.6", True), ("gpu", "7.5", False), ("gpu", "gfx942", False), ("cpu", None, False)],
)
def test_products_as_exact_as_float32_are_made_of_tf32_where_a_device_has_it(monkeypatch, platform, generation, has_it):
    device = SimpleNamespace(platform=platform, **({} if generation is None else {"compute_capability": generation}))
    monkeypatch.setattr(jax, "devices", lambda: [device])
    found = compiling.float32_products()
    assert found == (jax.lax.DotAlgorithmPreset.TF32_TF32_F32_X3 if has_it else None)


def test_the_options_are_ones_that_xla_knows():
    options = {"xla_gpu_enable_command_buffer": compiling.GRAPH_COMMANDS}
    assert jax.jit(lambda x: 2 * x, compiler_options=options)(jnp.ones(2)).tolist() == [2, 2]


def test_a_program_with_options_runs_alone_and_inside_others(doubled):
    x = jnp.arange(3.0)
    inside = jax.jit(lambda x: doubled(x) + doubled(jnp.ones(3)))  # refused by jax for a program with options
    _, rows = jax.lax.scan(lambda carry, x: (carry, doubled(x)), 0, x)
    for found, wanted in (
        (doubled(x), 2 * x),
        (jax.vmap(doubled)(x), 2 * x),
        (inside(x), 2 * x + 2),
        (rows, 2 * x),
        (doubled.compiled(x)(x), 2 * x),
    ):
        np.testing.assert_array_equal(found, wanted)
