"""Conversion: PySOT and MatConvNet networks become ours, exactly, or nothing is written."""

import hashlib
import json
import re
import struct
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import recorded
import yaml

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert import conversion
from drol_jax.convert.cli import main
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.source import forward as source_forward
from drol_jax.convert.torch import files as torch_files
from drol_jax.errors import UserError

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
NETWORKS = {
    "siamrpn": ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05, head_channels=8),
    "upchannel": ModelConfig(backbone="alexnet", head="upchannel_rpn", width=0.02),
}
SIAMFC = ModelConfig(backbone="alexnetlegacy2", head="siamfc")
SEVERAL = {"layers": (3, 5, 7), "adjust_channels": (4, 4, 4), "head": "multi_rpn"}
DEEP = {
    "resnet18": ModelConfig(backbone="resnet18", **SEVERAL | {"layers": (2, 3, 4)}, weighted=True),
    "mobilenet": ModelConfig(backbone="mobilenetv2", width=0.2, **SEVERAL),
    "one level": ModelConfig(
        backbone="mobilenetv2", width=0.1, layers=(7,), adjust_channels=(5,), head="depthwise_rpn", head_channels=3
    ),
}
ALL = [
    *NETWORKS.values(),
    *DEEP.values(),
    recorded.model("siammask_r50_l3"),
    SIAMFC,
    ModelConfig(backbone="alexnetlegacy", head="siamfc", width=0.05),
    ModelConfig(backbone="alexnetlegacy2", head="depthwise_rpn", head_channels=4),
]


def write_config(folder, model):
    tree = {"model": json.loads(json.dumps(asdict(model)))}
    tree["hyper"] = {"penalty_k": 0.1, "window_influence": 0.4, "size_lr": 0.3}
    path = folder / "tiny.yaml"
    path.write_text(yaml.safe_dump(tree))
    return path


def differences(variables, model, theirs):
    """Of the converted network from the source's answer on the fixed images."""
    images = conversion.fixed_images()
    return conversion.differences(conversion.our_answer(variables, model, *images, source_forward.MASK_CELL), theirs)


def source_pictures():
    """The fixed images as PySOT takes them: BGR, channels first."""
    return [image[..., ::-1].transpose(2, 0, 1) for image in conversion.fixed_images()]


def random_state(model, seed=0):
    draws = np.random.default_rng(seed)
    return {n: draws.uniform(0.5, 1.5, shape).astype(np.float32) for n, shape in pysot_names.expected(model).items()}


@pytest.fixture(scope="module")
def siamrpn_state():
    return torch_files.read_state_dict(GOLDEN / "torch_siamrpn.pth")


def write_legacy(path, state):
    """A state dict as PyTorch 0.4 wrote it."""
    from test_torch_files import as_legacy

    def text(value):
        return b"X" + struct.pack("<I", len(value)) + value.encode()

    def numbers(values):
        return b"(" + b"".join(b"J" + struct.pack("<i", n) for n in values) + b"t"

    data, storages = b"\x80\x02}(", []
    for name, array in state.items():
        array = np.ascontiguousarray(array, "<f4")
        strides = [s // 4 for s in array.strides]
        data += text(name) + b"ctorch._utils\n_rebuild_tensor_v2\n((" + text("storage") + b"ctorch\nFloatStorage\n"
        data += text(name) + text("cpu") + b"J" + struct.pack("<i", array.size) + b"NtQK\0"
        data += numbers(array.shape) + numbers(strides) + b"\x89}tR"
        storages.append((name, array.tobytes()))
    return as_legacy(path, data + b"u.", storages)


@pytest.mark.parametrize("model", ALL, ids=lambda m: f"{m.backbone}-{m.head}-{len(m.layers)}")
def test_names_and_layouts_go_there_and_back_bit_for_bit(model):
    state = random_state(model)
    original = dict(state)
    back = pysot_names.to_pysot(pysot_names.to_flax(state, model, consume=True), model)
    assert list(back) == list(original)
    assert not state, "the arrays were taken out"
    for name, array in original.items():
        np.testing.assert_array_equal(back[name].view(np.int32), array.view(np.int32))
    sources = [entry.source for entry in pysot_names.table(model)]
    paths = [entry.path for entry in pysot_names.table(model)]
    assert len(set(sources)) == len(set(paths)) == len(sources)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_names_are_those_of_pysots_own_classes(name):
    state = torch_files.read_state_dict(GOLDEN / f"torch_{name}.pth")
    kept = {key: array.shape for key, array in state.items() if not key.endswith("num_batches_tracked")}
    assert kept == pysot_names.expected(NETWORKS[name])


@pytest.mark.parametrize("name", NETWORKS)
def test_the_numpy_forward_pass_gives_pytorchs_answer(name):
    state = torch_files.read_state_dict(GOLDEN / f"torch_{name}.pth")
    answers = source_forward.answer(state, NETWORKS[name], *source_pictures())
    with np.load(GOLDEN / "torch_answers.npz") as recorded:
        for part, answer in answers.items():
            wanted = recorded[f"{name}/{part}"]
            np.testing.assert_allclose(answer, wanted, atol=1e-5 * np.abs(wanted).max(), rtol=0)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_converted_network_gives_pytorchs_answer(name):
    state = torch_files.read_state_dict(GOLDEN / f"torch_{name}.pth")
    with np.load(GOLDEN / "torch_answers.npz") as recorded:
        wanted = {key.split("/")[1]: recorded[key].astype(np.float64) for key in recorded if key.startswith(name)}
    variables = pysot_names.to_flax(state, NETWORKS[name])
    found = differences(variables, NETWORKS[name], wanted)
    assert max(found.values()) < 1e-5, found


@pytest.mark.parametrize("model", [SIAMFC, ModelConfig(backbone="alexnetlegacy", head="siamfc", width=0.25)])
def test_siamfcs_groups_and_order_of_layers_are_the_sources(model):
    state = {name: (array - 1) * 0.1 if array.ndim == 4 else array for name, array in random_state(model).items()}
    variables = pysot_names.to_flax(state, model)
    found = differences(variables, model, source_forward.answer(state, model, *source_pictures()))
    assert max(found.values()) < 1e-4, found


def test_a_checkpoint_converts_from_the_command_line_as_a_user_types_it(tmp_path):
    config, output = write_config(tmp_path, NETWORKS["siamrpn"]), tmp_path / "out"
    source = GOLDEN / "torch_siamrpn.pth"
    command = [sys.executable, "convert/pysot_to_flax.py", source, "--config", config, "--output", output]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "largest difference" in done.stdout
    assert re.search(r"left out, for no tracker reads them: .*\d named num_batches_tracked\n", done.stdout)
    loaded = checkpoint.load(output, NETWORKS["siamrpn"])
    assert loaded.card["source"]["file"] == "torch_siamrpn.pth"
    assert loaded.card["source"]["sha256"] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert loaded.card["converter"] == {"name": "pysot_to_flax", "version": conversion.VERSION}
    assert (loaded.card["config"], loaded.card["image_channels"]) == ("tiny", "RGB")
    assert loaded.card["model"] == json.loads(json.dumps(asdict(NETWORKS["siamrpn"])))
    assert loaded.card["largest_difference"] < 1e-5
    state = torch_files.read_state_dict(source)
    back = pysot_names.to_pysot(loaded.variables, NETWORKS["siamrpn"])
    assert all(np.array_equal(back[name], state[name]) for name in back)


def test_a_mistake_on_the_command_line_is_one_line_and_exit_code_2(tmp_path):
    command = [sys.executable, "convert/pysot_to_flax.py", "gone.pth", "--config", "siamrpn_alex_tiny"]
    done = subprocess.run([*command, "--output", str(tmp_path / "out")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr == "error: gone.pth cannot be read (No such file or directory); check the path\n"
    assert not (tmp_path / "out").exists()


def test_a_second_conversion_replaces_the_first_only_with_force(tmp_path, capsys):
    config, output = write_config(tmp_path, NETWORKS["upchannel"]), tmp_path / "out"
    arguments = [str(GOLDEN / "torch_upchannel.pth"), "--config", str(config), "--output", str(output)]
    assert main(["pysot", *arguments]) == 0
    assert main(["pysot", *arguments]) == 2
    assert "--force" in capsys.readouterr().err
    assert main(["pysot", *arguments, "--force"]) == 0


def renamed(state):
    return {("rpn_head.cls.head.9.bias" if n == "rpn_head.cls.head.3.bias" else n): a for n, a in state.items()}


@pytest.mark.parametrize(
    ("damage", "parts"),
    [
        (
            renamed,
            ["missing (1): rpn_head.cls.head.3.bias [10]", "extra (1): rpn_head.cls.head.9.bias [10]"],
        ),
        (
            lambda s: (
                s | {"backbone.features.0.weight": np.zeros((4, 1, 11, 11)), "rpn_head.loc.head.3.bias": np.ones(4)}
            ),
            [
                "misshapen (2)",
                "backbone.features.0.weight is [4, 1, 11, 11], wanted [4, 3, 11, 11]",
                "rpn_head.loc.head.3.bias is [4], wanted [20]",
            ],
        ),
        (
            lambda s: s | {"backbone.features.0.bias": np.full(4, np.nan)},
            ["not finite (1): backbone.features.0.bias"],
        ),
        (
            # A variance below -epsilon is finite, but the network is not.
            lambda s: s | {"backbone.features.1.running_var": np.full(4, -1.0)},
            ["differs from", "nothing was saved"],
        ),
    ],
)
def test_a_state_dict_that_does_not_fit_lists_every_array_and_writes_nothing(
    damage, parts, siamrpn_state, tmp_path, capsys
):
    state = {name: a for name, a in siamrpn_state.items() if not name.endswith("num_batches_tracked")}
    source = write_legacy(tmp_path / "bad.pth", damage(state))
    config, output = write_config(tmp_path, NETWORKS["siamrpn"]), tmp_path / "out"
    assert main(["pysot", str(source), "--config", str(config), "--output", str(output)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert all(part in error for part in parts), error
    assert not output.exists()


def test_a_number_type_that_is_no_weight_is_named(siamrpn_state):
    state = siamrpn_state | {"backbone.features.0.bias": np.ones(4, np.int64)}
    with pytest.raises(UserError, match=r"not floating-point \(1\): backbone\.features\.0\.bias is int64"):
        pysot_names.to_flax(state, NETWORKS["siamrpn"])


def test_a_network_that_answers_differently_is_not_saved(siamrpn_state, tmp_path):
    model = NETWORKS["siamrpn"]
    variables = pysot_names.to_flax(siamrpn_state, model)
    variables["params"]["head"]["loc"]["output_conv"]["bias"][3] += 1.0
    source, output = GOLDEN / "torch_siamrpn.pth", tmp_path / "new" / "out"
    job = conversion.Job(source=source, config="tiny", model=model, output=output)
    with pytest.raises(UserError, match="nothing was saved"):
        conversion.check_and_save(
            variables, job, lambda z, x: source_forward.answer(siamrpn_state, model, *source_pictures()), "test"
        )
    assert not list(tmp_path.iterdir())


def test_colours_are_turned_once(siamrpn_state):
    kernel = pysot_names.to_flax(siamrpn_state, NETWORKS["siamrpn"])["params"]["backbone"]["conv1"]["kernel"]
    blue = siamrpn_state["backbone.features.0.weight"][:, 0]
    np.testing.assert_array_equal(kernel[:, :, 2], blue.transpose(1, 2, 0))


def test_fixed_pictures_are_the_same_on_every_machine():
    z, x = conversion.fixed_images()
    assert (z.shape, x.shape, z.dtype) == ((127, 127, 3), (191, 191, 3), np.float32)
    assert [int(image.astype(np.float64).sum()) for image in (z, x)] == [6_194_462, 13_993_670]
