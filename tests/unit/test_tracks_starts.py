"""Start boxes: from the command line and from our own outputs; what cannot be right is told."""

import pytest
from start_files import refused
from track_tables import ODD, VIDEO, seen, table

from drol_jax.errors import UserError
from drol_jax.tracks.starts import KINDS, Start, checked, parse_box, read_starts
from drol_jax.tracks.starts.start import distinct
from drol_jax.tracks.writer import TableWriter

BOX = (305.0, 122.0, 10.0, 62.0)


class TestArgument:
    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("305,122,10,62", Start(0, None, BOX)),
            ("305, 122, 10, 62", Start(0, None, BOX)),
            ("305,122,10,62@30", Start(30, None, BOX)),
            ("305,122,10,62=anna", Start(0, "anna", BOX)),
            ("305,122,10,62@30=anna", Start(30, "anna", BOX)),
            ("305,122,10,62=a=b@3, c", Start(0, "a=b@3, c", BOX)),
            ("-3.5,122,10,62@0=\n", Start(0, "\n", (-3.5, *BOX[1:]))),
        ],
    )
    def test_is_a_box_with_a_frame_and_a_name_where_they_are_given(self, text, wanted):
        assert parse_box(text) == wanted

    @pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,4@x", "1,2,3,4@", "1,2,3,4@1.5=a"])
    def test_is_refused_with_an_example_where_it_is_none(self, text):
        with pytest.raises(UserError, match=rf"--box {text}: wanted .*305,122,110,262@30=anna"):
            parse_box(text)


class TestChecked:
    @pytest.mark.parametrize(
        ("text", "told"),
        [
            ("1,1,nan,5", "is not finite"),
            ("1,1,inf,5", "is not finite"),
            ("1,1,0,5", "no positive width and height"),
            ("9,9,5,-5", "no positive width and height"),
            (".1,.2,.3,.4", "not as parts of the image"),
            ("320,1,5,5", "outside the image of 320 x 192"),
            ("-5,1,5,5", "outside the image"),
            ("1,1,5,5@-1", "frames count from 0"),
            ("1,1,5,5=", "name is empty"),
            ("1,1,5,5= ", "name is empty"),
            ("1,1,5,5=\udcff", "no valid text"),
        ],
    )
    def test_what_cannot_be_right_is_told(self, text, told):
        with pytest.raises(UserError, match=told) as error:
            checked([parse_box(text)], VIDEO)
        assert str(error.value).startswith("--box")

    def test_two_targets_of_one_name_are_refused(self):
        with pytest.raises(UserError, match="2 targets are named 'anna'"):
            checked([parse_box("1,1,5,5=anna"), parse_box("9,1,5,5@3=anna")], VIDEO)

    def test_targets_without_a_name_get_the_next_number_that_is_free(self):
        given = [parse_box(text) for text in ("1,1,5,5", "1,1,5,5=target 2", "1,1,5,5", "1,1,5,5=anna")]
        assert [start.name for start in checked(given, VIDEO)] == ["target 1", "target 2", "target 3", "anna"]

    def test_a_box_partly_outside_is_taken(self):
        assert checked([parse_box("-4,-4,5,5")], VIDEO)[0].box == (-4, -4, 5, 5)


@pytest.mark.parametrize("labels", [["car", "car", "dog"], ["car", "car", "car 1"], ["car 1", "car", "car"]])
def test_targets_that_share_a_label_get_names_of_their_own(labels):
    names = distinct(labels)
    assert len(set(names)) == len(labels)
    assert all(name == label for name, label in zip(names, labels, strict=True) if labels.count(label) == 1)


@pytest.mark.parametrize(
    "ending", ["jsonl", "csv", "mot.txt", "coco.json", "cvat.xml", "labelstudio.json", "masks.json"]
)
def test_our_own_outputs_start_the_same_targets_again(tmp_path, ending):
    form = ending.split(".")[0]
    with TableWriter(tmp_path, "match", [form], VIDEO) as writer:
        for rows in table():
            writer.write(rows)
    starts = {start.name: start for start in read_starts(tmp_path / f"match.{ending}", VIDEO)}
    wanted = {"anna": 0, ODD: 2}
    if form == "masks":
        del wanted[ODD]  # has none
    assert {name: start.frame for name, start in starts.items()} == wanted
    for name, frame in wanted.items():
        x, y, w, h = seen()[frame, name]
        if form == "labelstudio":  # is clipped
            w, h, x = min(x + w, 320) - max(x, 0), min(h, 192 - y), max(x, 0)
        assert starts[name].box == pytest.approx((x, y, w, h), abs=0.011 if form == "cvat" else 0.002)


def test_every_kind_has_a_name_of_its_own():
    assert len({kind.name for kind in KINDS}) == len(KINDS)


def test_a_broken_line_of_our_own_is_told_once_with_its_file(tmp_path):
    head = '{"drol_jax": "tracks", "version": 1, "video": {"name": "m", "width": 320, "height": 192, "rate": null, '
    message = refused(tmp_path, head + '"frames": null}}\n{}\n', "line 2: the key 'box' is missing")
    assert message.count("first.txt") == 1
