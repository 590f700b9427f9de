"""Data as people lay it out: other folders than the official ones, of which the images are found all the same."""

import json

import cv2
import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.segments import anchors, together
from drol_jax.image.shapes import Mask
from drol_jax.running.trajectory import Trajectory

BOX = "3,3,6,4"


@pytest.fixture
def image(tmp_path):
    """Writes an image at a path below the data root."""

    def write(*parts):
        path = tmp_path.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(path), np.full((12, 16, 3), 90, np.uint8))

    return write


def opened(root, dataset, name):
    (entry,) = datasets.load(dataset, root, [name])
    return entry.open()


@pytest.mark.parametrize(
    ("properties", "pattern"),
    [("channels.color=rgb/%08d.jpg", "rgb/{:08d}.jpg"), ("channels.color=color\\%05dv.png\nchannels.ir=ir/%05di.jpg",
     "color/{:05d}v.png"), ("channels.ir=ir/", "ir/{:08d}.jpg")],
)  # fmt: skip
def test_vot_toolkits_channels_say_where_the_images_are(tmp_path, image, properties, pattern):
    for number in (1, 2):
        image("cup", pattern.format(number))
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 2)
    (tmp_path / "cup" / "sequence").write_text(properties)
    sequence = opened(tmp_path, "VOT", "cup")
    assert [path.relative_to(tmp_path / "cup").as_posix() for path in sequence.frames] == [
        pattern.format(1),
        pattern.format(2),
    ]


def test_images_in_another_folder_than_vots_tell_their_size_where_annotations_alone_are_asked_for(tmp_path, image):
    for number in (1, 2):
        image("cup", "img", f"{number:08d}.jpg")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 2)
    (entry,) = datasets.load("VOT", tmp_path, images=False)
    assert entry.open().frames[0] == tmp_path / "cup" / "img" / "00000001.jpg"
    (tmp_path / "cup" / "img" / "00000002.jpg").unlink()  # annotations are enough all the same
    assert len(entry.open()) == 2


@pytest.mark.parametrize(
    "way", ["../../secret", "/etc/secret", "..\\..\\secret", "x/../../../secret", "../../rooted/a"]
)
@pytest.mark.parametrize("key", ["groundtruth", "channels.color"])
def test_properties_lead_to_nothing_outside_the_dataset(tmp_path, key, way):
    root = tmp_path / "root"
    (root / "cup").mkdir(parents=True)
    (root / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 2)
    (root / "cup" / "sequence").write_text(f"{key}={way}\n")
    with pytest.raises(UserError, match=f"cup/sequence: {key}=.* leads out of the dataset, .*root; put what"):
        opened(root, "VOT", "cup")


def test_properties_may_lead_to_another_sequence_or_along_a_link(tmp_path, image):
    for number in (1, 2):
        image("elsewhere", f"{number:08d}.jpg")
    for name, properties in (
        ("cup", "channels.color=color"),
        ("can", "channels.color=../cup/color\ngroundtruth=../cup/t"),
    ):
        (tmp_path / "root" / name).mkdir(parents=True)
        (tmp_path / "root" / name / "groundtruth.txt").write_text(f"{BOX}\n" * 2)
        (tmp_path / "root" / name / "sequence").write_text(properties)
    (tmp_path / "root" / "cup" / "t").write_text("1,2,3,4\n" * 2)
    (tmp_path / "root" / "cup" / "color").symlink_to(tmp_path / "elsewhere")
    sequence = opened(tmp_path / "root", "VOT", "can")
    assert len(sequence.frames) == 2
    assert sequence.boxes[0].tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize("below", ["", "frames", "images"])
@pytest.mark.parametrize("suffix", [".png", ".bmp", ".webp"])
def test_images_beside_the_truth_or_in_usual_folders_are_found(tmp_path, image, below, suffix):
    for number in range(1, 72):
        image("Deer", below, f"{number:04d}{suffix}")
    (tmp_path / "Deer" / "groundtruth_rect.txt").write_text(f"{BOX}\n" * 71)
    assert opened(tmp_path, "OTB100", "Deer").frames[0] == tmp_path / "Deer" / below / f"0001{suffix}"


def test_what_lies_there_instead_of_images_is_told(tmp_path):
    (tmp_path / "Deer" / "pictures").mkdir(parents=True)
    (tmp_path / "Deer" / "groundtruth_rect.txt").write_text(f"{BOX}\n" * 71)
    with pytest.raises(UserError, match=r"Deer/img of its images is missing \(.*Deer holds groundtruth_rect.txt, pict"):
        opened(tmp_path, "OTB100", "Deer")


def test_two_targets_may_have_folders_of_their_own(tmp_path, image):
    for target in "12":
        for number in range(1, 308):
            image(f"Jogging-{target}", "img", f"{number:04d}.jpg")
        (tmp_path / f"Jogging-{target}" / "groundtruth_rect.txt").write_text(f"{target},3,6,4\n" * 307)
    for target in (1, 2):
        assert opened(tmp_path, "OTB100", f"Jogging-{target}").boxes[0, 0] == target - 1


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_json_made_on_windows_is_read(tmp_path, image, encoding):
    image("ants1", "color", "1.jpg")
    table = {"ants1": {"gt_rect": [[1, 2, 3, 4]], "img_names": ["ants1\\color\\1.jpg"]}}
    (tmp_path / "VOT2018.json").write_text(json.dumps(table), encoding=encoding)
    assert opened(tmp_path / "VOT2018.json", "VOT2018", "ants1").frames == (tmp_path / "ants1" / "color" / "1.jpg",)


@pytest.mark.parametrize("line", [BOX, "3,3,9,3,9,7,3,7", "m3,3,2,2,0,4"])
def test_one_line_of_groundtruth_starts_a_track_and_scores_nothing(tmp_path, image, line):
    for number in range(1, 5):
        image("ant", "color", f"{number:08d}.jpg")
    (tmp_path / "ant" / "groundtruth.txt").write_text(line)
    sequence = opened(tmp_path, "VOT", "ant")
    assert sequence.only_first_box
    assert len(sequence) == 4
    assert not np.isnan(sequence.boxes[0]).any()
    assert np.isnan(sequence.boxes[1:]).all()
    assert anchors(sequence).tolist() == [1, 0, 0, 0]


def test_masks_are_reported_where_the_groundtruth_has_them(tmp_path, image):
    for number in range(1, 4):
        image("ant", "color", f"{number:08d}.jpg")
    (tmp_path / "ant" / "groundtruth.txt").write_text("m3,3,2,2,0,4\n" * 3)
    masks = tuple(Mask(x, 3, 2, 2, np.array([0, 4])) for x in range(3))
    whole = np.zeros(3, np.float32)
    trajectory = Trajectory(boxes=np.tile([3.0, 3, 2, 2], (3, 1)), scores=whole, online_scores=whole, confidences=whole,
                            verdicts=whole.astype(np.int8), templates=whole.astype(np.int8),
                            polygons=np.tile([3.0, 3, 5, 3, 5, 5, 3, 5], (3, 1)), masks=masks, seconds=1.0,
                            compile_seconds=0.0)  # fmt: skip
    run = together(opened(tmp_path, "VOT", "ant"), 3, [(0, trajectory)], failed=[]).regions
    assert run.is_shape.tolist() == [False, True, True]
    assert [shape and shape.text for shape in run.shapes] == [None, "m1,3,2,2,0,4", "m2,3,2,2,0,4"]


@pytest.mark.parametrize("rest", ["nan,nan,nan,nan", "0,0,0,0"])
def test_lines_that_say_nothing_behind_a_first_box_are_no_groundtruth(tmp_path, image, rest):
    for number in range(1, 6):
        image("cup", "img", f"{number:04d}.png")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" + f"{rest}\n" * 4)
    sequence = opened(tmp_path, "folders", "cup")
    assert (len(sequence), sequence.only_first_box) == (5, True)


def test_a_groundtruth_of_few_lines_for_many_images_is_refused(tmp_path, image):
    for number in range(1, 6):
        image("cup", "img", f"{number:04d}.png")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 2)
    with pytest.raises(UserError, match=r"groundtruth.txt: 2 lines for 5 images"):
        opened(tmp_path, "folders", "cup")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 4)
    assert len(opened(tmp_path, "folders", "cup")) == 4


def test_two_groundtruths_in_one_folder_are_refused_where_they_differ(tmp_path, image):
    image("cup", "img", "0001.png")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n")
    (tmp_path / "cup" / "groundtruth_rect.txt").write_text(f"{BOX}\n")
    assert len(opened(tmp_path, "folders", "cup")) == 1
    (tmp_path / "cup" / "groundtruth_rect.txt").write_text("1,1,2,2\n")
    with pytest.raises(UserError, match="may both be the groundtruth of cup, and differ; remove one"):
        opened(tmp_path, "folders", "cup")


def test_masks_of_ignored_pixels_are_no_object_and_no_score_is_told_without_them(tmp_path, image):
    image("cup", "color", "00000001.jpg")
    for name in ("groundtruth_0", "groundtruth_1"):
        (tmp_path / "cup" / f"{name}.txt").write_text(f"{BOX}\n")
    assert [entry.name for entry in datasets.load("VOT", tmp_path)] == ["cup_0", "cup_1"]
    (tmp_path / "cup" / "groundtruth__ignore.txt").write_text("m0,0,1,1,0,1\n")
    one, two = datasets.load("VOT", tmp_path)
    with pytest.raises(UserError, match=r"groundtruth__ignore.txt: names pixels that vot-toolkit leaves out"):
        one.open()
    assert two.name == "cup_1"


@pytest.mark.parametrize("name", ["{:04d}_left.png", "img ({:d}).png", "{:d}0.png"])
def test_images_whose_names_differ_in_one_number_alone_are_in_its_order(tmp_path, image, name):
    for number in range(1, 13):
        image("cup", "frames", name.format(number))
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 12)
    found = [path.name for path in opened(tmp_path, "folders", "cup").frames]
    assert found == [name.format(number) for number in range(1, 13)]


def test_the_folder_whose_images_have_no_numbers_is_named(tmp_path, image):
    for name in "abc":
        image("cup", "frames", f"{name}.png")
    (tmp_path / "cup" / "groundtruth.txt").write_text(f"{BOX}\n" * 3)
    with pytest.raises(UserError, match=r"cup/frames/.*image missing, with all 3 of cup; the folder holds a.png"):
        opened(tmp_path, "folders", "cup")
