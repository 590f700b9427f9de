"""Pairs out of videos on disk, and mixtures of sources."""

import json

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.train.pairs.disk import Clip, Draws, FromDisk, Track
from drol_jax.train.pairs.disk_crop511 import Crop511Settings, crop511
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting, context_side, cut_pair
from drol_jax.train.pairs.disk_sequences import SequencesSettings, sequences
from drol_jax.train.pairs.mixture import Mixture
from drol_jax.train.pairs.sheet import contact_sheet

PLAIN = CutSettings(negatives=0, flip=0, grey=0, blur=0, light=0, tint=0)
E, S = 63, 143


def scene(box, height, width, colour=(220, 30, 30)):
    """A box of whole pixels on dark ground."""
    x, y, w, h = (round(v) for v in box)
    image = np.full((height, width, 3), 20, np.uint8)
    image[y : y + h, x : x + w] = colour
    return image


def found(image):
    """(x, y, w, h) of the bright pixels."""
    rows, columns = np.nonzero(image.max(axis=-1) > 110)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


@pytest.fixture
def cut_pictures(tmp_path):
    """Two videos as PySOT's par_crop.py and gen_json.py leave them: one red target, one blue."""
    annotation = {}
    for video, colour in (("red/a", (220, 30, 30)), ("blue/b", (30, 30, 220))):
        folder = tmp_path / "crop511" / video
        folder.mkdir(parents=True)
        frames = {}
        for number in (0, 3, 7):
            size = np.array([60.0, 40.0])
            inside = size * 127 / context_side(size)
            image = scene([*(255 - (inside - 1) / 2), *inside], 511, 511, colour)
            cv2.imwrite(str(folder / f"{number:06d}.00.x.jpg"), image[..., ::-1])
            frames[f"{number:06d}"] = [100 + number, 50, 160 + number, 90]
        annotation[video] = {"00": frames | {"meta": "passed over"}}
    (tmp_path / "train.json").write_text(json.dumps(annotation))
    return Crop511Settings(folder=str(tmp_path / "crop511"), annotation=str(tmp_path / "train.json"), cut=PLAIN)


def source(settings, batch_size=6, seed=0):
    return crop511(settings, batch_size, E, S, seed, workers=2)


def changed(settings, **cut):
    values = {name: getattr(settings.cut, name) for name in CutSettings.__dataclass_fields__} | cut
    return Crop511Settings(folder=settings.folder, annotation=settings.annotation, cut=CutSettings(**values))


def test_a_batch_depends_on_seed_and_number_alone(cut_pictures):
    settings = changed(cut_pictures, negatives=0.3, flip=0.5, grey=0.3, blur=0.5, light=0.2)
    first, again = source(settings), source(settings)
    first.batch(0)
    assert np.array_equal(first.batch(5).search, again.batch(5).search)
    assert np.array_equal(first.batch(5, slice(1, 3)).search, first.batch(5).search[1:3])
    assert not np.array_equal(first.batch(5).search, first.batch(6).search)
    assert not np.array_equal(first.batch(5).search, source(settings, seed=1).batch(5).search)


def test_shapes_and_types_are_those_of_every_source(cut_pictures):
    pairs = source(cut_pictures).batch(0)
    assert pairs.template.shape == (6, E, E, 3) and pairs.template.dtype == np.uint8
    assert pairs.search.shape == (6, S, S, 3) and pairs.search.dtype == np.uint8
    assert pairs.box.shape == (6, 4) and pairs.box.dtype == np.float32
    assert pairs.positive.shape == (6,) and pairs.positive.dtype == np.bool_
    assert pairs.mask is None
    assert contact_sheet(pairs, columns=3).dtype == np.uint8


def test_the_template_holds_the_target_in_its_middle_and_the_box_the_target_in_the_search_region(cut_pictures):
    pairs = source(changed(cut_pictures, shift=30.0, scale=0.2), batch_size=12).batch(0)
    size = np.array([60.0, 40.0]) * E / context_side(np.array([60.0, 40.0]))
    for template, search, box in zip(pairs.template, pairs.search, pairs.box, strict=True):
        x, y, w, h = found(np.asarray(template))
        np.testing.assert_allclose([x + (w - 1) / 2, y + (h - 1) / 2], (E - 1) / 2, atol=1)
        np.testing.assert_allclose([w, h], size, atol=1.6)
        np.testing.assert_allclose(found(np.asarray(search)), box, atol=1.6)


def test_negatives_show_another_video_as_often_as_asked(cut_pictures):
    pairs = source(changed(cut_pictures, negatives=0.5), batch_size=64).batch(0)
    template, search = np.asarray(pairs.template), np.asarray(pairs.search)
    alike = (template[..., 0].max(axis=(1, 2)) > 110) == (search[..., 0].max(axis=(1, 2)) > 110)
    assert np.array_equal(alike, pairs.positive)
    assert 16 <= alike.sum() <= 48


def test_a_mirrored_pair_keeps_its_box_on_the_target():
    image = scene((40, 30, 20, 30), 100, 120)
    sighting = Sighting(image=image, box=np.array([40.0, 30, 20, 30]))
    settings = CutSettings(flip=1, grey=0, blur=0, light=0, tint=0, scale=0, shift=20)
    _, search, box = cut_pair(np.random.default_rng(1), sighting, sighting, settings, E, S)
    np.testing.assert_allclose(found(search), box, atol=1.6)


def test_pairs_lie_within_the_frame_range():
    seen = []

    def read(i):
        seen.append(i)
        return Sighting(image=scene((40, 30, 20, 30), 100, 120), box=np.array([40.0, 30, 20, 30]))

    track = Track(video="one", open=lambda: Clip(numbers=np.arange(0, 1000, 10), read=read))
    draws = Draws(frame_range=30, cut=PLAIN, batch_size=20, exemplar=E, instance=S)
    FromDisk([track], draws, workers=1).batch(0)
    assert max(abs(a - b) for a, b in zip(seen[::2], seen[1::2], strict=True)) <= 3


def test_every_dataset_that_is_read_gives_pairs():
    settings = SequencesSettings(dataset="Synth", only=("dusk_car", "leaving_dog"), render_seed=3)
    pairs = sequences(settings, 3, E, S, 0).batch(0)
    assert pairs.search.shape == (3, S, S, 3)
    assert np.isfinite(pairs.box).all()


@pytest.mark.parametrize("name", ["GOT-10k-train", "folders"])
def test_training_folders_give_pairs_without_the_frames_marked_absent(tmp_path, name):
    for sequence in ("GOT-10k_Train_000001", "GOT-10k_Train_000002"):
        folder = tmp_path / sequence
        folder.mkdir()
        for number in (1, 2, 3):
            cv2.imwrite(str(folder / f"{number:08d}.jpg"), scene((40, 30, 20, 30), 100, 120)[..., ::-1])
        (folder / "groundtruth.txt").write_text("40,30,20,30\n" * 2 + "0,0,0,0\n")
        for label in ("absence", "cut_by_image"):
            (folder / f"{label}.label").write_text("0\n0\n1\n")
        (folder / "cover.label").write_text("8\n8\n0\n")
    settings = SequencesSettings(dataset=name, root=str(tmp_path), cut=PLAIN)
    pairs = sequences(settings, 8, E, S).batch(0)
    for search, box in zip(pairs.search, pairs.box, strict=True):
        np.testing.assert_allclose(found(np.asarray(search)), box, atol=1.6)


def wrong(tmp_path, text):
    (tmp_path / "crop511").mkdir(exist_ok=True)
    (tmp_path / "train.json").write_text(text)
    return Crop511Settings(folder=str(tmp_path / "crop511"), annotation=str(tmp_path / "train.json"), cut=PLAIN)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "holds no box"),
        ("{", "not JSON"),
        ("[]", "the form is"),
        ('{"v": {"00": {"000001": [1, 2, 3]}}}', "frame 000001 is"),
        ('{"v": {"00": {"000001": [5, 5, 5, 9]}}}', "holds no box"),
    ],
)
def test_a_broken_annotation_is_named(tmp_path, text, says):
    with pytest.raises(UserError, match=f"train.json.*{says}"):
        source(wrong(tmp_path, text))


def test_missing_and_unreadable_files_are_named(cut_pictures, tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        source(Crop511Settings(folder=str(tmp_path / "nowhere"), annotation=cut_pictures.annotation))
    with pytest.raises(UserError, match=r"none\.json: no such annotation"):
        source(Crop511Settings(folder=cut_pictures.folder, annotation=str(tmp_path / "none.json")))
    for path in (tmp_path / "crop511").rglob("*.jpg"):
        path.write_bytes(b"no image")
    with pytest.raises(UserError, match=r"\.00\.x\.jpg: not an image"):
        source(cut_pictures).batch(0)
    with pytest.raises(UserError, match="say where with root"):
        sequences(SequencesSettings(dataset="folders"), 2)


@pytest.mark.parametrize(
    ("dataset", "there", "says"),
    [
        (
            "folders",
            False,
            r"folders: folder .* does not exist; write renderings there \(.*eval render --output .*root",
        ),
        ("folders", True, r"folders: no annotation .* lies under .*; write renderings there"),
        ("OTB100", False, "fetch the sequences' zip files .* name that with root in the training file"),
        ("OTB100", None, "no folder was named; say where with root in the training file"),
    ],
)
def test_a_dataset_that_is_not_there_is_named_with_a_cure_that_training_has(dataset, there, says, tmp_path):
    root = tmp_path / "data"
    if there:
        root.mkdir()
    with pytest.raises(UserError, match=says) as caught:
        sequences(SequencesSettings(dataset=dataset, root=None if there is None else str(root)), 2)
    assert "--data-root" not in str(caught.value)


def test_negatives_want_a_second_video(tmp_path):
    settings = wrong(tmp_path, '{"v": {"00": {"000001": [1, 2, 30, 40]}}}')
    with pytest.raises(UserError, match="only one"):
        source(changed(settings, negatives=0.2))


def test_settings_out_of_range_are_refused():
    with pytest.raises(UserError, match="negatives is 2"):
        CutSettings(negatives=2)


def test_what_a_pair_is_does_not_hang_on_what_chose_its_source(cut_pictures):
    """Of two sources the first, whose seed is the mixture's, has as many negatives in one row as in the others."""
    pairs = source(changed(cut_pictures, negatives=0.5), batch_size=3)
    mixture = Mixture([pairs, pairs], [1, 1], masks=False)
    chosen = [index for index in range(60) if mixture._choice(index) == 0]
    positive = np.array([mixture.batch(index).positive for index in chosen]).mean(axis=0)
    assert (np.abs(positive - 0.5) < 0.3).all()


def test_a_mixture_takes_whole_batches_by_weight_and_by_number(cut_pictures):
    sources = [source(cut_pictures, seed=seed) for seed in (1, 2)]
    mixture, again = (Mixture(sources, [3, 1], seed=4, masks=False) for _ in range(2))
    picked = []
    for index in range(24):
        batch = np.asarray(mixture.batch(index).search)
        assert np.array_equal(batch, again.batch(index).search)
        picked.append([np.array_equal(batch, one.batch(index).search) for one in sources].index(True))
    assert 12 <= picked.count(0) <= 23
    assert mixture.beginnings() == sorted([picked.index(0), picked.index(1)])
    assert Mixture(sources, [0, 1], masks=False).beginnings() == [0]
    with pytest.raises(UserError, match=r"source 0 .counted from 0. has none"):
        Mixture(sources, [1, 0], masks=True).batch(0)
    with pytest.raises(UserError, match="one weight each"):
        Mixture(sources, [1], masks=False)
