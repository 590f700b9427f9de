"""Each fast form of a convolution beside the plain one: the layers that a search goes through, and the same numbers."""

import json

import jax
import numpy as np
import pytest

from drol_jax.bench.parts import kernels
from drol_jax.bench.subject import Subject

pytest_plugins = ["bench_runs"]


@pytest.fixture(scope="module")
def layers(tmp_path_factory):
    scratch = str(tmp_path_factory.mktemp("weights"))
    return {
        config: list(kernels.layers(Subject(config, None, None, scratch)))
        for config in ("nanotrack_v2", "siamrpn_alex_tiny")
    }


def test_every_layer_with_a_fast_form_is_met_once(layers):
    found = [layer.shape for layer in layers["nanotrack_v2"]]
    assert [shape.form for shape in found].count("space_to_depth") == 1
    # A filter in each of eight blocks, six in each of the two towers.
    assert [shape.form for shape in found].count("by_channel") == 8 + 12
    assert found[0].image == (1, 257, 257, 3) and found[0].kernel == (3, 3, 3, 16) and found[0].stride == 2


@pytest.mark.parametrize("config", ["nanotrack_v2", "siamrpn_alex_tiny"])
def test_both_forms_of_a_layer_give_the_same_map(layers, config):
    draws = np.random.default_rng(3)
    for layer in {layer.shape: layer for layer in layers[config]}.values():
        x = draws.normal(size=layer.shape.image).astype(np.float32)
        with jax.default_matmul_precision("highest"):
            fast, plain = (
                np.asarray(form(x, kernel))
                for form, kernel in zip((layer.fast, layer.plain), layer.kernels, strict=True)
            )
        assert fast.shape == plain.shape
        np.testing.assert_allclose(fast, plain, atol=1e-5 * float(np.abs(plain).max()), rtol=0)


def test_the_table_tells_each_shape_with_its_ratio(bench, plain_config, tmp_path):
    record = tmp_path / "kernels.json"
    code, out, _ = bench("--only", "kernels", "--config", plain_config, "--repeat", "1", "--json", record)
    assert code == 0 and "space_to_depth" in out and "plain, ms" in out
    (row,) = json.loads(record.read_text())["rows"]
    shapes = row["parts"]["kernels"]["shapes"]
    assert shapes[0]["form"] == "space_to_depth" and shapes[0]["layers"] == 1
    for shape in shapes:
        assert shape["fast_ms"]["median"] > 0
        assert shape["faster"]["median"] == pytest.approx(shape["plain_ms"]["median"] / shape["fast_ms"]["median"])
