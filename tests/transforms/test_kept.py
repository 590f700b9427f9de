"""Compiled programs on disk: found by what their trace depends on, and never in the way."""

import os
import subprocess
import sys
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from kept_programs import programs

from drol_jax.online.labels import gaussian, label_sigma
from drol_jax.system import kept
from drol_jax.system.compiling import Jitted

__all__ = ["programs"]

CENTRES = jnp.asarray([[0.0, 0.0], [1.0, -1.0]])


def labels() -> Jitted:
    """As a new process has them."""
    return Jitted(gaussian, static_argnames="L")


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Labels:
    """Stands for a model."""

    maps: jax.Array


def first_cell(labels):
    return labels.maps[0]


first_cell.__module__ = "drol_jax.here"


class Untraced:
    """A program that may not be traced."""

    def lower(self, *_, **__):
        raise AssertionError("traced again")


def found_on_disk(jitted: Jitted) -> Jitted:
    jitted.plain = Untraced()  # type: ignore[assignment]
    jitted._to_keep = Untraced  # type: ignore[assignment]
    return jitted


def test_what_another_process_has_compiled_is_not_traced_again(programs):
    first = labels()(CENTRES, jnp.float32(2), L=5)
    (path,) = programs.iterdir()
    assert path.name.startswith("gaussian-")
    np.testing.assert_array_equal(found_on_disk(labels())(CENTRES, jnp.float32(2), L=5), first)
    program = found_on_disk(labels()).compiled(CENTRES, jnp.float32(2), L=5)
    np.testing.assert_array_equal(program(CENTRES, jnp.float32(2)), first)


def test_a_program_that_is_let_go_of_is_read_again(programs):
    ours = labels()
    first = ours(CENTRES, jnp.float32(2), L=5)
    ours.forget()
    np.testing.assert_array_equal(found_on_disk(ours)(CENTRES, jnp.float32(2), L=5), first)


def test_a_program_that_is_let_go_of_and_not_on_disk_is_made_anew(programs):
    ours = labels()
    first = ours(CENTRES, jnp.float32(2), L=5)
    ours.forget()
    for path in programs.iterdir():
        path.unlink()
    np.testing.assert_array_equal(ours(CENTRES, jnp.float32(2), L=5), first)


def test_other_shapes_static_arguments_options_or_settings_are_other_programs(programs):
    def key(*arguments, **how):
        described = kept.Arguments.of(arguments)
        assert described is not None
        return kept.path_of("gaussian", how, [described])

    two = jnp.float32(2)
    keys = [key(CENTRES, two, L=5), key(CENTRES[:1], two, L=5), key(CENTRES, two, L=7), key(CENTRES, 2.0, L=5)]
    keys.append(key(CENTRES, two, L=5, donate_argnums=0))
    with jax.default_matmul_precision("highest"):
        keys.append(key(CENTRES, two, L=5))
    assert None not in keys
    assert len(set(keys)) == 6
    assert key(CENTRES + 1, two + 1, L=5) == keys[0]


def test_each_shape_and_static_argument_has_a_program_of_its_own(programs):
    asked = [((CENTRES, jnp.float32(2)), 5), ((CENTRES[:1], jnp.float32(2)), 5), ((CENTRES, jnp.float32(2)), 7)]
    for arguments, length in asked:
        labels()(*arguments, L=length)
    assert len(list(programs.iterdir())) == 3
    for arguments, length in asked:
        wanted = gaussian(*arguments, L=length)
        np.testing.assert_allclose(found_on_disk(labels())(*arguments, L=length), wanted, rtol=1e-5)


def test_a_first_argument_that_is_another_object_is_looked_at_anew(programs):
    program = Jitted(first_cell)
    for length in (5, 7, 5):
        model = Labels(jnp.zeros((2, length)))
        assert [program(model).shape, program(model).shape] == [(length,), (length,)]
    assert len(list(programs.iterdir())) == 2


def test_a_damaged_program_is_made_anew(programs):
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 3600.0)  # jax keeps nothing by itself
    first = labels()(CENTRES, jnp.float32(2), L=5)
    (path,) = programs.iterdir()
    whole = path.read_bytes()
    for damaged in (b"", whole[:100], whole[: len(whole) // 2], b"no program"):
        path.write_bytes(damaged)
        jax.clear_caches()
        np.testing.assert_array_equal(labels()(CENTRES, jnp.float32(2), L=5), first)
        found_on_disk(labels())(CENTRES, jnp.float32(2), L=5)


def test_a_folder_that_cannot_be_written_keeps_nothing(programs):
    programs.write_text("a file in its place")
    assert labels()(CENTRES, jnp.float32(2), L=5).shape == (2, 5, 5)


def test_what_jax_has_kept_by_itself_is_not_written_again(programs):
    first = labels()(CENTRES, jnp.float32(2), L=5)
    (path,) = programs.iterdir()
    path.unlink()
    jax.clear_caches()
    for _ in range(2):  # and the second time out of this process's memory
        np.testing.assert_array_equal(labels()(CENTRES, jnp.float32(2), L=5), first)
        assert list(programs.iterdir()) == []


def test_of_other_code_the_program_is_kept_though_jax_has_one_that_does_the_same(programs, monkeypatch):
    first = labels()(CENTRES, jnp.float32(2), L=5)
    for number in range(2):
        monkeypatch.setattr(kept, "code_hash", lambda number=number: f"{number}" * 12)
        kept._surroundings.cache_clear()
        jax.clear_caches()
        np.testing.assert_array_equal(labels()(CENTRES, jnp.float32(2), L=5), first)
        np.testing.assert_array_equal(found_on_disk(labels())(CENTRES, jnp.float32(2), L=5), first)
    assert len(list(programs.iterdir())) == 3


def test_functions_without_a_name_of_their_own_are_not_kept(programs):
    offset = 1.0
    for function in (lambda x: x + 1, jax.vmap(label_sigma), lambda x: x + offset, partial(jnp.add, CENTRES)):
        assert kept.name_of(function) is None
    assert kept.name_of(gaussian) == "drol_jax.online.labels.gaussian"
    assert kept.name_of(partial(gaussian, L=5)) == "drol_jax.online.labels.gaussian((), [('L', 5)])"
    assert Jitted(lambda x: x + 1)(1) == 2
    assert not programs.exists()


def test_a_program_that_is_kept_is_mapped_all_the_same(programs):
    program = labels()
    alone = program(CENTRES, jnp.float32(2), L=5)
    (path,) = programs.iterdir()
    both = jax.vmap(lambda centres: program(centres, jnp.float32(2), L=5))(jnp.stack([CENTRES, CENTRES + 1]))
    np.testing.assert_allclose(both[0], alone, rtol=1e-6)
    assert [*programs.iterdir()] == [path]


def test_inside_another_program_nothing_is_kept(programs):
    program = labels()
    assert jax.jit(lambda centres: program(centres, 2.0, L=5))(CENTRES).shape == (2, 5, 5)
    assert not programs.exists()


ASKED: list[tuple[int, ...]] = []


def facts(shape: tuple[int, ...]) -> dict[str, int]:
    """What a trace would tell."""
    ASKED.append(shape)
    return {"cells": int(np.prod(shape))}


facts.__module__ = "drol_jax.here"


def test_what_a_trace_tells_is_asked_for_once_by_all_processes(programs):
    for _ in range(2):
        a_process = kept.once(facts)
        assert a_process((2, 3)) == a_process((2, 3)) == {"cells": 6}
    assert ASKED == [(2, 3)]
    assert kept.once(facts)((4,)) == {"cells": 4}
    assert len(list(programs.iterdir())) == 2


START = """
import sys
import numpy as np
import drol_jax
tracker = drol_jax.load("siamfc_alex_tiny", online=False)
frame = np.full((64, 64, 3), 9, np.uint8)
_, output = tracker.step(tracker.init(frame, (20, 20, 16, 16)), frame)
print(sorted({"flax", "orbax", "optax"}.intersection(sys.modules)), np.asarray(output.box).tolist())
"""


def test_a_start_whose_programs_are_kept_does_without_the_libraries_that_a_trace_needs(tmp_path):
    surroundings = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(tmp_path), kept.SWITCH: "1"}

    def start() -> tuple[str, str]:
        run = subprocess.run(
            [sys.executable, "-c", START], capture_output=True, text=True, check=True, timeout=300, env=surroundings
        )
        brought, _, box = run.stdout.partition("] ")
        return brought, box

    (cold, box), (warm, again) = start(), start()
    assert (cold, warm) == ("['flax'", "[")
    assert box == again
