"""Python's garbage collector is kept still for a while, and never longer."""

import gc
import subprocess
import sys

import pytest

from drol_jax.system.memory import forget_garbage, uncollected


def test_nothing_is_collected_meanwhile_and_all_as_before_afterwards():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()


def test_of_several_the_last_to_leave_lets_it_go_on():
    first, second = uncollected(), uncollected()
    with first:
        second.__enter__()
    assert not gc.isenabled()
    second.__exit__(None, None, None)
    assert gc.isenabled()


def test_an_error_leaves_all_as_before():
    with pytest.raises(ZeroDivisionError), uncollected():
        _ = 1 / 0
    assert gc.isenabled()


def test_who_collects_nothing_goes_on_so():
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_program_about_to_end_looks_at_nothing_any_more():
    kept = [[]]
    kept.append(kept)
    forget_garbage()
    try:
        assert not gc.get_objects()
        assert gc.get_freeze_count() > 1
    finally:
        gc.unfreeze()


def test_what_a_users_module_has_open_is_written_all_the_same(tmp_path):
    (tmp_path / "users.py").write_text("LOG = open('log', 'w')\nLOG.write('a line')\ndef log(): return LOG\n")
    program = "import users; from drol_jax.system import memory; memory.collect_at_the_end(); memory.forget_garbage()"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, timeout=60)
    assert (tmp_path / "log").read_text() == "a line"
