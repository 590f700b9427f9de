"""Our tracker as a TraX server: with the package where it is installed, and with what it says of itself."""

import configparser
import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import fakes_trax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from fakes_trax import FakeTrax, FileImage, MemoryImage, Polygon, Rectangle, frame, initialize
from small_tracker import BOX

from drol_jax import api
from drol_jax.errors import UserError
from drol_jax.image.boxes import box_from_polygon
from drol_jax.image.masks import corners
from drol_jax.interop import trax, trax_cli
from drol_jax.interop.session import Session
from drol_jax.interop.trax import serve, start_box
from drol_jax.tracker.masks import Mask

TRACKER = small_tracker.tracker(online=False)
SIZE = (96, 128)


@pytest.fixture
def client(monkeypatch):
    fake = FakeTrax()
    monkeypatch.setitem(sys.modules, "trax", fake)
    return fake


def picture(t):
    return MemoryImage(small_tracker.picture(t))


def found(boxes_of):
    """Boxes of a session of our own: a list for each start, of what follows in the frames after."""
    session, rows = Session(TRACKER), []
    for first, box, frames in boxes_of:
        state, row = session.start(small_tracker.picture(first), box), []
        for t in frames:
            state, result = session.follow(state, small_tracker.picture(t))
            row.append(result)
        rows.append(row)
    return rows


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "trax", None)
    with pytest.raises(UserError, match=r"trax cannot be imported .* pip install 'drol_jax\[vot\]'"):
        serve(TRACKER, *SIZE)


def test_the_command_says_so_too_before_anything_compiles(tmp_path):
    # A folder in the way of the package, where it is installed.
    (tmp_path / "trax.py").write_text("raise ImportError('not here')")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    command = [sys.executable, "-m", "drol_jax.eval", "trax"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: trax cannot be imported (not here); pip install 'drol_jax[vot]'\n"


def test_everything_is_compiled_before_the_greeting(client, monkeypatch):
    greeted_at_step = []
    plain = api.Tracker.step

    def step(tracker, state, frame):
        greeted_at_step.append((client.greeted, frame.shape[0] * frame.shape[1]))
        return plain(tracker, state, frame)

    monkeypatch.setattr(api.Tracker, "step", step)
    serve(TRACKER, 1080, 1920)
    assert greeted_at_step == [(None, 2**19), (None, 2**21)]
    assert client.greeted == {
        "regions": ["rectangle", "polygon"],
        "images": ["path", "memory"],
        "tracker_name": "small",
        "tracker_description": "drol_jax",
        "tracker_family": "Siamese",
        "multiobject": True,
    }
    assert client.left == [None]


def test_answers_are_the_trackers_boxes_with_their_confidence(client):
    client.asked = [initialize(picture(0), Rectangle(BOX)), frame(picture(1)), frame(picture(2))]
    serve(TRACKER, *SIZE)
    (wanted,) = found([(0, BOX, (1, 2))])
    first, *rest = client.answers
    assert first == [(Rectangle(BOX), {})]
    assert rest == [[(Rectangle(tuple(r.box)), {"confidence": f"{r.score:.6f}"})] for r in wanted]


def test_objects_may_join_later_and_a_new_start_forgets_them(client):
    other = (60.0, 20.0, 20.0, 30.0)
    client.asked = [
        initialize(picture(0), Rectangle(BOX)),
        frame(picture(1), Rectangle(other)),
        frame(picture(2)),
        initialize(picture(1), Rectangle(other)),
        frame(picture(2)),
    ]
    serve(TRACKER, *SIZE)
    first, second = found([(0, BOX, (1, 2)), (1, other, (2,))])
    boxes = [[region.box for region, _ in answer] for answer in client.answers]
    assert boxes == [
        [BOX],
        [tuple(first[0].box), other],
        [tuple(first[1].box), tuple(second[0].box)],
        [other],
        [tuple(second[0].box)],
    ]


def test_pictures_come_by_path_too(client, tmp_path):
    path = tmp_path / "00000001.png"
    cv2.imwrite(str(path), small_tracker.picture(1)[..., ::-1])
    client.asked = [initialize(picture(0), Rectangle(BOX)), frame(FileImage(str(path)))]
    serve(TRACKER, *SIZE)
    ((wanted,),) = found([(0, BOX, (1,))])
    assert client.answers[1][0][0] == Rectangle(tuple(wanted.box))


def test_a_mask_tracker_answers_with_the_rotated_box(client, monkeypatch):
    plain = api.Tracker.step
    # A mask of four fifths of the box that it covers.
    inner = jnp.pad(jnp.ones((101, 101)), 13)

    def masked(*args):
        state, output = plain(*args)
        return state, replace(output, mask=Mask(probability=inner, box=jnp.array([20.0, 10.0, 60.0, 60.0])))

    monkeypatch.setattr(api.Tracker, "step", masked)
    client.asked = [initialize(picture(0), Rectangle(BOX)), frame(picture(1))]
    serve(TRACKER, *SIZE)
    points = np.array(client.answers[1][0][0].points)
    np.testing.assert_allclose((points.min(0), points.max(0)), [(26, 16), (74, 64)], atol=1.5)


def test_a_polygon_starts_the_box_that_it_starts_in_our_own_runs():
    rotated = np.array([10.0, 20, 40, 12, 46, 30, 16, 38])
    np.testing.assert_array_equal(
        start_box(Polygon([tuple(p) for p in rotated.reshape(4, 2)])), box_from_polygon(rotated)
    )
    upright = corners((3.0, 4, 20, 10)) - [0, 0, 1, 0, 1, 1, 0, 1]
    np.testing.assert_allclose(start_box(Polygon([tuple(p) for p in upright.reshape(4, 2)])), [3, 4, 20, 10])
    triangle = Polygon([(5.0, 5.0), (25.0, 9.0), (12.0, 30.0)])
    np.testing.assert_array_equal(start_box(triangle), [5, 5, 20, 25])


def test_a_region_of_another_kind_is_refused():
    with pytest.raises(UserError, match="of type mask; send a rectangle or a polygon"):
        start_box(type("M", (), {"type": "mask"})())


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        (initialize(FileImage("/nowhere/1.jpg"), Rectangle(BOX)), "/nowhere/1.jpg: image missing"),
        (initialize(MemoryImage(np.zeros((9, 9, 1), np.uint16)), Rectangle(BOX)), "frame is uint16"),
        (initialize(MemoryImage(small_tracker.picture(0)), Rectangle((500, 500, 9, 9))), "wholly outside"),
    ],
)
def test_the_client_is_told_why_the_server_leaves(client, asked, reason):
    client.asked = [asked]
    with pytest.raises(UserError, match=reason) as raised:
        serve(TRACKER, *SIZE)
    assert client.left == [str(raised.value)]


def test_a_client_that_is_not_there_or_breaks_off_is_one_clear_line(client):
    client.refused = "Exception when setting up."
    with pytest.raises(UserError, match="no TraX client: Exception when setting up"):
        serve(TRACKER, *SIZE)
    client.refused, client.broken = None, "stream closed"
    with pytest.raises(UserError, match="the TraX client broke off: stream closed"):
        serve(TRACKER, *SIZE)


def test_the_command_serves_the_tracker_that_its_options_name(client, monkeypatch, tmp_path):
    served = []
    monkeypatch.setattr(trax, "serve", lambda *args: served.append(args))
    assert trax_cli.main(["--no-online", "--seed", "3", "--largest", "640x480"]) == 0
    ((tracker, *rest),) = served
    assert (tracker.name, tracker.config.online.enabled, rest) == ("drol_nano", False, [480, 640, 3])


@pytest.mark.parametrize("largest", ["1080", "0x4", "4x-1", "wide"])
def test_a_size_that_is_none_is_misuse(largest):
    with pytest.raises(UserError, match=f"--largest '{largest}' is no size; give WIDTHxHEIGHT"):
        trax_cli.main(["--largest", largest])


def test_the_ini_section_starts_the_same_command_from_anywhere(capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "/a/100%/b")
    weights = tmp_path / "my weights"
    weights.mkdir()
    options = ["--config", "siamrpn_alex_otb", "--weights", "my weights", "--no-online", "--seed", "2", "--no-cache"]
    assert trax_cli.main(["--ini", "--timeout", "900", *options]) == 0
    reader = configparser.ConfigParser()
    reader.read_string(capsys.readouterr().out)
    section = reader["siamrpn_alex_otb_baseline"]
    assert dict(section) | {"command": ""} == {
        "label": "siamrpn_alex_otb without online learning",
        "protocol": "trax",
        "command": "",
        "timeout": "900",
        "env_pythonpath": "/a/100%/b",
    }
    python, *words = shlex.split(section["command"])
    assert Path(python).samefile(sys.executable)
    options[3] = str(weights)
    assert words == ["-m", "drol_jax.eval", "trax", *options[:7], "--largest", "1920x1080", "--no-cache"]


def test_the_ini_section_keeps_an_address_on_the_hub_as_it_is(capsys):
    assert trax_cli.main(["--ini", "--weights", "hf://owner/repository@main/weights"]) == 0
    assert "--weights hf://owner/repository@main/weights" in capsys.readouterr().out


def test_an_ini_section_for_an_unknown_configuration_is_misuse():
    with pytest.raises(UserError, match="nearest"):
        trax_cli.main(["--ini", "--config", "siamrpn_alex_syn"])


def test_the_package_itself_speaks_with_it(tmp_path):
    package = pytest.importorskip("trax", reason="needs pip install 'drol_jax[vot]'")
    from trax.client import Client  # pyright: ignore[reportMissingImports]

    paths = []
    for t in range(3):
        paths.append(str(tmp_path / f"{t}.png"))
        cv2.imwrite(paths[-1], small_tracker.picture(t)[..., ::-1])
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import small_tracker; from drol_jax.interop.trax import serve\n"
        "serve(small_tracker.tracker(online=False), 96, 128)"
    )
    command = [sys.executable, "-c", program, str(Path(__file__).parents[1] / "support")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None and process.stdout is not None
        # The package of today cannot do without a log.
        talk = Client(stream=(process.stdin.fileno(), process.stdout.fileno()), log=lambda words: None)
        assert (talk.tracker_name, talk.get("multiobject")) == ("small", True)
        assert set(talk.region_formats) == {"rectangle", "polygon"}
        start = {"color": package.FileImage.create(paths[0])}
        ((region, _),), _ = talk.initialize(start, [(package.Rectangle.create(*BOX), {})], {})
        rows = [[region.bounds()]]
        polygon = package.Polygon.create([(60.0, 20.0), (80.0, 22.0), (78.0, 50.0), (58.0, 48.0)])
        joins = {"color": package.FileImage.create(paths[1])}, {}, [(polygon, {})]
        stays = {"color": package.MemoryImage.create(small_tracker.picture(2))}, {}, []
        for asked in (joins, stays):
            answers, _ = talk.frame(*asked)
            rows.append([region.bounds() for region, _ in answers])
            assert -1 <= float(answers[0][1]["confidence"]) <= 1
        talk.quit()
        assert process.wait(60) == 0
    other = start_box(polygon)
    first, second = found([(0, BOX, (1, 2)), (1, other, (2,))])
    wanted = [[BOX], [first[0].box, other], [first[1].box, second[0].box]]
    for row, boxes in zip(rows, wanted, strict=True):
        np.testing.assert_allclose(row, boxes, atol=1e-3)


def test_the_stand_in_has_what_the_package_has():
    package = pytest.importorskip("trax", reason="needs pip install 'drol_jax[vot]'")
    for name, value in vars(FakeTrax.Region).items():
        assert getattr(package.Region, name) == value
    for name, value in vars(FakeTrax.Image).items():
        assert getattr(package.Image, name) == value
    for name, value in vars(FakeTrax.TraxStatus).items():
        assert getattr(package.TraxStatus, name) == value
    assert package.server.Request._fields == fakes_trax.Request._fields
