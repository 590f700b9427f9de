"""Files that are broken or hostile: each is refused in one line, or read; nothing hangs, nothing else is raised."""

import io
import json
import random
import struct
import zipfile
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
import small_tracker
from test_checkpoint import TINY, variables  # noqa: F401  a fixture

from drol_jax import checkpoint
from drol_jax.convert.torch.files import read_state_dict
from drol_jax.errors import UserError
from drol_jax.follow import snapshot
from drol_jax.image.frames import read
from drol_jax.results.regions import read_regions
from drol_jax.tracking.engine import Engine
from drol_jax.tracks.read import read_tracks
from drol_jax.tracks.starts import Start, read_starts
from drol_jax.tracks.table import Video
from drol_jax.video.frame import VideoFrame

pytestmark = pytest.mark.attack
TRIES = 200
VIDEO = Video(name="a.mp4", width=640, height=480, rate=Fraction(25), frames=None)


def mutated(content, rng):
    """The content with bytes changed, cut out, doubled or cut off."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) or 1)
        kind = rng.randrange(4)
        if kind == 0 and data:
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at : at + rng.randrange(1, 40)]
        elif kind == 2:
            data[at:at] = data[at : at + rng.randrange(1, 40)]
        else:
            del data[max(at, 1) :]
    return bytes(data)


def refused_or_read(load, path):
    told = ""
    try:
        load(path)
    except UserError as error:
        told = str(error)
    assert "\n" not in told
    return bool(told)


def attack(path, content, load):
    rng = random.Random(0)
    refused = 0
    for _ in range(TRIES):
        path.write_bytes(mutated(content, rng))
        refused += refused_or_read(load, path)
    assert refused > 0


@pytest.mark.parametrize("ending", [".png", ".jpg", ".bmp", ".webp"])
def test_pictures(ending, tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    attack(tmp_path / f"frame{ending}", cv2.imencode(ending, image)[1].tobytes(), read)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 65_000), (65_000, 1), (3, 20_000)])
def test_pictures_of_odd_sizes(height, width, tmp_path):
    image = np.full((height, width, 3), 90, np.uint8)
    path = tmp_path / "frame.png"
    path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    np.testing.assert_array_equal(read(path), image)
    path.write_bytes(b"")
    assert refused_or_read(read, path)


def test_weights_of_one_file(tmp_path, variables):  # noqa: F811
    path = checkpoint.save(tmp_path / "tiny.safetensors", variables, TINY, {"source": {}})
    attack(path, path.read_bytes(), lambda path: checkpoint.load(path, TINY))


@pytest.mark.parametrize("size", [0, 1, 2**31, 2**63, 2**64 - 1])
@pytest.mark.parametrize("header", [b"", b"{}", b"[]", b'{"a": 1}', b'{"a": {"dtype": "F64", "shape": [-1]}}'])
def test_weights_whose_header_lies(size, header, tmp_path):
    path = tmp_path / "w.safetensors"
    path.write_bytes(struct.pack("<Q", size) + header)
    assert refused_or_read(lambda path: checkpoint.load(path, TINY), path)


def test_checkpoints_of_pytorch(tmp_path):
    for name in ("torch_forms_zip.pth", "torch_forms_legacy.pth"):
        content = (Path(__file__).parents[1] / "golden" / name).read_bytes()
        attack(tmp_path / name, content, read_state_dict)


@pytest.mark.parametrize("member", ["../../out", "/out", "a/../../out", "data.pkl", "x" * 60_000, "a\nb", "a\0b"])
def test_archives_with_odd_members(member, tmp_path):
    (tmp_path / "in").mkdir()
    path, memory = tmp_path / "in" / "w.pth", io.BytesIO()
    with zipfile.ZipFile(memory, "w") as archive:
        archive.writestr(member, b"0" * 1000)
    path.write_bytes(memory.getvalue())
    assert refused_or_read(read_state_dict, path)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_snapshots_of_a_run_to_go_on_from(tmp_path):
    tracker, starts = small_tracker.tracker(online=False), [Start(0, "a", small_tracker.BOX)]
    engine, path = Engine(tracker, starts), tmp_path / "follower.npz"
    engine.step(VideoFrame(number=0, time=0.0, image=small_tracker.picture()))
    snapshot.save(engine.follower, path, 0)
    attack(path, path.read_bytes(), lambda path: snapshot.restore(Engine(tracker, starts).follower, path))


START = {
    "x.csv": "frame,name,x,y,w,h\n1,a,10,20,30,40\n1,b,1,2,3,4\n",
    "gt.txt": "1,1,10,20,30,40,1,-1,-1,-1\n2,1,11,20,30,40,1,-1,-1,-1\n",
    "coco.json": json.dumps(
        {
            "images": [{"id": 1, "file_name": "a", "width": 640, "height": 480}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 2, 30, 40]}],
            "categories": [{"id": 1, "name": "a"}],
        }
    ),
}


@pytest.mark.parametrize("name", START)
def test_start_boxes(name, tmp_path):
    attack(tmp_path / name, START[name].encode(), lambda path: read_starts(path, VIDEO))


@pytest.mark.parametrize("load", [read_tracks, read_regions], ids=["tracks", "results"])
def test_results(load, tmp_path):
    attack(tmp_path / "r.txt", b"10,20,30,40\n11,20,30,40\n1,2,3,4,5,6,7,8\n1\n" * 5, load)
