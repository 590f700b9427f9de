"""Datasets that nobody has defined here: folders of sequences, definitions of a user, PySOT JSON of any name."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.datasets.doctor import examine
from drol_jax.datasets.own import own
from drol_jax.errors import UserError
from drol_jax.image.frames import read

BOXES = np.float64([[10, 12, 20, 16], [11, 12, 20, 16], [12, 13, 20, 16]])


def images(folder, form="{:04d}.jpg", first=1, count=3):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(first, first + count):
        cv2.imwrite(str(folder / form.format(number)), np.full((48, 64, 3), number, np.uint8))
    return folder


def truth(path, boxes=BOXES):
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, boxes, fmt="%g", delimiter=",")
    return path


@pytest.mark.parametrize("pictures", [".", "img", "frames", "images", "rgb"])
@pytest.mark.parametrize("form", ["{:04d}.jpg", "{}.png", "frame_{:05d}.jpg", "img{}.jpg"])
def test_any_folder_of_sequences_is_a_dataset(pictures, form, tmp_path):
    for name in ("road", "tree"):
        truth(tmp_path / name / "groundtruth.txt")
        images(tmp_path / name / pictures, form, first=9)
    road, tree = datasets.load("Folders", tmp_path)
    assert (road.name, tree.name) == ("road", "tree")
    sequence = road.open()
    np.testing.assert_array_equal(sequence.boxes, BOXES)
    assert [path.name for path in sequence.frames] == [form.format(n) for n in (9, 10, 11)]
    assert len(examine("folders", tmp_path, read).usable) == 2


def test_sequences_may_lie_two_deep_and_share_names(tmp_path):
    for category in ("cats", "dogs"):
        truth(tmp_path / category / "01" / "groundtruth_rect.txt")
        images(tmp_path / category / "01" / "img")
    assert [entry.name for entry in datasets.load("folders", tmp_path)] == ["cats-01", "dogs-01"]


def test_images_count_from_the_first_that_is_there(tmp_path):
    truth(tmp_path / "road" / "groundtruth.txt")
    images(tmp_path / "road", "{:05d}.jpg", first=0)
    (entry,) = datasets.load("folders", tmp_path)
    assert [path.name for path in entry.open().frames if isinstance(path, Path)] == [f"0000{n}.jpg" for n in range(3)]


def test_of_two_folders_with_images_it_is_told_which_is_taken(tmp_path):
    truth(tmp_path / "road" / "groundtruth.txt")
    images(tmp_path / "road" / "frames")
    taken = images(tmp_path / "road" / "img")
    (entry,) = datasets.load("folders", tmp_path)
    with pytest.warns(UserWarning, match=r"road: both .*img and .*frames hold images; the former are taken"):
        assert entry.open().frames[0] == taken / "0001.jpg"


@pytest.mark.filterwarnings("error")
def test_a_picture_without_a_number_beside_the_images_is_passed_over(tmp_path):
    truth(tmp_path / "road" / "groundtruth.txt")
    images(tmp_path / "road", "preview.jpg", count=1)
    images(tmp_path / "road" / "img")
    (entry,) = datasets.load("folders", tmp_path)
    assert len(entry.open()) == 3


def test_images_without_a_line_are_left_out_with_a_word(tmp_path):
    truth(tmp_path / "road" / "groundtruth.txt")
    images(tmp_path / "road", count=5)
    (entry,) = datasets.load("folders", tmp_path)
    with pytest.warns(UserWarning, match="3 lines, so that 2 of the 5 images in .* are left out"):
        assert len(entry.open()) == 3


def test_sequences_at_two_depths_are_refused(tmp_path):
    for place in ("road", "more/tree"):
        truth(tmp_path / place / "groundtruth.txt")
        images(tmp_path / place)
    with pytest.raises(UserError, match=r"one folder deep, such as road, and two, such as more/tree"):
        datasets.load("folders", tmp_path)


@pytest.mark.parametrize("form", ["x,y,w,h\n{}", "{}", "# x y w h\n{}"])
def test_groundtruth_is_read_in_the_spellings_of_results(tmp_path, form):
    rows = "\n".join(f"[{', '.join(map(str, box))}]" for box in BOXES)
    images(tmp_path / "road")
    (tmp_path / "road" / "groundtruth.txt").write_text(form.format(rows))
    (entry,) = datasets.load("folders", tmp_path)
    np.testing.assert_array_equal(entry.open().boxes, BOXES)


def test_a_first_box_alone_is_tracked_and_not_scored(tmp_path):
    truth(tmp_path / "road" / "groundtruth.txt", BOXES[:1])
    images(tmp_path / "road")
    (entry,) = datasets.load("folders", tmp_path)
    assert (len(entry.open()), entry.open().only_first_box) == (3, True)


def test_what_is_there_instead_is_told(tmp_path):
    images(tmp_path / "road" / "img")
    with pytest.raises(
        UserError, match=r"looked for \{folder\}/groundtruth.txt.* holds road/, and road/ img/; .*--data-root DIR"
    ):
        datasets.load("folders", tmp_path)
    with pytest.raises(UserError, match="there is no such folder"):
        datasets.load("folders", tmp_path / "gone")


def definition(path, **more):
    row = {"origin": 1, "layouts": [{"groundtruth": ["gt/{folder}.txt"], "images": ["{folder}"]}], **more}
    path.write_text(json.dumps({"benchmarks": {"Cows": row}}, indent=1))
    return path


def test_a_definition_by_path_finds_its_files_under_the_root_or_beside_itself(tmp_path):
    truth(tmp_path / "gt" / "road.txt", BOXES + np.float64([1, 1, 0, 0]))
    images(tmp_path / "road")
    path = str(definition(tmp_path / "cows.json"))
    assert (datasets.canonical(path), datasets.title(path)) == (path, "Cows")
    for root in (tmp_path, tmp_path / "elsewhere", None):
        (entry,) = datasets.load(path, root)
        np.testing.assert_array_equal(entry.open().boxes, BOXES)
    assert len(examine(path, tmp_path, read).usable) == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"orign": 0}, "cows.json, line 15: unknown key 'orign'; the nearest is 'origin'"),
        ({"origin": 2}, "cows.json, line 4: origin is 2, wanted one of 0, 1"),
        ({"folders": 5}, "cows.json, line 15: folders is 5, wanted a list"),
        ({"count": True}, "cows.json, line 15: count is True, wanted a whole number"),
        ({"protocol": "vto"}, "protocol is 'vto', wanted one of 'ope'"),
        ({"layouts": [{"ground": []}]}, "ground"),
    ],
)
def test_a_mistake_in_a_definition_is_named(change, told, tmp_path):
    with pytest.raises(UserError, match=told) as caught:
        own(str(definition(tmp_path / "cows.json", **change)))
    assert "\n" not in str(caught.value) and "cows.json" in str(caught.value)


def pysot(folder, encoding="utf-8", name="PTB-TIR"):
    names = [path.relative_to(folder).as_posix() for path in sorted((folder / "road").iterdir())]
    content = {"road": {"img_names": names, "gt_rect": BOXES.tolist(), "init_rect": BOXES[0].tolist()}}
    (folder / f"{name}.json").write_text(json.dumps(content), encoding=encoding)
    return folder / f"{name}.json"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_pysot_s_json_of_an_unknown_name_is_a_dataset(encoding, tmp_path):
    images(tmp_path / "road")
    path = pysot(tmp_path, encoding)
    assert datasets.title(datasets.canonical(str(path))) == "PTB-TIR"
    for name, root in ((str(path), None), (str(path), tmp_path), ("folders", path)):
        (entry,) = datasets.load(name, root)
        np.testing.assert_array_equal(entry.open().boxes, BOXES)
    assert len(examine(str(path), tmp_path, read).usable) == 1


@pytest.mark.parametrize("below", ["", "PTB-TIR"])
def test_images_of_a_json_file_may_be_under_the_root(below, tmp_path):
    images(tmp_path / "road")  # what the file names
    path = pysot(tmp_path)
    (tmp_path / "data" / below).mkdir(parents=True)
    (tmp_path / "road").rename(tmp_path / "data" / below / "road")
    (entry,) = datasets.load(str(path), tmp_path / "data")
    assert entry.open().frames[0] == tmp_path / "data" / below / "road" / "0001.jpg"
    assert len(examine(str(path), tmp_path / "data", read).usable) == 1
    (tmp_path / "data" / below / "road").rename(tmp_path / "elsewhere")
    with pytest.raises(UserError, match=rf"road.0001.jpg: image missing .3 of the 3 .*nor are they under {tmp_path}"):
        entry.open()


@pytest.mark.parametrize(
    ("content", "told"), [("[1]", "is no dataset"), ("{", "cannot be read as JSON"), ('{"a": 1}', "begins with 'a'")]
)
def test_a_json_file_that_is_no_dataset_is_named(content, told, tmp_path):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(UserError, match=told):
        datasets.load(str(tmp_path / "a.json"))
    with pytest.raises(UserError, match=r"no dataset file .*b\.json; the nearest is 'a.json'"):
        datasets.load(str(tmp_path / "b.json"))


@pytest.mark.parametrize("layout", [
    "/home/alice/data/{0}/img/{1}", "D:\\data\\{0}\\img\\{1}", "{1}", "{0}/{1}", "./{0}/img/{1}", "{0}\\img\\{1}",
])  # fmt: skip
def test_images_are_found_wherever_the_one_who_made_the_file_had_them(tmp_path, layout):
    images(tmp_path / "road" / "img")
    names = [layout.format("road", path.name) for path in sorted((tmp_path / "road" / "img").iterdir())]
    item = {"img_names": names, "gt_rect": BOXES.tolist(), "video_dir": "road/img"}
    (tmp_path / "Mine.json").write_text(json.dumps({"road": item}))
    (entry,) = datasets.load(str(tmp_path / "Mine.json"), tmp_path)
    assert [frame.exists() for frame in entry.open().frames] == [True] * len(BOXES)


def test_images_that_are_nowhere_are_told_with_what_is_there(tmp_path):
    images(tmp_path / "road" / "img")
    item = {"img_names": [f"road/img/{n}.png" for n in range(len(BOXES))], "gt_rect": BOXES.tolist()}
    (tmp_path / "Mine.json").write_text(json.dumps({"road": item}))
    (entry,) = datasets.load(str(tmp_path / "Mine.json"), tmp_path)
    with pytest.raises(UserError, match=r"image missing \(3 of the 3 of road; .*road/img holds .*\); mend the dataset"):
        entry.open()


@pytest.mark.parametrize(("given", "codes"), [
    ("OCC", ("OCC",)), ("OCC, FM", ("OCC", "FM")), ({"OCC": 1, "FM": 0}, ("OCC",)), ([["OCC"], ["FM"]], ("OCC", "FM")),
    ([0, 1, 1], ()), (None, ()),
])  # fmt: skip
def test_attributes_are_codes_in_whatever_form(tmp_path, given, codes):
    item = {"img_names": ["1.jpg"] * 3, "gt_rect": BOXES.tolist(), "attr": given}
    (tmp_path / "Mine.json").write_text(json.dumps({"road": item}))
    (entry,) = datasets.load(str(tmp_path / "Mine.json"), tmp_path, images=False)
    assert entry.open().attributes == codes


@pytest.mark.parametrize("rect", ["1,2,3,4", 1.5])
def test_boxes_that_are_no_lists_are_named(tmp_path, rect):
    (tmp_path / "Mine.json").write_text(json.dumps({"road": {"img_names": ["1.jpg"], "gt_rect": [rect]}}))
    (entry,) = datasets.load(str(tmp_path / "Mine.json"), tmp_path, images=False)
    with pytest.raises(UserError, match=rf"frame 0 .* of gt_rect is '{rect}', no list of numbers"):
        entry.open()


def test_annotations_in_other_case_are_found(tmp_path):
    truth(tmp_path / "road" / "GroundTruth.TXT")
    images(tmp_path / "road" / "IMG")
    assert [entry.name for entry in datasets.load("folders", tmp_path)] == ["road"]


@pytest.mark.parametrize(("more", "words"), [
    ({"layouts": [{"groundtruth": ["{seq}/gt.txt"], "images": ["{folder}"]}]}, r"holds \{seq\}, where \{folder\}"),
    ({"layouts": [{"groundtruth": ["{folder/gt.txt"], "images": ["{folder}"]}]}, "is no path"),
    ({"layouts": [{"groundtruth": ["gt.txt"], "images": ["{folder}"]}]}, r"neither \{folder\} nor \{name\}"),
    ({"layouts": [{"truth": [], "images": []}]}, "layout: unknown key 'truth'"),
    ({"tags": {"a": {"least": 1}}}, "tags without tag_file"),
    ({"tag_file": "{tag}/{name}.txt", "tags": {"a": {"lest": 1}}}, "tag a: unknown key 'lest'; the nearest is 'least'"),
])  # fmt: skip
def test_a_definition_that_cannot_be_meant_is_refused_by_its_key(tmp_path, more, words):
    definition(tmp_path / "cows.json", **more)
    with pytest.raises(UserError, match=words):
        datasets.load(str(tmp_path / "cows.json"), tmp_path)
