"""Runs of an evaluation in the studio: opened, refused, compared from their files. Nothing is compiled."""

import pytest
from evaluated import evaluated

from drol_jax.errors import UserError
from drol_jax.studio.beside import choices
from drol_jax.studio.opening import open_path
from drol_jax.studio.orders import Desk, order_of
from drol_jax.studio.places import places_of
from drol_jax.studio.program import first_of
from drol_jax.studio.project import Setup
from drol_jax.studio.project_file import project_of, text_of
from drol_jax.studio.session import Session

pytest.importorskip("starlette", reason="the extra `studio` is not installed")


@pytest.fixture
def run_of(tmp_path):
    """(folder of a tracker's results, folder of the dataset): two sequences, one of which is a part of its images."""
    return evaluated(tmp_path, "tiny"), tmp_path / "data"


def test_a_run_opens_with_its_boxes_the_groundtruth_beside_them_and_its_sequences_are_listed(run_of, tmp_path):
    run, data = run_of
    places = places_of([run, data], tmp_path / "out")
    project, film = open_path(run, places, Setup())
    film.close()
    assert project.video.name == "road" and project.source == str(data / "road" / "img")
    (road,) = project.subjects
    assert [road.track[t].row.box for t in (0, 3)] == [(11, 20, 24, 16), (14, 20, 24, 16)]
    assert road.beside[3].row.box == (13, 20, 24, 16)
    assert [(seen.verdict, seen.row.confidence) for seen in road.track.values()] == [
        (0, 0.9),
        (0, 0.7),
        (0, 0.5),
        (1, 0.3),
    ]
    assert [one["kind"] for one in places.listed(str(run))["entries"]] == ["folder", "result", "result"]
    project, film = open_path(run / "yard.txt", places, Setup())
    film.close()
    assert project.video.name == "yard"


def test_a_run_whose_dataset_lies_in_no_named_folder_is_refused(run_of, tmp_path, monkeypatch):
    monkeypatch.setenv("DROL_JAX_DATA", str(tmp_path / "none"))
    run, data = run_of
    with pytest.raises(UserError, match="folders, which the run is of, is not found; give its folder too"):
        open_path(run, places_of([run], tmp_path / "out"), Setup())
    (run / "details" / "road.csv").unlink()
    with pytest.raises(UserError, match="tells no confidences"):
        open_path(run, places_of([run, data], tmp_path / "out"), Setup())


def test_two_runs_of_one_evaluation_are_compared_from_their_files(run_of, tmp_path):
    run, data = run_of
    other = evaluated(tmp_path, "wide", (0, 0, 24, 0), settings={"hyper": {"fusion": 0.5}})
    evaluated(tmp_path, "elsewhere", dataset="others")
    places = places_of([run.parent, data], tmp_path / "out")
    session = Session(*open_path(run, places, Setup()))
    desk = Desk(session, places)
    assert choices(session.project, places) == ["groundtruth", "wide"] and session.project.beside == "groundtruth"
    order_of(b'{"order":"beside","what":"wide"}').do(desk)
    (road,) = session.project.subjects
    assert session.project.beside == "wide" and road.beside[3].row.box == (13, 20, 48, 16)
    assert road.track[3].row.box == (14, 20, 24, 16) and road.beside[3].row.confidence == 0.3
    again = project_of(text_of(session.project), "file")
    assert (again.beside, again.result) == ("wide", str(run / "road.txt"))
    order_of(b'{"order":"beside","what":"groundtruth"}').do(desk)
    assert session.project.subjects[0].beside[3].row.box == (13, 20, 24, 16)
    session.undo()
    assert session.project.beside == "wide"
    with pytest.raises(UserError, match="'narrow' is not there to be compared with; there is: groundtruth, wide"):
        order_of(b'{"order":"beside","what":"narrow"}').do(desk)
    session.close()
    project, film = open_path(other, places, Setup())
    film.close()
    assert project.setup == Setup(hyper={"fusion": 0.5}, online=True)


def test_runs_outside_of_the_folders_are_not_compared_with(run_of, tmp_path):
    run, data = run_of
    evaluated(tmp_path, "wide")
    for roots, there in (([run, data], ["groundtruth"]), ([data], [])):
        project, film = open_path(run, places_of([run, data], tmp_path / "out"), Setup())
        film.close()
        assert choices(project, places_of(roots, tmp_path / "out")) == there


def test_the_first_run_of_an_evaluation_is_opened_also_where_its_folder_is_one_of_several(run_of, tmp_path):
    run, data = run_of
    evaluated(tmp_path, "wide")
    for folder in (run.parent, tmp_path):
        project, film = first_of([folder, data], places_of([folder, data], tmp_path / "out"), Setup())
        film.close()
        assert project.result == str(run / "road.txt")
