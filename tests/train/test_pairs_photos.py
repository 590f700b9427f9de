"""Pairs composed of photographs and cut-outs."""

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.train.pairs.disk_cut import context_side
from drol_jax.train.pairs.photos import Photos, PhotosSettings
from drol_jax.train.pairs.photos.album import Album, Figure, read_album

E, S = 127, 255
PLAIN = PhotosSettings(
    folder="", blobs=0, negatives=0, turned=0, bend=0, distractors=0, companions=0, occluded=0, cut_off=0, grey=0,
    blur=0, coarse=0, compressed=0, light=0, tint=0, noise=0,
)  # fmt: skip


def photo():
    """Grey stripes at three sizes."""
    full = np.broadcast_to((80 + 20 * (np.arange(640) // 16 % 2))[None, :, None], (480, 640, 3)).astype(np.uint8)
    return full, full[::2, ::2], full[::4, ::4]


def album(rows=60, columns=40):
    """One photograph, and a red ellipse that mixing of colours leaves the brightest."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    figure = Figure.of(np.full((rows, columns, 3), 255.0), (x**2 + y**2 <= 1).astype(np.float32))
    assert figure is not None
    return Album([photo()], [figure])


def pairs(count=8, seed=0, index=0, **changes: Any):
    source = Photos(replace(PLAIN, **changes), count, E, S, seed, album=album(), workers=1)
    found = source.batch(index)
    return tuple(np.asarray(part) for part in (found.template, found.search, found.box, found.positive))


def bright(image):
    """(x, y, w, h) of what is not of the photograph."""
    rows, columns = np.nonzero(image.max(axis=-1) > 125)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


def test_the_box_is_where_the_target_is_seen():
    _, search, box, positive = pairs()
    assert positive.all()
    for image, wanted in zip(search, box, strict=True):
        seen = bright(image)
        assert np.abs(seen[:2] - wanted[:2]).max() < 2.5 and np.abs(seen[2:] - wanted[2:]).max() < 3.5


def test_the_template_shows_the_target_in_the_middle_with_its_context():
    template, *_ = pairs()
    for image in template:
        x, y, w, h = bright(image)
        assert np.abs(np.array([x + (w - 1) / 2, y + (h - 1) / 2]) - (E - 1) / 2).max() < 2
        assert context_side(np.array([w, h], float)) == pytest.approx(E, rel=0.06)


def test_targets_come_tall_and_wide():
    _, _, box, _ = pairs(40)
    ratio = box[:, 2] / box[:, 3]
    assert ratio.min() < 0.5 and ratio.max() > 1


def test_a_batch_depends_on_seed_and_number_alone():
    first, again, other, elsewhere = pairs(2), pairs(2), pairs(2, seed=1), pairs(2, index=1)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert (first[1] != other[1]).any() and (first[1] != elsewhere[1]).any()


def test_every_part_of_a_picture_may_be_there():
    """Nothing is left out: with all that the settings have, images are whole and boxes finite."""
    shares = ("companions", "occluded", "cut_off", "blur", "coarse", "compressed", "turned")
    everything: Any = dict.fromkeys(shares, 1.0) | {"distractors": 4, "bend": 0.1, "light": 0.3, "noise": 0.1}
    template, search, box, positive = pairs(4, blobs=0.5, negatives=0.5, **everything)
    assert template.shape == (4, E, E, 3) and search.shape == (4, S, S, 3) and template.dtype == np.uint8
    assert np.isfinite(box).all() and positive.dtype == bool and search.std() > 5


def test_search_regions_without_the_target_say_so():
    assert not pairs(4, negatives=1)[3].any()


def test_pictures_are_read_from_folders(tmp_path):
    (tmp_path / "photos" / "deep").mkdir(parents=True)
    (tmp_path / "objects").mkdir()
    cv2.imwrite(str(tmp_path / "photos/deep/a.png"), photo()[0])
    cv2.imwrite(str(tmp_path / "photos/small.png"), np.zeros((20, 20, 3), np.uint8))
    solid = np.zeros((40, 60, 4), np.uint8)
    solid[5:35, 10:50] = 255
    cv2.imwrite(str(tmp_path / "objects/b.png"), solid)
    found = read_album(str(tmp_path / "photos"), str(tmp_path / "objects"))
    assert len(found.photos) == 1 and found.photos[0][2].shape == (120, 160, 3)
    assert (np.ptp(found.cutouts[0].outline, axis=0) == [39, 29]).all()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": "nowhere"}, "has no pictures"),
        ({"cutouts": "photos"}, "a transparent background"),
        ({"folder": "words"}, "is no picture"),
        ({"scale": 3}, "scale is 3; give a number from 1 to 2"),
    ],
)
def test_what_cannot_be_used_is_refused(changes, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("photos", "words"):
        (tmp_path / folder).mkdir()
    cv2.imwrite("photos/a.png", photo()[0])
    (tmp_path / "words/a.png").write_text("words")
    with pytest.raises(UserError, match=words):
        Photos(replace(PLAIN, **{"folder": "photos", **changes}), 2, E, S)
