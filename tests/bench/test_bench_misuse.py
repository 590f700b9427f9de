"""The bench's command line: misuse is one line and exit code 2; one tracker that fails does not stop the others."""

import json
import subprocess
import sys

import pytest

pytest_plugins = ["bench_runs"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--config", "unheard_of"], "no such configuration"),
        (["--config", ","], "names nothing"),
        (["--device", "abacus"], "--device abacus: no such thing; give some of cpu, gpu, tpu"),
        (["--precision", "float8"], "give some of float32, tf32, bfloat16"),
        (["--only", "compile,luck"], "--only luck: no such thing"),
        (["--lanes", "1,many"], "positive whole numbers"),
        (["--lanes", "0"], "positive whole numbers"),
        (["--frames", "2"], "give at least 3"),
        (["--repeat", "0"], "give at least 1"),
        (["--threads", "0"], "--threads 0: give 1 to"),
        (["--workload", "otb100", "--workload-scale", "2"], "give a share"),
        (["--workload-scale", "0.5"], "name a benchmark with that"),
        (["--workload", "otb100", "--frames", "9"], "--frames 9: no part of workload runs on the video"),
        (["--scores", "Synth", "--frames", "9"], "--frames 9: no part of scores runs on the video"),
        (["--workload", "otb100", "--repeat", "2"], "--repeat 2: no part of workload is repeated"),
        (["--config", "nanotrack_v1,nanotrack_v2", "--weights", "x"], "give one --config"),
        (["--plot", "rates.pdf"], ".png or .svg"),
        (["--plot", "x.png", "--only", "kernels"], "draws the frame rates of loop and lanes, and neither is measured"),
        (["--plot", "x.png", "--against", "opencv"], "draws the frame rates of loop and lanes"),
        (["--json", "no/such/folder/b.json"], "there is no folder no/such/folder"),
        (["--json", "b" * 300], "cannot be written (File name too long)"),
        (["--plot", f"{'b' * 300}.svg"], "cannot be written (File name too long)"),
        (["--scores", "Sinth"], "Synth"),
        (["--scores", "Synth", "--sequences", "no_such_car"], "no_such_car"),
        (["--scores", "OTB100", "--data-root", "nowhere"], "nowhere"),
        (["--sequences", "dusk_car"], "name a dataset"),
        (["--data-root", "data"], "name one with --scores"),
        (["--plugin", "gone.py"], "--plugin gone.py: no such file"),
        (["--against", "."], "a PySOT or DROL checkout"),
        (["--against-python", "python3"], "name a checkout"),
    ],
)
def test_misuse_is_one_line_and_exit_code_2(bench, arguments, words):
    code, out, err = bench(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ")
    assert len(err.splitlines()) == 1
    assert words in err


def test_a_device_that_is_not_there_is_misuse(bench, small_config):
    code, out, err = bench("--config", small_config, "--only", "loop", "--device", "tpu")
    assert (code, out) == (2, "")
    assert "--device tpu: jax finds" in err


def test_a_device_that_is_not_there_is_told_of_before_another_is_measured(bench, plain_config):
    code, out, err = bench("--config", plain_config, "--only", "loop", "--quick", "--device", "cpu,tpu")
    assert (code, out) == (2, "")
    assert err.startswith("error: --device tpu: jax finds")


@pytest.fixture
def broken(tmp_path):
    path = tmp_path / "broken.yaml"
    path.write_text("model: {backbone: alexnet, head: of_cabbage}\nhyper: {}\n")
    return path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--weights", "nowhere"], "no weights at nowhere"),
        (["--config", "siamrpn_alex_otb", "--weights", "siamrpn_alex_tiny"], "weights of another network"),
    ],
)
def test_misuse_that_the_measuring_process_finds_is_no_less_misuse(bench, arguments, words):
    code, out, err = bench(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and words in err
    assert len(err.splitlines()) == 1


def test_where_no_tracker_can_be_loaded_it_is_misuse_told_once(bench, broken):
    code, out, err = bench("--config", broken, "--only", "loop", "--precision", "float32,tf32")
    assert (code, out) == (2, "")
    assert err.splitlines()[-1].count("model.head is 'of_cabbage'") == 1


def test_a_cache_folder_that_is_a_file_is_told_of_with_what_helps(bench, broken):
    code, out, err = bench("--cache-dir", broken)
    assert (code, out) == (2, "")
    assert (
        err == f"error: --cache-dir {broken}: the folder cannot be made (File exists); name another, or leave it away\n"
    )


def test_a_tracker_that_cannot_be_loaded_is_named_and_the_others_go_on(bench, plain_config, broken, tmp_path):
    both = f"{broken},{plain_config}"
    code, out, err = bench("--config", both, "--only", "loop", "--quick", "--json", tmp_path / "b.json")
    assert code == 1
    assert f"FAILED {broken} (tracker)" in out
    assert "model.head is 'of_cabbage'" in err
    bad, good = json.loads((tmp_path / "b.json").read_text())["rows"]
    assert "error" in bad and "error" not in good
    assert good["parts"]["loop"]["off"]["fps"]["median"] > 0


def test_help_needs_no_jax():
    code = "import sys; from drol_jax.bench.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit('jax' in sys.modules)"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "--against" in done.stdout


def test_scores_may_be_of_a_plug_in_s_dataset(bench, tmp_path):
    code = """
import numpy as np, drol_jax
boxes = np.tile([8.0, 6, 12, 10], (4, 1))
walk = drol_jax.datasets.Sequence("walk", (lambda: np.zeros((40, 60, 3), np.uint8),) * 4, boxes)
PLUGIN = drol_jax.Plugin(name="mine", datasets={"Mine": lambda root: [walk]})
"""
    (tmp_path / "mine.py").write_text(code)
    told = bench("--plugin", str(tmp_path / "mine.py"), "--scores", "Mine", "--sequences", "wulk")
    assert told[:2] == (2, "")
    assert "the nearest is 'walk'" in told[2]
