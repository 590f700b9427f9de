"""Projects of the studio: edits, what is told of each frame, passes planned, files. Nothing is compiled."""

import json
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.follow.target import Target
from drol_jax.online.memory import Memory
from drol_jax.studio import project as edits
from drol_jax.studio.effective import row_at, rows
from drol_jax.studio.kept import KeptStates
from drol_jax.studio.plan import Entry, planned
from drol_jax.studio.project import Keyframe, Project, Seen, Setup
from drol_jax.studio.project_file import project_of, text_of
from drol_jax.studio.trackers import checked_setup
from drol_jax.tracker.state import TrackerState
from drol_jax.tracks.table import Row, TargetState, Video

VIDEO = Video(name="match.mp4", width=320, height=240, rate=Fraction(30000, 1001), frames=100)
BOX = (40.0, 60.0, 36.0, 44.0)


def seen(name, frame, box=BOX, **told):
    row = Row(frame=frame, time=frame / 25, name=name, box=box, confidence=0.8, state=TargetState.TRACKED, **told)
    return Seen(row, verdict=0, online_score=0.9, refitted=frame % 10 == 0)


def time(frame):
    return frame / 25


@pytest.fixture
def project():
    start = edits.drawn(Project(source="/videos/match.mp4", video=VIDEO), "anna", 0, BOX)
    start = edits.drawn(start, "ben", 5, (200.0, 50.0, 20.0, 20.0))
    return edits.tracked(start, {"anna": {frame: seen("anna", frame, overlap=("ben",)) for frame in range(1, 20)}})


def test_an_edit_gives_another_project_and_leaves_the_first(project):
    moved = edits.drawn(project, "anna", 10, (50.0, 60.0, 30.0, 40.0), template=True)
    assert list(moved.subject("anna").keyframes) == [0, 10] and list(project.subject("anna").keyframes) == [0]
    assert moved.subject("anna").keyframes[10] == Keyframe((50.0, 60.0, 30.0, 40.0), True)
    assert edits.undrawn(moved, "anna", 10) == project
    with pytest.raises(UserError, match="anna has no drawn box in frame 3"):
        edits.undrawn(project, "anna", 3)
    with pytest.raises(UserError, match="no target 'carl'; there are: anna, ben"):
        edits.removed(project, "carl")


def test_targets_get_colours_of_their_own(project):
    without = edits.drawn(edits.removed(project, "anna"), "carl", 0, BOX)
    colours = [subject.colour for subject in without.subjects]
    assert len(set(colours)) == 2 and without.subject("carl").colour == project.subject("anna").colour


def test_a_new_name_stands_also_in_the_rows_of_others(project):
    other = edits.renamed(edits.renamed(project, "ben", "benno"), "anna", "a")
    assert other.subject("a").track[3].row.name == "a" and other.subject("a").track[3].row.overlap == ("benno",)
    with pytest.raises(UserError, match="the name ben is taken"):
        edits.renamed(project, "anna", "ben")


def test_a_drawn_box_stands_before_what_was_tracked(project):
    anna = edits.drawn(project, "anna", 7, (1.0, 2.0, 30.0, 40.0)).subject("anna")
    drawn, tracked = row_at(anna, 7, time), row_at(anna, 8, time)
    assert drawn is not None and drawn.box == (1.0, 2.0, 30.0, 40.0) and drawn.confidence == 1
    assert tracked is not None and tracked.confidence == 0.8 and row_at(anna, 50, time) is None


def test_a_line_between_two_drawn_boxes_is_straight_and_ends_with_them(project):
    anna = edits.drawn(project, "anna", 10, (60.0, 80.0, 46.0, 54.0)).subject("anna")
    anna = replace(anna, between="line")
    middle = row_at(anna, 5, time)
    assert middle is not None and middle.box == (50.0, 70.0, 41.0, 49.0)
    assert row_at(anna, 11, time) is None
    told = list(rows(replace(project, subjects=(anna,)), time))
    assert [row.frame for row in told] == list(range(11))


def test_rows_come_by_frames_and_targets_in_their_order(project):
    told = [(row.frame, row.name) for row in rows(project, time)]
    assert told[0] == (0, "anna") and told[5:7] == [(5, "anna"), (5, "ben")] and len(told) == 21


def no_state(name, frame, direction):
    return None


def test_without_a_state_a_pass_begins_at_the_last_drawn_box_or_at_the_first_to_come(project):
    anna, ben = planned(project.subjects, 3, 1, no_state)
    assert anna == Entry(name="anna", frame=0, kept=None, boxes=((0, Keyframe(BOX)),))
    assert ben.name == "ben" and ben.frame == 5
    backwards = planned(project.subjects, 3, -1, no_state)
    assert [(entry.name, entry.frame) for entry in backwards] == [("ben", 5), ("anna", 0)]


def test_a_corrected_target_goes_on_from_the_state_before_its_box_at_once(project):
    moved = edits.drawn(project, "anna", 17, (50.0, 60.0, 30.0, 40.0))
    (entry,) = planned([moved.subject("anna")], 17, 1, lambda name, frame, direction: 10)
    assert (entry.kept, entry.frame, [number for number, _ in entry.boxes]) == (10, 17, [17])
    (later,) = planned([moved.subject("anna")], 30, 1, lambda name, frame, direction: 20)
    assert (later.kept, later.frame, later.boxes) == (20, 20, ())


def test_states_hold_until_a_box_before_them_changes():
    kept = KeptStates()
    for frame in (0, 20, 40):
        kept.put(frame, 1, Target(name="anna", slot=0, box=np.array(BOX)), fake_state(frame))
    kept.put(40, -1, Target(name="anna", slot=0, box=np.array(BOX)), fake_state(1))

    def frame_of(frame, direction=1):
        found = kept.before("anna", frame, direction)
        return None if found is None else found[0]

    assert (frame_of(39), frame_of(40), frame_of(500), frame_of(30, -1)) == (20, 40, 40, 40)
    kept.changed("anna", {0: Keyframe(BOX)}, {0: Keyframe(BOX), 30: Keyframe(BOX)})
    assert (frame_of(500), frame_of(30, -1), frame_of(10, -1)) == (20, 40, 40)
    kept.changed("anna", {0: Keyframe(BOX)}, {})
    assert frame_of(500) is None and frame_of(10, -1) == 40


def fake_state(number, samples=None):
    """A state of which nothing but the samples is looked at."""
    online: Any = None
    if samples is not None:
        memory = Memory(features=samples, centres=None, weights=None, previous=None)  # pyright: ignore
        online = SubnetState(memory)
    parts: Any = dict.fromkeys(field.name for field in fields(TrackerState))
    return TrackerState(**(parts | {"frame_index": number, "online": online}))


@dataclass
class SubnetState:
    memory: Memory


# As memories hold samples in float32, and in bfloat16.
@pytest.mark.parametrize(("kind", "axis"), [(np.float32, 0), (np.uint16, 1)])
def test_kept_samples_that_did_not_change_take_no_more_memory_and_come_back_to_the_bit(kind, axis):
    kept, target = KeptStates(), Target(name="anna", slot=0, box=np.array(BOX))
    first = np.random.default_rng(0).integers(1, 9, size=(50, 64, 64)).astype(kind)
    first[30:] = 0
    second = first.copy()
    second[7] += 1
    first, second = np.moveaxis(first, 0, axis), np.moveaxis(second, 0, axis)
    kept.put(0, 1, target, fake_state(0, first))
    before = kept.bytes
    kept.put(20, 1, target, fake_state(20, second))
    assert before >= first.nbytes * 30 // 50 and kept.bytes - before < 2**20
    for frame, samples in ((0, first), (20, second)):
        found = kept.before("anna", frame, 1)
        assert found is not None and found[1].state.online is not None
        assert np.array_equal(found[1].state.online.memory.features, samples)


def test_states_thin_out_where_they_take_too_much_and_the_first_stays():
    kept, target = KeptStates(budget=5 * 2**20), Target(name="anna", slot=0, box=np.array(BOX))
    for frame in range(0, 400, 20):
        kept.put(frame, 1, target, fake_state(frame, np.full((4, 256, 256), frame + 1, np.float32)))
    assert kept.bytes <= 5 * 2**20
    found = kept.before("anna", 10, 1)
    assert found is not None and found[0] == 0


def test_a_project_is_the_same_after_it_was_written_and_read(project):
    project = replace(project, setup=Setup(hyper={"fusion": 0.5}, online=False))
    project = edits.compared(edits.drawn(project, "Çığ", 3, BOX, template=True), True)
    assert project_of(text_of(project), "file") == project


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told.update(version=2), "version"),
        (lambda told: told.pop("video"), "video: Field required"),
        (lambda told: told["targets"][0]["keyframes"][0].update(box=[0, 0, 0, 5]), "has no size"),
        (lambda told: told["targets"][0]["keyframes"][0].update(box=[0, 0, "a", 5]), "box.2"),
        (lambda told: told["targets"][1].update(name="anna"), "two targets have one name"),
        (lambda told: told["targets"][0].update(colour="red;}"), "colour"),
        (lambda told: told["targets"][0]["track"][0].update(state="asleep"), "asleep"),
        (lambda told: told.update(more=1), "more"),
    ],
)
def test_a_file_that_is_not_right_is_refused_in_a_line(project, change, words):
    told = json.loads(text_of(project))
    change(told)
    with pytest.raises(UserError, match=words) as caught:
        project_of(json.dumps(told), "a.drol.json")
    assert "\n" not in str(caught.value) and "a.drol.json is no project" in str(caught.value)


def test_settings_are_checked_by_the_limits_of_the_configuration():
    assert checked_setup(Setup(hyper={"fusion": 0.0, "refit_interval": 3})).hyper["fusion"] == 0
    for hyper, words in (
        ({"fusion": 1.2}, "fusion"),
        ({"refit_interval": 0}, "refit_interval"),
        ({"speed": 1}, "no setting"),
    ):
        with pytest.raises(UserError, match=words):
            checked_setup(Setup(hyper=hyper))
    with pytest.raises(UserError, match="nowhere"):
        checked_setup(Setup(config="nowhere"))
