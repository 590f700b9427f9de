"""Python's garbage collector is kept still for a while, and never longer."""

import gc

import pytest

from drol_jax.system.memory import uncollected


def test_nothing_is_collected_meanwhile_and_all_as_before_afterwards():
    with uncollected():
        assert not gc.isenabled()
        with uncollected():
            pass
        assert not gc.isenabled()
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
