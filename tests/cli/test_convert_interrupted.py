"""Ctrl-C ends a converter with one line and exit code 130, whenever it comes, and leaves nothing behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from drol_jax import checkpoint
from drol_jax.config import ModelConfig
from drol_jax.convert import flax_to_pysot
from drol_jax.convert.cli import main
from drol_jax.train.initial import fresh_variables

ROOT = Path(__file__).parents[2]
TINY = ModelConfig(backbone="alexnet", head="siamfc", width=0.02)
CTRL_C = "import os, signal; os.kill(os.getpid(), signal.SIGINT)\n"
WAIT = "import time; time.sleep(60)\n"


def ended(folder, *command):
    """Exit code and standard error of Python with these arguments, to which the folder's modules come first."""
    places = os.pathsep.join(map(str, (folder, ROOT)))
    environment = {**os.environ, "PYTHONPATH": places}
    done = subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True)
    return done.returncode, done.stderr


@pytest.mark.parametrize("name", ["pysot_to_flax", "siammask_to_flax", "siamfc_mat_to_flax", "flax_to_pysot"])
def test_while_a_converter_is_imported(name, tmp_path):
    (tmp_path / "numpy.py").write_text(CTRL_C)
    arguments = ["weights", "--config", "siamrpn_alex_tiny", "--output", "out"]
    assert ended(tmp_path, f"convert/{name}.py", *arguments) == (130, "interrupted\n")


@pytest.mark.parametrize(
    "work",
    [
        CTRL_C + WAIT,
        # Python drops what a callback of the garbage collector raises.
        "import gc; gc.callbacks.append(callback); gc.collect(); " + WAIT,
    ],
    ids=["in its work", "in a callback that may not raise"],
)
def test_while_a_converter_works(work, tmp_path):
    callback = "def callback(*_):\n    import gc; gc.callbacks.clear(); " + CTRL_C
    body = "\n".join(f"    {line}" for line in work.splitlines())
    (tmp_path / "slow.py").write_text(f"{callback}\ndef main(argv):\n{body}\n")
    assert ended(tmp_path, "-c", "from drol_jax.system.interrupts import start; start('slow', [])") == (
        130,
        "interrupted\n",
    )


@pytest.mark.parametrize("target", ["new/tiny", "new/tiny.safetensors"])
def test_while_the_networks_are_compared(target, tmp_path):
    def compare():
        signal.raise_signal(signal.SIGINT)
        raise AssertionError

    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path / target, fresh_variables(TINY, 0), TINY, verify=compare)
    assert not list(tmp_path.iterdir())
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


class Card(Mapping):
    """A card's entries, read while weights are written; then Ctrl-C comes."""

    read = 0

    def __getitem__(self, key):
        raise AssertionError

    def __len__(self):
        return 0

    def __bool__(self):
        return True

    def __iter__(self):
        signal.raise_signal(signal.SIGINT)
        self.read += 1
        return iter(())


@pytest.mark.parametrize("target", ["new/tiny", "new/tiny.safetensors"])
def test_while_weights_are_written_which_ends_and_shows_nothing(target, tmp_path):
    card = Card()
    with pytest.raises(KeyboardInterrupt):
        checkpoint.save(tmp_path / target, fresh_variables(TINY, 0), TINY, card)
    assert card.read == 1
    assert not list(tmp_path.iterdir())


def test_while_a_pysot_file_is_written(tmp_path, monkeypatch, capsys):
    def interrupted(path, *more, write=flax_to_pysot.write_state_dict):
        signal.raise_signal(signal.SIGINT)
        write(path, *more)

    monkeypatch.setattr(flax_to_pysot, "write_state_dict", interrupted)
    arguments = ["siamrpn_alex_tiny", "--config", "siamrpn_alex_tiny", "--output", str(tmp_path / "new" / "back.pth")]
    assert main(["to-pysot", *arguments]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    assert not list(tmp_path.iterdir())
