"""Pairs out of kept patches: they are what decoding gives, boxes lie on targets, every setting means the same."""

from functools import partial

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from drol_jax.config import SearchConfig
from drol_jax.errors import UserError
from drol_jax.image.boxes import target_from_box
from drol_jax.train import sources
from drol_jax.train.pairs import kept, kept_cut
from drol_jax.train.pairs.disk import Clip, Draws, FromDisk, Track
from drol_jax.train.pairs.disk_cut import CutSettings, Sighting, context_side, cut_pair
from drol_jax.train.pairs.kept import Index, Kept, choose
from drol_jax.train.pairs.procedural.dice import Dice
from drol_jax.train.settings import from_dict

STILL = {"negatives": 0, "flip": 0, "grey": 0, "blur": 0, "light": 0, "tint": 0, "shift": 0, "scale": 0}
E, S = 31, 63
BOX = np.array([61.25, 43.5, 20.0, 30.0])


def scenery(seed, height=120, width=160, sigma=9.0):
    """uint8 [H, W, 3], smooth: what two ways of interpolating show alike."""
    noise = cv2.GaussianBlur(np.random.default_rng(seed).normal(size=(height, width, 3)), (0, 0), sigma)
    return np.clip(127 + 50 * noise / noise.std(), 0, 255).astype(np.uint8)


def still(image, box=BOX, video="one", numbers=(0,)):
    """A track of equal frames."""
    sighting = Sighting(image=image, box=np.asarray(box, np.float64))
    return Track(video=video, open=lambda: Clip(numbers=np.array(numbers), read=lambda _: sighting))


def both(tracks, batch_size=2, seed=0, instance=S, **cut):
    """The decoding source and the one that keeps, with the same settings."""
    draws = Draws(
        frame_range=100,
        cut=CutSettings(**{**STILL, **cut}),
        batch_size=batch_size,
        exemplar=E,
        instance=instance,
        seed=seed,
    )
    return tuple(kind(tracks, draws, workers=2) for kind in (FromDisk, Kept))


def keeping(tracks, **settings):
    return both(tracks, **settings)[1]


def apart(a, b):
    """Largest difference in grey levels."""
    return np.abs(np.asarray(a, np.int32) - np.asarray(b, np.int32)).max()


@pytest.mark.parametrize(
    ("box", "instance"),
    [(BOX, S), ((61.25, 43.5, 36.7, 21.2), S), ((-5.5, 3.0, 30.0, 40.0), S), ((130.3, 80.2, 40.0, 60.0), S), (BOX, 64)],
)
def test_without_randomness_a_pair_is_the_decoding_source_s(box, instance):
    old, new = (source.batch(0) for source in both([still(scenery(1), box)], instance=instance))
    # Where one size is even and one odd, the template lies between the patch's pixels.
    assert apart(old.template, new.template) <= 2
    assert apart(old.search, new.search) <= 2
    np.testing.assert_allclose(old.box, new.box, atol=1e-3)
    for name in ("template", "search", "box", "positive"):
        one, two = getattr(old, name), getattr(new, name)
        assert (one.shape, one.dtype) == (two.shape, two.dtype)
    assert new.mask is None


class Scripted:
    """Stands in for numpy's generator and hands out given values, uniform in 0..1."""

    def __init__(self, values):
        self._dice = Dice(np.asarray(values))

    def random(self, count=None):
        return self.uniform(0, 1, count)

    def uniform(self, low, high, count=None):
        values = self._dice.uniform(low, high, (1 if count is None else count,))
        return float(values[0]) if count is None else values


@pytest.mark.parametrize("seed", range(6))
def test_every_setting_means_what_it_means_to_the_decoding_source(seed):
    """The same 23 values to both, everything on, within the image: its border is too sharp to be mixed twice."""
    settings = CutSettings(template_shift=4, template_scale=0.1, shift=15, scale=0.3, flip=0.5, grey=0.4, blur=0.8)
    box = np.array([151.25, 123.5, 20.0, 30.0]) + seed
    one, two = (Sighting(image=scenery(place, 300, 400), box=box + place) for place in (0, 1))
    values = np.random.default_rng(seed).random(kept_cut.DRAWS).astype(np.float32)
    wanted = cut_pair(Scripted(values), one, two, settings, E, S)
    tracks = [still(sighting.image, sighting.box, video) for sighting, video in ((one, "a"), (two, "b"))]
    source = Kept(tracks, Draws(frame_range=1, cut=settings, batch_size=1, exemplar=E, instance=S))
    found = _cut(settings, source._patches, source._target_sizes, jnp.asarray(values))
    for a, b in zip(wanted[:2], found[:2], strict=True):
        assert apart(a, b) <= 3
    np.testing.assert_allclose(wanted[2], found[2], atol=1e-3)


@partial(jax.jit, static_argnums=0)
def _cut(settings, patches, sizes, values):
    return kept_cut.cut_rows(patches, sizes, jnp.int32(0), jnp.int32(1), Dice(values), settings, E, S)


def bright(box):
    """A bright box of whole pixels on dark ground that is lighter to the right."""
    x, y, w, h = box
    image = np.zeros((300, 400, 3), np.uint8) + np.linspace(10, 90, 400).astype(np.uint8)[None, :, None]
    image[y : y + h, x : x + w] = 220
    return image


def found(image):
    """(x, y, w, h) of the bright pixels."""
    rows, columns = np.nonzero(image.max(axis=-1) > 140)
    return np.array([columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1])


@pytest.fixture(scope="module")
def moved():
    box = (160, 120, 20, 30)
    cut = {"shift": 12, "scale": 0.3, "flip": 0.4, "template_shift": 3, "template_scale": 0.1}
    return keeping([still(bright(box), box)], batch_size=256, **cut).batch(0)


def test_the_box_lies_on_the_target_and_the_target_in_the_template_s_middle(moved):
    size = np.array([20, 30]) * E / context_side(np.array([20.0, 30.0]))
    for template, search, box in zip(*map(np.asarray, (moved.template, moved.search, moved.box)), strict=True):
        np.testing.assert_allclose(found(search), box, atol=1.7)
        middle, seen = target_from_box(found(template))
        np.testing.assert_allclose(middle, (E - 1) / 2, atol=3 + 0.8)
        np.testing.assert_allclose(seen, size, rtol=0.1, atol=1.6)


def test_shifts_scales_and_mirrors_are_as_wide_and_as_frequent_as_asked(moved):
    centre, size = target_from_box(np.asarray(moved.box, np.float64))
    shift, scale = centre - (S - 1) / 2, size[:, 0] / (20 * E / context_side(np.array([20.0, 30.0])))
    for values, low, high in ((shift[:, 0], -12, 12), (shift[:, 1], -12, 12), (scale, 0.7, 1.3)):
        assert values.min() >= low - 1e-3 and values.max() <= high + 1e-3
        quarters = np.histogram(values, 4, (low, high))[0]
        assert (quarters > 256 / 4 - 30).all() and (quarters < 256 / 4 + 30).all()
    assert len(np.unique(shift[:, 0])) > 250
    search, template = np.asarray(moved.search, float), np.asarray(moved.template, float)
    mirrored = search[:, 0, :5].mean(axis=(1, 2)) > search[:, 0, -5:].mean(axis=(1, 2))
    assert np.array_equal(mirrored, template[:, 0, :4].mean(axis=(1, 2)) > template[:, 0, -4:].mean(axis=(1, 2)))
    assert 0.3 < mirrored.mean() < 0.5


def test_frames_clips_and_videos_are_drawn_as_asked():
    numbers = [np.arange(0, 40, 2), np.arange(5), np.array([0, 100, 101, 250]), np.array([7])]
    videos, reach, count = ["a", "b", "b", "c"], 6, 4000
    index = Index.of(numbers, videos, reach)
    values = jax.random.uniform(jax.random.key(3), (count, 6))
    drawn = jax.jit(jax.vmap(lambda row: choose(index, 0.3, Dice(row))))(values)
    first, second, positive = map(np.asarray, drawn)
    clip, number = np.repeat(np.arange(4), [len(those) for those in numbers]), np.concat(numbers)
    video = np.array([0, 1, 1, 2])[clip]
    assert abs(positive.mean() - 0.7) < 0.03
    assert (clip[first] == clip[second])[positive].all()
    assert (np.abs(number[first] - number[second]) <= reach)[positive].all()
    assert (video[first] != video[second])[~positive].all()
    np.testing.assert_allclose(np.bincount(clip[first]) / count, 0.25, atol=0.03)
    # In the middle of the first clip all seven frames that are near, equally often; of videos, clips equally often.
    partners = (number[second] - number[first])[positive & (clip[first] == 0) & (np.abs(number[first] - 19) < 12)]
    np.testing.assert_allclose(np.bincount((partners + reach) // 2) / len(partners), 1 / 7, atol=0.07)
    from_a = clip[second][~positive & (video[first] == 0)]
    np.testing.assert_allclose(np.bincount(from_a, minlength=4) / len(from_a), [0, 1 / 3, 1 / 3, 1 / 3], atol=0.08)


def test_a_batch_depends_on_settings_seed_and_number_alone():
    tracks = [still(scenery(place), video=str(place), numbers=range(3)) for place in range(3)]
    options = {"negatives": 0.3, "flip": 0.5, "grey": 0.3, "blur": 0.5, "light": 0.2, "tint": 0.1, "shift": 12}
    first, again, other = (keeping(tracks, batch_size=6, seed=seed, **options) for seed in (0, 0, 1))
    first.batch(0)
    batch = first.batch(5)
    assert jax.tree.all(jax.tree.map(np.array_equal, batch, again.batch(5)))
    assert apart(first.batch(5, slice(1, 2)).search, batch.search[1:2]) <= 1
    assert not np.array_equal(batch.search, first.batch(6).search)
    assert not np.array_equal(batch.search, other.batch(5).search)
    # As a GPU does it, all at once.
    again._one_by_one = False
    assert apart(batch.search, again.batch(5).search) <= 1
    np.testing.assert_allclose(batch.box, again.batch(5).box, atol=1e-4)


@pytest.mark.parametrize(("exemplar", "instance"), [(127, 255), (127, 287), (64, 128), (127, 128), (63, 63)])
def test_no_cut_reaches_past_a_patch(exemplar, instance):
    sides = []
    for near, less, far, more in ((0, 0, 0, 0), (4, 0.05, 48, 0.18), (64, 0.5, 0, 0), (0, 0, 128, 0.5)):
        settings = CutSettings(template_shift=near, template_scale=less, shift=far, scale=more)
        side = kept_cut.patch_side(settings, exemplar, instance)
        reach = max(((exemplar - 1) / 2 + near) / (1 - less), ((instance - 1) / 2 + far) / (1 - more))
        assert 0 <= (side - 1) / 2 - reach < 1
        assert side % 2 == instance % 2
        sides.append(side)
    if (exemplar, instance) == (127, 255):
        assert sides[1] == 429  # what the documentation of `keep` says in bytes


@pytest.fixture
def folders(tmp_path):
    """Two sequences of three frames, as `folders` reads them."""
    for place in range(2):
        folder = tmp_path / f"sequence{place}"
        folder.mkdir()
        for number in (1, 2, 3):
            cv2.imwrite(str(folder / f"{number:08d}.jpg"), scenery(place))
        (folder / "groundtruth.txt").write_text("60,40,20,30\n" * 3)
    return tmp_path


def build(folder, keep=True):
    """From what a training file says."""
    cut = {"shift": 12, "template_shift": 2}
    of = {"dataset": "folders", "root": str(folder), "cut": cut, "keep": keep}
    settings = from_dict({"config": "siamrpn_alex_tiny", "steps": 1, "sources": [{"sequences": of}]})
    return sources.build(settings.sources, 4, SearchConfig(exemplar_size=E, instance_size=S), 1, masks=False)


def test_a_training_file_says_whether_frames_are_kept(folders):
    source, decoding = build(folders), build(folders, False)
    for path in folders.rglob("*.jpg"):
        path.unlink()
    assert source.batch(0).search.shape == (4, S, S, 3)
    with pytest.raises(UserError, match="image missing"):
        decoding.batch(0)


def test_a_frame_that_cannot_be_read_is_named_when_the_source_is_made(folders):
    for name in ("sequence0/00000002.jpg", "sequence1/00000001.jpg"):
        (folders / name).write_bytes(b"no image")
    with pytest.raises(UserError, match=r"sequence0/00000002\.jpg: not an image"):
        build(folders)


def test_patches_that_do_not_fit_are_refused_with_their_size(monkeypatch):
    track = still(scenery(0), numbers=range(500))
    monkeypatch.setattr(kept, "_memory", lambda: 3_000_000)
    with pytest.raises(UserError, match=r"500 patches of 63x63 pixels takes 0\.00595 GB .* 0\.0018 GB; set keep to"):
        keeping([track])
    monkeypatch.undo()
    assert kept._memory() > 1e8
    assert keeping([track]).nbytes == 500 * 63 * 63 * 3


@pytest.mark.parametrize(("count", "cut", "says"), [(0, {}, "no tracks"), (1, {"negatives": 1}, "only one")])
def test_what_no_pairs_come_of_is_refused(count, cut, says):
    with pytest.raises(UserError, match=says):
        keeping([still(scenery(0))] * count, **cut)
