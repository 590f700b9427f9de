"""What the studio's server lets through and what it refuses, and orders without the tracker. Nothing is compiled."""

import base64
import json
import random

import cv2
import numpy as np
import pytest
from asking import ask

from drol_jax.errors import UserError
from drol_jax.studio.orders import Desk, order_of
from drol_jax.studio.places import opened, places_of
from drol_jax.studio.project import Setup
from drol_jax.studio.results import opened_table
from drol_jax.studio.session import Session

pytest.importorskip("starlette", reason="the extra `studio` is not installed")
from starlette.requests import ClientDisconnect

from drol_jax.studio.app import application
from drol_jax.studio.guard import LARGEST_BODY, Guard

HOST = {"host": "127.0.0.1:8000"}
TOKEN = "aToken"


def images(folder, count=3, size=(32, 48)):
    folder.mkdir(parents=True)
    for number in range(count):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((*size, 3), 40 * number, np.uint8))
    return folder


@pytest.fixture
def desk(tmp_path):
    video = images(tmp_path / "in" / "video")
    session = Session(*opened(video, Setup()))
    yield Desk(session, places_of([tmp_path / "in"], tmp_path / "out"))
    session.close()


@pytest.fixture
def guarded(desk):
    return Guard(application(desk), token=TOKEN, host="127.0.0.1", larger={"project": 10 * LARGEST_BODY})


@pytest.fixture
def say(guarded):
    def say(**order):
        return ask(guarded, f"/{TOKEN}/order", method="POST", body=json.dumps(order).encode(), headers=HOST)

    return say


def get(guarded, path, **headers):
    return ask(guarded, f"/{TOKEN}/{path}", headers=HOST | headers)


def test_the_page_and_all_that_it_loads_are_served_and_nothing_may_be_loaded_from_elsewhere(guarded):
    page = get(guarded, "")
    assert page.status == 200 and b"<title>Studio</title>" in page.body
    assert page.headers["content-security-policy"].startswith("default-src 'none'") and b"//" not in page.body[:400]
    for name in ("studio.js", "boxes.js", "studio.css", "icon.svg", "inside.js"):
        assert get(guarded, name).status == 200, name


@pytest.mark.parametrize(
    ("path", "headers", "status", "word"),
    [
        ("/", {}, 403, "token"),
        ("/other/state", {}, 403, "token"),
        (f"/{TOKEN}/state", {"host": "evil.example:8000"}, 403, "host"),
        (f"/{TOKEN}/state", {"host": "-"}, 403, "host"),
        (f"/{TOKEN}/state", {"origin": "http://evil.example"}, 403, "origin"),
        (f"/{TOKEN}/nothing", {}, 404, "path"),
        (f"/{TOKEN}/../../etc/passwd", {}, 404, "path"),
        (f"/{TOKEN}/order", {}, 405, "method"),
        (f"/{TOKEN}/picture/99", {}, 422, "order"),
        (f"/{TOKEN}/picture/1?width=x", {}, 422, "order"),
        (f"/{TOKEN}/inside/1?name=anna", {}, 422, "order"),
        (f"/{TOKEN}/folders?folder=/etc", {}, 422, "order"),
    ],
)
def test_a_request_that_is_none_of_ours_is_refused_with_a_word(guarded, path, headers, status, word):
    answer = ask(guarded, path, headers=HOST | headers)
    assert (answer.status, answer.json["refused"]) == (status, word)


@pytest.mark.parametrize(
    ("headers", "status", "word"),
    [
        ({"content-length": str(2**30)}, 413, "large"),
        ({"content-length": "12x"}, 400, "length"),
        ({"content-length": "-"}, 411, "length"),
        ({"transfer-encoding": "chunked"}, 411, "length"),
        ({"content-type": "text/plain"}, 415, "type"),
        ({"origin": "null"}, 403, "origin"),
    ],
)
def test_a_body_that_is_none_of_ours_is_refused_before_it_is_read(guarded, headers, status, word):
    answer = ask(guarded, f"/{TOKEN}/order", method="POST", body=b'{"order":"undo"}', headers=HOST | headers)
    assert (answer.status, answer.json["refused"], answer.read) == (status, word, 0)


def test_a_body_longer_than_it_says_is_not_taken(guarded):
    body = b" " * (LARGEST_BODY + 1)
    headers = HOST | {"content-length": "10", "content-type": "application/json"}
    with pytest.raises(ClientDisconnect):
        ask(guarded, f"/{TOKEN}/order", method="POST", body=body, headers=headers)


def test_several_pictures_come_in_one_answer_and_end_with_the_film(guarded):
    answer = get(guarded, "pictures/1?width=32&count=8")
    body, found = answer.body, []
    while body:
        length = int.from_bytes(body[:4], "little")
        found.append(body[4 : 4 + length])
        body = body[4 + length :]
    assert answer.status == 200 and found == [get(guarded, f"picture/{number}?width=32").body for number in (1, 2)]
    assert get(guarded, "pictures/3?count=2").status == 422 and get(guarded, "pictures/0?count=-1").status == 422


def test_a_small_picture_tells_which_frame_it_is_of(guarded):
    answer = get(guarded, "coarse/2")
    assert (answer.status, answer.headers["x-frame"]) == (200, "2")
    assert cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR) is not None
    assert get(guarded, "coarse/99").status == 422


def test_a_password_is_asked_for_where_there_is_one(desk):
    guarded = Guard(application(desk), token=TOKEN, host="0.0.0.0", password="sésame")
    refused = get(guarded, "state")
    assert refused.status == 401 and refused.headers["www-authenticate"].startswith("Basic")
    for told, status in ((":sésame", 200), ("anna:sésame", 200), ("anna:sesame", 401), ("sésame", 401)):
        coded = base64.b64encode(told.encode()).decode()
        assert get(guarded, "state", authorization=f"Basic {coded}").status == status, told
    assert get(guarded, "state", authorization="Basic ????").status == 401


def test_boxes_are_drawn_cut_to_the_image_undone_and_done_again(guarded, say):
    assert say(order="draw", name=" anna ", frame=1, box=[-5, 3, 20, 10]).status == 200
    (target,) = get(guarded, "state").json["targets"]
    assert (target["name"], target["keyframes"]) == ("anna", [{"frame": 1, "box": [0, 3, 15, 10], "template": False}])
    say(order="undo")
    assert get(guarded, "state").json["targets"] == [] and get(guarded, "state").json["redo"]
    say(order="redo")
    say(order="change", name="anna", new_name="ben", colour="#00ff00", between="line")
    (target,) = get(guarded, "state").json["targets"]
    assert (target["name"], target["colour"], target["between"]) == ("ben", "#00ff00", "line")


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"order": "draw", "name": "a", "frame": 0, "box": [1, 2, 3]}, "box"),
        ({"order": "draw", "name": "a", "frame": 0, "box": [1, 2, 3, "4"]}, "box"),
        ({"order": "draw", "name": "a", "frame": 0, "box": [500, 2, 30, 40]}, "less than 2 pixels"),
        ({"order": "draw", "name": "a", "frame": 9, "box": [1, 2, 30, 20]}, "the video has 3 frames"),
        ({"order": "draw", "name": "", "frame": 0, "box": [1, 2, 30, 20]}, "name"),
        ({"order": "draw", "name": "a\u0007", "frame": 0, "box": [1, 2, 30, 20]}, "no letter"),
        ({"order": "remove", "name": "nobody"}, "no target 'nobody'"),
        ({"order": "track", "frame": 0}, "draw a box"),
        ({"order": "export", "formats": ["csv"]}, "nothing to write"),
        ({"order": "set", "hyper": {"fusion": 7}}, "fusion"),
        ({"order": "set", "config": "../../etc/passwd"}, "config"),
        ({"order": "open", "path": "/etc/passwd"}, "no such file in the folders"),
        ({"order": "fly"}, "fly"),
    ],
)
def test_an_order_that_cannot_be_done_is_told_in_words_and_changes_nothing(guarded, say, order, words):
    answer = say(**order)
    assert answer.status == 422 and words in answer.json["why"] and "\n" not in answer.json["why"]
    assert get(guarded, "state").json["targets"] == []


def test_a_number_that_is_none_is_refused():
    for box in ("[1,2,NaN,4]", "[1,2,Infinity,4]", "[1,2,1e999,4]"):
        with pytest.raises(UserError, match="box"):
            order_of(b'{"order":"draw","name":"a","frame":0,"box":' + box.encode() + b"}")


def test_ten_thousand_random_messages_are_refused_and_the_session_lives(desk, guarded):
    luck = random.Random(0)
    words = [
        '"order"',
        '"draw"',
        '"track"',
        '"box"',
        '"name"',
        "[",
        "]",
        "{",
        "}",
        ":",
        ",",
        "1e9",
        "-1",
        "null",
        "true",
    ]
    for number in range(10_000):
        text = "".join(luck.choices(words, k=luck.randrange(1, 14)))
        body = luck.randbytes(luck.randrange(40)) if number % 2 else text.encode()
        with pytest.raises(UserError):
            order_of(body)
    assert ask(guarded, f"/{TOKEN}/order", method="POST", body=b"[" * 60_000, headers=HOST).status == 422
    assert get(guarded, "state").status == 200 and desk.session.project.subjects == ()


def test_links_do_not_lead_out_of_the_folders(guarded, say, tmp_path):
    outside = images(tmp_path / "outside")
    (tmp_path / "in" / "link").symlink_to(outside)
    assert say(order="open", path=str(tmp_path / "in" / "link")).status == 422
    assert say(order="open", path=str(tmp_path / "in" / "video" / ".." / ".." / "outside")).status == 422
    listed = get(guarded, f"folders?folder={tmp_path / 'in'}").json["entries"]
    assert {"name": "video", "path": str(tmp_path / "in" / "video"), "kind": "images"} in listed


def test_a_project_is_saved_opened_and_taken_from_another_device_only_with_its_video(guarded, say, tmp_path):
    say(order="draw", name="anna", frame=1, box=[5, 3, 20, 10])
    saved = say(order="save").json
    path = tmp_path / "out" / saved["files"][0]
    assert path.exists()
    say(order="remove", name="anna")
    assert say(order="open", path=str(path)).status == 200
    assert [target["name"] for target in get(guarded, "state").json["targets"]] == ["anna"]
    text = get(guarded, "project").body
    upload = {"method": "POST", "headers": HOST}
    assert ask(guarded, f"/{TOKEN}/project", body=text, **upload).status == 200
    elsewhere = text.replace(str(tmp_path / "in").encode(), b"/etc")
    assert ask(guarded, f"/{TOKEN}/project", body=elsewhere.replace(b"/video", b"/passwd"), **upload).status == 422


def test_tables_of_drawn_boxes_are_written_into_the_output_folder_alone(say, tmp_path):
    say(order="draw", name="anna", frame=0, box=[5, 3, 20, 10])
    say(order="draw", name="anna", frame=2, box=[7, 3, 20, 10])
    say(order="change", name="anna", between="line")
    done = say(order="export", formats=["csv", "mot", "coco", "cvat", "labelstudio", "gif"])
    assert done.status == 200, done.body
    assert {path.name for path in (tmp_path / "out").iterdir()} == set(done.json["files"])
    lines = (tmp_path / "out" / "video.csv").read_text().splitlines()
    assert len(lines) == 4 and "6.0" in lines[2]
    assert say(order="export", formats=["csv", "../x"]).status == 422


def test_a_table_of_tracks_opens_as_a_project_with_its_video(desk, say, tmp_path):
    say(order="draw", name="anna", frame=0, box=[5, 3, 20, 10])
    say(order="draw", name="anna", frame=2, box=[7, 3, 20, 10])
    say(order="export", formats=["jsonl"])
    (table,) = (tmp_path / "out").glob("*.jsonl")
    project, film = opened_table(table, places_of([tmp_path / "in" / "video"], tmp_path / "out"), Setup())
    film.close()
    anna = project.subject("anna")
    assert list(anna.keyframes) == [0] and {frame: seen.row.box for frame, seen in anna.track.items()} == {
        0: (5, 3, 20, 10),
        2: (7, 3, 20, 10),
    }
    with pytest.raises(UserError, match="its video video is not found; give the folder"):
        opened_table(table, places_of([tmp_path / "out"], tmp_path / "else"), Setup())
