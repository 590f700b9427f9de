"""Passes of the studio: what `track` finds, again from a kept state, forwards and backwards, kept or not."""

import cv2
import pytest
import small_tracker

import drol_jax
from drol_jax.errors import UserError
from drol_jax.studio import project as edits
from drol_jax.studio.inside import inside
from drol_jax.studio.places import opened
from drol_jax.studio.project import Setup
from drol_jax.studio.session import Session
from drol_jax.tracks.starts import Start

TRACKER = small_tracker.tracker(online=False)
FRAMES, LONG = 30, 60.0
A, B = (40.0, 30.0, 24.0, 20.0), (90.0, 10.0, 25.0, 15.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    for number in range(FRAMES):
        cv2.imwrite(str(folder / f"{number}.png"), cv2.cvtColor(small_tracker.picture(number), cv2.COLOR_RGB2BGR))
    return folder


@pytest.fixture
def session(folder):
    session = Session(*opened(folder, Setup()), load=lambda setup: TRACKER)
    session.edit(lambda project: edits.drawn(project, "a", 0, A))
    session.edit(lambda project: edits.drawn(project, "b", 3, B))
    yield session
    session.close()


def track(session, frame=0, direction=1, names=(), last=None):
    session.track(list(names), frame, direction, last)
    assert session.wait(LONG) and session.trouble == ""


def boxes(session, name):
    return {frame: seen.row.box for frame, seen in session.project.subject(name).track.items()}


def test_a_pass_over_the_whole_video_finds_what_track_finds_to_the_bit(session, folder):
    track(session)
    starts = [Start(0, "a", A), Start(3, "b", B)]
    wanted = {(row.frame, row.name): row for told in drol_jax.track(folder, starts, tracker=TRACKER) for row in told}
    found = {(f, s.name): seen.row for s in session.project.subjects for f, seen in s.track.items()}
    assert found == wanted


def test_a_corrected_target_is_tracked_anew_from_its_box_and_the_other_is_left_alone(session):
    track(session)
    before = session.project
    session.edit(lambda project: edits.drawn(project, "a", 12, (60.0, 50.0, 24.0, 20.0)))
    track(session, 12, names=["a"])
    a, old = boxes(session, "a"), before.subject("a").track
    assert all(a[frame] == old[frame].row.box for frame in range(12))
    assert a[12] == (60.0, 50.0, 24.0, 20.0) and a[13] != old[13].row.box
    assert session.project.subject("b").track == before.subject("b").track
    session.undo()
    session.undo()
    assert session.project == before


def test_a_pass_goes_on_from_a_kept_state_with_the_same_numbers(session):
    track(session)
    whole = boxes(session, "a")
    track(session, 25)
    assert boxes(session, "a") == whole


def test_a_pass_is_never_more_than_a_frame_ahead_of_a_page_that_goes_along_with_it(folder):
    session = Session(*opened(folder, Setup()), load=lambda setup: TRACKER, patience=LONG)
    session.edit(lambda project: edits.drawn(project, "a", 0, A))
    session.track(["a"], 0, 1, None)
    session.pace.shown(0)
    seen = [0]
    while session.busy:
        at = session.at
        if at is not None and at > seen[-1]:
            seen.append(at)
            session.pace.shown(at)
    assert seen[: FRAMES - 1] == list(range(FRAMES - 1)) and len(boxes(session, "a")) == FRAMES
    session.close()


def test_backwards_a_target_is_followed_to_the_first_frame(session):
    track(session, 3, -1, ["b"])
    assert sorted(boxes(session, "b")) == [0, 1, 2, 3] and session.project.subject("a").track == {}


def test_a_pass_ends_where_it_is_asked_to_and_goes_on_from_there(session):
    track(session, names=["a"], last=10)
    assert max(boxes(session, "a")) == 10
    track(session, 10, names=["a"])
    assert sorted(boxes(session, "a")) == list(range(FRAMES))


def test_what_a_cancelled_pass_found_is_not_kept_and_an_edit_pauses_one_that_runs(session):
    session.track(["a"], 0, 1, None)
    session.cancel()
    assert session.project.subject("a").track == {}
    session.track(["a"], 0, 1, None)
    while session.at is None:
        session.wait(0.01)
    session.edit(lambda project: edits.drawn(project, "c", 0, B))
    assert not session.busy and session.project.subject("c").keyframes and session.project.subject("a").track


def test_other_settings_hold_from_the_next_pass_on(session):
    track(session, names=["a"], last=5)
    before = boxes(session, "a")
    setup = Setup(hyper={"size_lr": 0.9, "window_influence": 0.0})
    session.edit(lambda project: edits.replace(project, setup=setup))
    assert boxes(session, "a") == before
    track(session, 0, names=["a"], last=5)
    assert boxes(session, "a")[5] != before[5]


def test_insides_are_told_of_any_frame_behind_the_first_box(session):
    track(session, names=["a"], last=6)
    told = inside(session, "a", 4)
    assert set(told["maps"]) == {"siamese", "fused"} and told["memory"] == [] and told["template"]["frame"] == 0
    assert told["maps"]["fused"]["high"] > told["maps"]["fused"]["low"]
    with pytest.raises(UserError, match="first boxed in frame 0"):
        inside(session, "a", 0)


def test_what_stops_a_pass_is_told_in_words(session):
    session.edit(lambda project: edits.drawn(project, "d", 5, (500.0, 500.0, 10.0, 10.0)))
    session.track(["d"], 5, 1, None)
    assert session.wait(LONG) and "outside" in session.trouble
