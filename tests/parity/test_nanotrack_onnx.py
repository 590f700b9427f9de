"""NanoTrack as ONNX: the release's pair becomes the weights of its .pth file, ours become what OpenCV runs."""

import cv2
import jax
import numpy as np
import pytest
import recipe
from realdata import REALDATA

from drol_jax import checkpoint
from drol_jax.convert import flax_to_opencv, onnx_to_flax
from drol_jax.convert.cli import main
from drol_jax.convert.conversion import Job
from drol_jax.convert.names import pysot as pysot_names
from drol_jax.convert.onnx import graph as graphs
from drol_jax.convert.torch import files as torch_files
from drol_jax.errors import UserError
from drol_jax.nets.inference.fold import fold
from drol_jax.settings import load_model

VERSIONS = (1, 2, 3)
PAIRS = REALDATA / "weights" / "onnx"
needs_weights = pytest.mark.skipif(not PAIRS.exists(), reason=f"no trained weights in {PAIRS}")


def released(version):
    """The release's backbone and head."""
    folder = PAIRS / f"nanotrackv{version}"
    return tuple(next(folder.glob(f"*{part}*.onnx")) for part in ("backbone", "head"))


def made(version, folder, state=None):
    """Variables, and the pair that is written of them."""
    model = load_model(f"nanotrack_v{version}")
    state = recipe.state_dict(pysot_names.expected(model)) if state is None else state
    variables = pysot_names.to_flax(state, model)
    paths = tuple(folder / name for name in flax_to_opencv.FILES)
    for path, content in zip(paths, flax_to_opencv.messages(variables, model), strict=True):
        path.write_bytes(content)
    return variables, paths


def read(version, pair):
    config = f"nanotrack_v{version}"
    job = Job(source=pair[0], head=pair[1], config=config, model=load_model(config), output=pair[0])
    return onnx_to_flax.read(job)[0]


def largest_difference(found, wanted):
    """Of folded weights, over each array's scale."""
    pairs = jax.tree.leaves(jax.tree.map(lambda a, b: np.abs(a - b).max() / np.abs(b).max(), found, wanted))
    return max(pairs)


@needs_weights
@pytest.mark.parametrize("version", VERSIONS)
def test_the_releases_pair_is_its_pth_file_to_rounding(version):
    model = load_model(f"nanotrack_v{version}")
    state = torch_files.read_state_dict(REALDATA / f"weights/nanotrackv{version}.pth")
    wanted = fold(model, pysot_names.to_flax(state, model))
    assert largest_difference(fold(model, read(version, released(version))), wanted) < 1e-6


@pytest.mark.parametrize("version", VERSIONS)
def test_weights_go_into_a_pair_and_back(version, tmp_path):
    variables, pair = made(version, tmp_path)
    model = load_model(f"nanotrack_v{version}")
    assert largest_difference(fold(model, read(version, pair)), fold(model, variables)) < 1e-6


def test_a_pair_of_another_version_or_in_the_other_order_is_told_with_what_was_found(tmp_path):
    _, (backbone, head) = made(2, tmp_path)
    with pytest.raises(
        UserError, match=r"is no backbone, which has one input and one output: \d+ nodes, input1, input2"
    ):
        read(2, (head, backbone))
    with pytest.raises(UserError, match=r"has \d+ layers where the network has \d+: .*give the --config"):
        read(3, (backbone, head))
    with pytest.raises(UserError, match="nanotrack_v1, nanotrack_v2 or nanotrack_v3"):
        onnx_to_flax.check_network(load_model("siamrpn_alex_tiny"), "siamrpn_alex_tiny")


def test_a_file_that_is_cut_or_none_is_one_line(tmp_path):
    _, (backbone, _) = made(1, tmp_path)
    whole = backbone.read_bytes()
    for content in (b"", b"onnx", whole[: len(whole) // 2], whole[:-1], b"\xff" * 50):
        backbone.write_bytes(content)
        with pytest.raises(UserError, match="is no whole ONNX model") as told:
            graphs.read(backbone)
        assert "\n" not in str(told.value)


@pytest.mark.deep
@needs_weights
def test_both_ways_from_the_command_line(tmp_path, capsys):
    weights, pair = tmp_path / "weights.safetensors", tmp_path / "pair"
    command = ["--config", "nanotrack_v2", "--output"]
    assert main(["onnx", *map(str, released(2)), *command, str(weights)]) == 0
    assert main(["to-opencv", str(weights), *command, str(pair)]) == 0
    assert sorted(path.name for path in pair.iterdir()) == sorted(flax_to_opencv.FILES)
    assert main(["to-opencv", str(weights), *command, str(pair)]) == 2
    assert "--force" in capsys.readouterr().err
    source = checkpoint.load(weights, load_model("nanotrack_v2")).card["source"]
    assert (source["file"], source["head"]["file"]) == tuple(path.name for path in released(2))


@pytest.mark.deep
@pytest.mark.parametrize("version", VERSIONS)
def test_a_written_pair_answers_as_our_network_by_opencv_and_by_definition(version, tmp_path):
    variables, pair = made(version, tmp_path)
    assert flax_to_opencv.compare(variables, load_model(f"nanotrack_v{version}"), *pair) < 1e-4


@pytest.mark.deep
@needs_weights
@pytest.mark.skipif(not hasattr(cv2, "TrackerNano_create"), reason="this OpenCV has no TrackerNano")
@pytest.mark.parametrize("name", ["Couple", "Crossing"])
@pytest.mark.parametrize("version", [1, 2])
def test_opencvs_tracker_gives_the_boxes_of_the_released_pair(version, name, tmp_path):
    state = torch_files.read_state_dict(REALDATA / f"weights/nanotrackv{version}.pth")
    ours, theirs = (boxes(pair, name) for pair in (made(version, tmp_path, state)[1], released(version)))
    low = np.maximum(ours[:, :2], theirs[:, :2])
    high = np.minimum(ours[:, :2] + ours[:, 2:], theirs[:, :2] + theirs[:, 2:])
    common = np.prod(np.maximum(high - low, 0), axis=1)
    assert (common / (np.prod(ours[:, 2:], 1) + np.prod(theirs[:, 2:], 1) - common)).mean() >= 0.999


def boxes(pair, name):
    """float [N, 4], what OpenCV's tracker gives on a real sequence."""
    folder = REALDATA / "OTB" / name
    truth = np.loadtxt(folder / "groundtruth.txt", delimiter=",")
    frames = [cv2.imread(str(path)) for path in sorted((folder / "img").iterdir())[: len(truth)]]
    given = cv2.TrackerNano_Params()
    given.backbone, given.neckhead = map(str, pair)
    tracker = cv2.TrackerNano_create(given)
    tracker.init(frames[0], tuple(int(n) for n in truth[0] - [1, 1, 0, 0]))
    return np.array([tracker.update(frame)[1] for frame in frames[1:]], float)
