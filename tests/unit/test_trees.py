"""Nested dicts as one dict by path, as `flax.traverse_util` has them."""

import pytest
from flax import traverse_util

from drol_jax.system.trees import flatten_dict, unflatten_dict

TREE = {"params": {"head": {"kernel": 1, "bias": 2}, "backbone": {"kernel": 3}}, "batch_stats": {}, "count": 4}


@pytest.mark.parametrize("sep", [None, "/"])
def test_the_same_as_flaxs(sep):
    flat = flatten_dict(TREE, sep=sep)
    assert list(flat.items()) == list(traverse_util.flatten_dict(TREE, sep=sep).items())
    assert unflatten_dict(flat, sep=sep) == traverse_util.unflatten_dict(flat, sep=sep)
    assert unflatten_dict(flat, sep=sep) == {name: node for name, node in TREE.items() if node != {}}
