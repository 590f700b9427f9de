"""`--check`: the converted network beside the source's own code, here a stand-in for both PyTorch and PySOT."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from test_convert import GOLDEN, NETWORKS, ROOT, write_config

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert import conversion
from drol_jax.convert.cli import main
from drol_jax.convert.source import checkout as source_checkout
from drol_jax.errors import UserError

TORCH = """
import contextlib

class Tensor:
    def __init__(self, array):
        self.array = array

    def numpy(self):
        return self.array

from_numpy = Tensor
no_grad = contextlib.nullcontext
"""

CONFIG = """
class Cfg:
    def merge_from_file(self, path):
        open(path).close()

cfg = Cfg()
"""

BUILDER = """
import numpy as np
from drol_jax.convert.source import forward as source_forward
from drol_jax.config import ModelConfig
from drol_jax.errors import UserError
from torch import Tensor
from pysot.core.config import cfg

class Backbone:
    def register_forward_hook(self, hook):
        self.hook = hook
        return self

    def remove(self):
        self.hook = None

class ModelBuilder:
    def __init__(self):
        self.backbone = Backbone()

    def eval(self):
        return self

    def load_state_dict(self, tensors, strict):
        self.state = {name: tensor.numpy() for name, tensor in tensors.items()}
        return MISSING, ["backbone.features.1.num_batches_tracked"]

    def template(self, z):
        self.z = z.numpy()[0]

    def track(self, x):
        model = ModelConfig(backbone="alexnetlegacy", head="depthwise_rpn", width=0.05, head_channels=8)
        maps = source_forward.answer(self.state, model, self.z, x.numpy()[0])
        self.maps = {name: Tensor(array[None]) for name, array in maps.items()}
        self.maps["cls"].array[0, 3, 4, 5] *= FACTOR
        self.backbone.hook(None, None, self.maps["search_feature"])
        return {"cls": self.maps["cls"], "loc": self.maps["loc"]}
"""
# The template's feature is asked for before the search region is there.
BUILDER = BUILDER.replace(
    "self.z = z.numpy()[0]",
    """self.z = z.numpy()[0]
        self.track(Tensor(np.zeros((1, 3, 255, 255), np.float32)))
        self.backbone.hook(None, None, self.maps["template_feature"])""",
)


def make_checkout(folder: Path, factor=1.0, missing=()):
    files = {
        "torch.py": TORCH,
        "pysot/__init__.py": "",
        "pysot/core/__init__.py": "",
        "pysot/core/config.py": CONFIG,
        "pysot/models/__init__.py": "",
        "pysot/models/model_builder.py": f"FACTOR = {factor}\nMISSING = {list(missing)}\n" + BUILDER,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def checked(tmp_path, monkeypatch, capsys):
    """Convert with --check; the exit code and what was said."""
    monkeypatch.setattr(source_checkout, "find_spec", lambda name: SimpleNamespace(name=name))
    # As XLA writes kernels by default, whatever the other tests are compiled with.
    monkeypatch.setitem(conversion.COMPILER, "xla_cpu_use_fusion_emitters", True)
    # The stand-in for PyTorch comes before a real one.
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path / 'checkout'}:{ROOT}")
    config, output = write_config(tmp_path, NETWORKS["siamrpn"]), tmp_path / "out"

    def run(checkout, config=config, *more):
        arguments = [str(GOLDEN / "torch_siamrpn.pth"), "--config", str(config), "--output", str(output)]
        code = main(["pysot", *arguments, "--check", str(checkout), *more])
        assert output.exists() == (code == 0)
        captured = capsys.readouterr()
        assert captured.err.count("\n") == (code != 0)
        return code, captured.out + captured.err

    return run


def test_networks_that_agree_are_saved_and_the_card_says_so(checked, tmp_path):
    code, said = checked(make_checkout(tmp_path / "checkout"), tmp_path / "tiny.yaml", "--check-seed", "3")
    assert code == 0, said
    assert "own network on 2 pairs of random images (seed 3)" in said
    card = checkpoint.load(tmp_path / "out", NETWORKS["siamrpn"]).card
    assert card["checkout"]["seed"] == 3
    assert card["checkout"]["largest_difference"] < 1e-5


def test_networks_that_differ_are_exit_code_1_and_nothing_is_saved(checked, tmp_path):
    code, said = checked(make_checkout(tmp_path / "checkout", factor=1.1))
    assert code == 1
    assert "nothing was saved; check that the checkout is the checkpoint's" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkout", "tiny.yaml"]


def test_a_checkout_of_another_network_names_the_arrays(checked, tmp_path):
    code, said = checked(make_checkout(tmp_path / "checkout", missing=["neck.downsample.0.weight"]))
    assert code == 2
    assert "torch_siamrpn.pth lacks neck.downsample.0.weight" in said


def test_a_checkout_without_a_place_for_siamfcs_bias_is_no_other_network():
    model = ModelConfig(backbone="alexnetlegacy", head="siamfc", width=0.05)
    job = SimpleNamespace(model=model, source="ours.pth", check="checkout", config="ours")
    source_checkout._check_names(job, [], ["backbone.corr_bias"])
    with pytest.raises(UserError, match=r"checkout has no backbone\.other_bias"):
        source_checkout._check_names(job, [], ["backbone.corr_bias", "backbone.other_bias"])


def test_a_checkout_that_cannot_run_says_why(checked, tmp_path):
    checkout = make_checkout(tmp_path / "checkout")
    (checkout / "pysot" / "core" / "config.py").write_text("import yacs_that_is_not_installed")
    code, said = checked(checkout)
    assert code == 2
    assert "ModuleNotFoundError: No module named 'yacs_that_is_not_installed'" in said


def test_what_cannot_be_checked_is_told_before_the_work(checked, tmp_path, monkeypatch):
    code, said = checked(tmp_path)
    assert (code, "no PySOT source is there" in said) == (2, True)
    code, said = checked(make_checkout(tmp_path / "checkout"), "siamrpn_alex_otb")
    assert (code, "experiments/NAME/config.yaml, not siamrpn_alex_otb" in said) == (2, True)
    monkeypatch.setattr(source_checkout, "find_spec", lambda name: None)
    code, said = checked(tmp_path / "checkout")
    assert (code, "pip install torch yacs" in said) == (2, True)


def test_the_help_warns_that_the_checkout_s_code_runs(capsys):
    with pytest.raises(SystemExit):
        main(["pysot", "--help"])
    assert "runs the code in that folder" in " ".join(capsys.readouterr().out.replace("│", " ").split())
