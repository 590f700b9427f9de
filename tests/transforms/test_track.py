"""A video tracked to files: to its end, in pieces, and from Python."""

import os
import platform
import subprocess
from dataclasses import replace

import numpy as np
import pytest
import small_tracker

import drol_jax
from drol_jax.errors import UserError
from drol_jax.follow import snapshot
from drol_jax.follow.policy import Policy
from drol_jax.follow.sight import Sight
from drol_jax.tracking.engine import Engine
from drol_jax.tracking.job import Job
from drol_jax.tracking.kept import kept_beside
from drol_jax.tracking.outputs import Outputs, Wanted
from drol_jax.tracking.run import Earlier, run
from drol_jax.tracks.read import read_tracks
from drol_jax.tracks.starts import Start
from drol_jax.tracks.table import TargetState, Video
from drol_jax.video.frame import VideoFrame, VideoInfo

TRACKER = small_tracker.tracker(**small_tracker.NO_HARD_NEGATIVES)
EASY = Policy(sure=0.0, seen=0.0)
"""The small network has learned nothing: whatever it finds counts as seen."""
STRICT = Policy(seen=1.1, patience=2, looks=2, least=2.0)
"""Nothing counts as seen, and nothing as found again."""
FRAMES = 12
STARTS = [Start(0, "a", small_tracker.BOX), Start(3, "b, c", (60.0, 40.0, 20.0, 18.0))]
INFO = VideoInfo(name="film", width=128, height=96, frames=FRAMES)
VIDEO = Video(name="film.mp4", width=128, height=96, rate=None, frames=FRAMES)


def frames(count=FRAMES, stop=None):
    """Frames of the small video; Ctrl-C comes while the one of number `stop` is fetched."""
    for number in range(count):
        if number == stop:
            raise KeyboardInterrupt
        yield VideoFrame(number=number, time=number / 25, image=small_tracker.picture(number))


def wanted(folder):
    return Wanted(folder=folder, stem="film", formats=("jsonl", "csv", "mot", "cvat"), films=(".webp",))


def track_into(folder, stop=None, policy=EASY, seconds=1000.0):
    """One go at a run, as the command makes it; the clock ticks `seconds` a reading."""
    job = Job(wanted=wanted(folder), kept=kept_beside(folder, "film"), overwrite=False)
    before = job.begun()
    anew = job.prepare({"starts": []})
    engine, earlier, rows = Engine(TRACKER, STARTS, policy=policy), None, [] if anew else None
    if before is not None and job.kept.snapshot.exists():
        last = snapshot.restore(engine.follower, job.kept.snapshot)
        engine.waiting = [start for start in engine.waiting if start.name not in engine.follower.targets]
        rows = job.rows_until(last)
        earlier = Earlier(frame=last, rows={n: tuple(r for r in rows if r.frame == n) for n in range(last + 1)})
    ticks = iter(range(10**6))
    outputs = Outputs(job.wanted, VIDEO, INFO, rows)
    run(frames(stop=stop), engine, outputs, kept=job.kept, earlier=earlier, clock=lambda: next(ticks) * seconds)
    job.kept.forget()


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    track_into(folder)
    return contents(folder)


def test_a_run_writes_every_file_and_leaves_nothing_else(undisturbed, tmp_path):
    assert sorted(undisturbed) == [
        *("film.csv", "film.cvat.xml", "film.jsonl", "film.mot.names.csv", "film.mot.txt", "film.webp")
    ]
    (tmp_path / "film.jsonl").write_bytes(undisturbed["film.jsonl"])
    video, rows = read_tracks(tmp_path / "film.jsonl")
    assert video == VIDEO
    assert [(row.frame, row.name) for row in rows[:5]] == [(0, "a"), (1, "a"), (2, "a"), (3, "a"), (3, "b, c")]
    assert rows[-1].frame == FRAMES - 1 and all(row.box is not None for row in rows)


@pytest.mark.parametrize("stop", [1, 5, FRAMES - 1])
def test_an_interrupted_run_goes_on_to_the_same_bytes(undisturbed, tmp_path, stop):
    with pytest.raises(KeyboardInterrupt):
        track_into(tmp_path, stop)
    part = read_tracks(tmp_path / "film.jsonl")[1]
    assert {row.frame for row in part} == set(range(stop))
    track_into(tmp_path)
    assert contents(tmp_path) == undisturbed


def test_a_run_interrupted_again_and_again_comes_to_the_same_bytes(undisturbed, tmp_path):
    for stop in (2, 4, 4, 9):
        with pytest.raises(KeyboardInterrupt):
            track_into(tmp_path, stop)
    track_into(tmp_path)
    assert contents(tmp_path) == undisturbed


def test_a_part_of_a_video_does_not_end_it(tmp_path):
    video = replace(VIDEO, frames=50)
    outputs = Outputs(wanted(tmp_path), video, INFO, None)
    run(frames(4), Engine(TRACKER, STARTS[:1], policy=EASY), outputs, kept=None, whole=False)
    assert read_tracks(tmp_path / "film.jsonl")[0].frames == 50
    ends = 'frame="4" keyframe="1" outside="1"'  # in CVAT a track goes on until it is said to end
    assert ends in (tmp_path / "film.cvat.xml").read_text()


def test_a_run_that_is_stopped_while_it_catches_up_keeps_what_it_had(undisturbed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        track_into(tmp_path, 8)
    with pytest.raises(KeyboardInterrupt):
        track_into(tmp_path, 4)
    track_into(tmp_path)
    assert contents(tmp_path) == undisturbed


def test_rows_behind_the_last_snapshot_of_a_killed_run_are_tracked_again(undisturbed, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        track_into(tmp_path, 6)
    with (tmp_path / "film.jsonl").open("a") as file:  # what a kill leaves: rows that no snapshot knows, half a line
        file.write(
            '{"frame": 6, "time": 0.24, "name": "a", "box": [1, 1, 5, 5], "confidence": 1, "state": "tracked"}\n'
        )
        file.write('{"frame": 7, "ti')
    track_into(tmp_path)
    assert contents(tmp_path) == undisturbed


def test_a_table_that_was_cut_is_not_gone_on_with(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        track_into(tmp_path, 6)
    table = tmp_path / "film.jsonl"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join(lines[:-1]))
    job = Job(wanted=wanted(tmp_path), kept=kept_beside(tmp_path, "film"), overwrite=False)
    assert job.rows_until(5, ["a"])[-1].frame == 5
    with pytest.raises(UserError, match=r"film\.jsonl has no row of b, c in frame 5, after which this run is to go on"):
        job.rows_until(5, ["a", "b, c"])


@pytest.mark.parametrize("damage", ["empty", "cut", "changed", "folder"])
def test_a_snapshot_that_is_damaged_is_named(tmp_path, damage):
    engine = Engine(TRACKER, STARTS[:1], policy=EASY)
    engine.step(next(frames()))
    path = tmp_path / "follower.npz"
    snapshot.save(engine.follower, path, 0)
    data, arrays = path.read_bytes(), dict(np.load(path))
    path.unlink()
    if damage == "folder":
        path.mkdir()
    elif damage == "changed":
        np.savez(path, **arrays | {"told": np.array(str(arrays["told"]).replace("tracked", "trackee"))})
    else:
        path.write_bytes(data[:-300] if damage == "cut" else b"")
    with pytest.raises(UserError, match=r"cannot go on from .*follower\.npz: .*; track anew, with --overwrite"):
        snapshot.restore(Engine(TRACKER, STARTS[:1], policy=EASY).follower, path)


def test_files_are_written_by_one_process_at_a_time(tmp_path):
    job = Job(wanted=wanted(tmp_path), kept=kept_beside(tmp_path, "film"), overwrite=False)
    mine = job.alone(None)
    with pytest.raises(UserError, match=r"another process is writing .*film\.\*; wait until it has ended"):
        job.alone(None)
    mine.release()
    assert list(tmp_path.iterdir()) == []
    job.prepare({"starts": []})
    with pytest.raises(UserError, match="another process is writing"):  # and has ended since we looked
        job.alone(None)
    job.alone({"starts": []}).release()


def test_what_a_killed_run_left_half_written_goes_and_nothing_else(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    hidden, name = tmp_path / ".film.kept", f"1.{ended.pid}@{platform.node().replace('.', '-')}.tmp"
    hidden.mkdir()
    litter = [tmp_path / f".film.cvat.xml.{name}", tmp_path / f".film.webp.{name}.webp"]
    litter += [hidden / f".follower.npz.{name}.npz"]
    others = [tmp_path / f".match.cvat.xml.{name}", tmp_path / f".film.csv.1.{os.getppid()}.tmp", tmp_path / "film.tmp"]
    for path in (*litter, *others):
        path.touch()
    (hidden / "run.json").write_text('{"starts": []}')
    Job(wanted=wanted(tmp_path), kept=kept_beside(tmp_path, "film"), overwrite=False).prepare({"starts": []})
    assert [path.exists() for path in (*litter, *others)] == [False] * 3 + [True] * 3


def test_files_of_another_run_are_never_written_over(undisturbed, tmp_path):
    (tmp_path / "film.csv").write_text("mine")
    with pytest.raises(UserError, match=r"film\.csv.* is there already; choose another --output, or pass --overwrite"):
        track_into(tmp_path)
    assert (tmp_path / "film.csv").read_text() == "mine"


def test_a_run_under_way_with_other_settings_is_told(tmp_path):
    job = Job(wanted=wanted(tmp_path), kept=kept_beside(tmp_path, "film"), overwrite=False)
    job.prepare({"starts": [], "config": "a", "every": 1})
    with pytest.raises(UserError, match=r"film\.\* is a run under way with other settings \(config\)"):
        job.prepare({"starts": [], "config": "b", "every": 1})
    assert replace(job, overwrite=True).prepare({"starts": [], "config": "b", "every": 1}) is False


def test_a_target_that_is_not_seen_is_lost_and_then_has_no_box(tmp_path):
    track_into(tmp_path, policy=STRICT)
    rows = [row for row in read_tracks(tmp_path / "film.jsonl")[1] if row.name == "a"]
    states = [row.state for row in rows]
    assert states[0] == TargetState.TRACKED and states[1:3] == [TargetState.OCCLUDED] * 2
    assert set(states[3:]) <= {TargetState.LOST, TargetState.OUT_OF_VIEW}
    assert [row.box is None for row in rows] == [state in states[3:] for state in states]


def test_a_lost_target_learns_nothing():
    engine = Engine(TRACKER, STARTS[:1], policy=STRICT)
    for frame in frames(4):
        engine.step(frame)
    before = np.asarray(engine.follower.memory[0].states.online.memory.weights).copy()
    engine.step(VideoFrame(number=4, time=0.2, image=small_tracker.picture(4)))
    assert np.array_equal(before, np.asarray(engine.follower.memory[0].states.online.memory.weights))


def test_who_watches_sees_the_map_of_the_place_where_a_target_was_looked_for():
    engine = Engine(TRACKER, STARTS[:1], policy=EASY)
    (row,) = engine.step(next(frames()))
    assert engine.looked() == {}  # it was told where the target is
    engine.step(VideoFrame(number=1, time=0.04, image=small_tracker.picture(1)))
    (looked,) = engine.looked().values()
    x, y, w, h = looked.box
    assert looked.score_map.shape == (small_tracker.SEARCH_SIZE,) * 2 and w == h > max(row.box[2:])
    assert (x + w / 2, y + h / 2) == pytest.approx((row.box[0] + row.box[2] / 2, row.box[1] + row.box[3] / 2), abs=1)


def test_a_target_is_the_same_beside_others():
    alone, beside = Engine(TRACKER, STARTS[:1], policy=EASY), Engine(TRACKER, STARTS, policy=EASY)
    for frame in frames(6):
        ours, other = alone.step(frame)[0], beside.step(frame)[0]
        # Two programs, which may round apart.
        assert ours.box == pytest.approx(other.box, abs=1e-3)
        assert ours.confidence == pytest.approx(other.confidence, abs=1e-5)
        assert ours == replace(other, box=ours.box, confidence=ours.confidence, overlap=())


def test_track_gives_one_line_a_frame(tmp_path):
    images = [small_tracker.picture(t) for t in range(5)]
    told = list(drol_jax.track(images, {"anna": small_tracker.BOX}, tracker=TRACKER, policy=EASY))
    assert [line.number for line in told] == [0, 1, 2, 3, 4]
    assert [[row.name for row in line] for line in told] == [["anna"]] * 5
    assert told[0].tracks.boxes("anna").tolist() == [list(small_tracker.BOX)]


def test_boxes_are_in_pixels_of_the_source_whatever_the_size_of_the_frames():
    images = [np.kron(small_tracker.picture(t), np.ones((2, 2, 1), np.uint8)) for t in range(3)]
    box = tuple(2 * side for side in small_tracker.BOX)
    options = drol_jax.ReadOptions(max_size=128)
    told = list(drol_jax.track(images, box, tracker=TRACKER, options=options, policy=EASY))
    assert told[0].image.shape == (96, 128, 3)
    assert told[0].rows[0].box == box


@pytest.mark.parametrize(
    ("boxes", "words"),
    [
        ([], "no target: give at least one box"),
        ((1, 2, 3), "start box 1 is not four numbers"),
        ({"a": (500, 500, 5, 5)}, "outside"),
        (["1,2,30,30@9=late"], "late: its frame 9 never came, the last was 2"),
        ("frames.csv", "wanted x,y,w,h"),
    ],
)
def test_boxes_that_cannot_be_are_told(boxes, words):
    images = [small_tracker.picture(t) for t in range(3)]
    with pytest.raises(UserError, match=words):
        list(drol_jax.track(images, boxes, tracker=TRACKER, policy=EASY))


def test_two_targets_of_one_name_are_told():
    images = [small_tracker.picture(t) for t in range(3)]
    with pytest.raises(UserError, match="anna"):
        list(drol_jax.track(images, ["1,2,30,30=anna", "40,30,20,20=anna"], tracker=TRACKER))


class Forgetting:
    """A follower that only tells when it heard that all targets are in."""

    def __init__(self, tracker):
        self.tracker, self.targets, self.heard = tracker, {}, []

    def step(self, image):
        return []

    def add(self, image, name, box):
        self.targets[name] = box
        return Sight(name=name, state=TargetState.TRACKED, confidence=1.0, box=box)

    def all_are_in(self):
        self.heard.append(len(self.targets))


@pytest.mark.parametrize(("alone", "heard"), [(True, [2]), (False, [])])
def test_a_process_of_one_video_lets_go_of_what_starts_need_once_all_targets_are_in(alone, heard):
    engine = Engine(TRACKER, STARTS, alone=alone)
    engine.follower = Forgetting(TRACKER)
    for frame in frames(6):
        engine.step(frame)
    assert engine.follower.heard == heard


def test_a_target_that_comes_after_all_is_tracked_all_the_same():
    follower = Engine(TRACKER, STARTS).follower
    follower.add(small_tracker.picture(0), "a", small_tracker.BOX)
    follower.all_are_in()
    follower.add(small_tracker.picture(0), "b", small_tracker.BOX)
    first, second = follower.step(small_tracker.picture(1))
    np.testing.assert_array_equal(first.box, second.box)
