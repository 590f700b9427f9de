"""Video files: both readers give the same frames, numbers and times, and tell what is wrong with a file."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.video.open import open_source
from drol_jax.video.options import ReadOptions
from drol_jax.video.whole import missing_bytes

pytest.importorskip("av")
import films

BOTH = ["pyav", "opencv"]


def frames(path, **options):
    source = open_source(path, ReadOptions(**options))
    return list(source), source


def same(found, wanted):
    assert [f.number for f in found] == [f.number for f in wanted]
    assert [f.time for f in found] == pytest.approx([f.time for f in wanted], abs=1e-3)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a.image, b.image)


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return films.write(tmp_path_factory.mktemp("film") / "ball.mp4", index_first=True)


KINDS = {
    "unsteady.mp4": {"stamps": films.UNSTEADY},
    "unsteady.mkv": {"stamps": films.UNSTEADY},
    "a.webm": {"codec": "libvpx-vp9"},
    "a.ts": {},
    "a.avi": {"codec": "mjpeg", "pixels": "yuvj420p", "unit": Fraction(1, 30), "stamps": range(films.FRAMES)},
    "turned.mp4": {"rotation": 90},
    "full.mp4": {"full": True, "pixels": "yuvj420p"},
    "hd_colours.mp4": {"matrix": 1},
    "10bit.mp4": {"pixels": "yuv420p10le"},
}


@pytest.mark.parametrize("name", KINDS)
def test_both_readers_give_the_frames_and_times_that_were_encoded(tmp_path, name):
    path = films.write(tmp_path / name, **KINDS[name])
    settings = {"stamps": films.STEADY, "unit": films.UNIT, **KINDS[name]}
    times = [float(stamp * settings["unit"]) for stamp in settings["stamps"]]
    (by_pyav, source), (by_opencv, _) = (frames(path, reader=reader) for reader in BOTH)
    same(by_opencv, by_pyav)
    assert [f.time for f in by_pyav] == pytest.approx(times, abs=2e-3)
    if name != "unsteady.mkv":  # which tells a length alone: little of how many frames there are
        assert source.info.frames == pytest.approx(films.FRAMES, abs=1)
    assert not source.cut and source.notes == ()
    image = by_pyav[5].image
    assert image.flags.c_contiguous and (source.info.width, source.info.height) == image.shape[1::-1]
    upright = np.rot90(films.picture(5), settings.get("rotation", 0) // 90)
    assert np.abs(image.astype(int) - upright).mean() < 6


@pytest.mark.parametrize("reader", BOTH)
def test_frames_that_an_edit_list_hides_are_not_counted(film, tmp_path, reader):
    cut = films.trim(film, tmp_path / "trim.mp4", 5 / 30)
    found, _ = frames(cut, reader=reader)
    whole, _ = frames(film, reader=reader)
    assert (found[0].number, found[0].time, len(found)) == (0, 0.0, films.FRAMES - 5)
    np.testing.assert_array_equal(found[0].image, whole[5].image)
    later, _ = frames(cut, reader=reader, start=11)
    same(later, found[11:])


@pytest.mark.parametrize("reader", BOTH)
@pytest.mark.parametrize("name", ["unsteady.mp4", "unsteady.mkv", "a.webm", "a.ts"])
def test_a_start_in_the_middle_gives_what_reading_from_the_first_frame_gives(tmp_path, reader, name):
    path = films.write(tmp_path / name, **KINDS[name])
    whole, _ = frames(path, reader=reader)
    for start in (1, 7, 8, 9, 23):
        later, _ = frames(path, reader=reader, start=start)
        same(later, whole[start:])
    second = f"{whole[10].time:.4f}s"
    same(frames(path, reader=reader, start=second, end=15, every=2)[0], whole[10:15:2])


@pytest.mark.parametrize("reader", BOTH)
def test_a_film_without_timestamps_is_counted_by_its_rate_and_told(film, tmp_path, reader):
    found, source = frames(films.without_stamps(film, tmp_path / "bare.h264"), reader=reader)
    assert [f.time for f in found] == pytest.approx([n / 25 for n in range(films.FRAMES)], abs=1e-3)
    assert "no timestamp" in source.notes[0]


@pytest.mark.parametrize("reader", BOTH)
@pytest.mark.parametrize("name", ["a.mp4", "a.mkv"])
def test_a_truncated_file_is_given_to_its_last_good_frame_and_told(tmp_path, reader, name):
    whole = films.write(tmp_path / f"whole_{name}", index_first=True)
    wanted, _ = frames(whole, reader="pyav")
    found, source = frames(films.shortened(whole, tmp_path / name, 0.6), reader=reader)
    assert 3 <= len(found) < films.FRAMES
    same(found, wanted[: len(found)])
    assert source.cut
    assert f"cut off after frame {len(found) - 1} of about 24" in source.notes[-1]


@pytest.mark.parametrize("reader", BOTH)
def test_damage_in_the_middle_is_passed_over_and_told(film, tmp_path, reader):
    data = bytearray(film.read_bytes())
    middle = data.find(b"mdat") + (len(data) - data.find(b"mdat")) // 2
    data[middle : middle + 400] = bytes(400)
    (tmp_path / "damaged.mp4").write_bytes(data)
    wanted, _ = frames(film, reader=reader)
    found, source = frames(tmp_path / "damaged.mp4", reader=reader)
    assert films.FRAMES - 6 <= len(found) < films.FRAMES
    assert found[-1].time == pytest.approx(wanted[-1].time, abs=1e-3)
    np.testing.assert_array_equal(found[-1].image, wanted[-1].image)
    assert not source.cut and "passed over" in source.notes[0]


def test_a_cut_behind_the_last_wanted_frame_does_not_matter(tmp_path):
    whole = films.write(tmp_path / "whole.mp4", index_first=True)
    found, source = frames(films.shortened(whole, tmp_path / "cut.mp4", 0.8), end=3)
    assert len(found) == 3 and not source.cut and source.notes == ()


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi"])
def test_missing_bytes_are_those_that_were_cut_off(tmp_path, name):
    path = films.write(tmp_path / name, index_first=name == "a.mp4", **KINDS.get(name, {}))
    assert missing_bytes(path) == 0
    size = path.stat().st_size
    cut = films.shortened(path, tmp_path / f"cut_{name}", 0.7)
    assert missing_bytes(cut) == size - cut.stat().st_size


@pytest.mark.parametrize("reader", BOTH)
def test_a_larger_film_is_made_smaller_by_area_and_the_scale_told(film, reader):
    found, source = frames(film, reader=reader, max_size=32)
    full, _ = frames(film, reader=reader)
    assert (source.info.width, source.info.height, source.info.scale) == (32, 24, 0.5)
    np.testing.assert_array_equal(found[3].image, cv2.resize(full[3].image, (32, 24), interpolation=cv2.INTER_AREA))
    assert frames(film, max_size=640)[1].info.scale == 1.0


@pytest.mark.parametrize("reader", BOTH)
class TestWhatCannotBeRead:
    def refused(self, path, reader, match, **options):
        with pytest.raises(UserError, match=match) as caught:
            open_source(path, ReadOptions(reader=reader, **options))
        assert path.name in str(caught.value) and "\n" not in str(caught.value)

    def test_no_such_file(self, tmp_path, reader):
        self.refused(tmp_path / "absent.mp4", reader, "no such")

    def test_an_empty_file(self, tmp_path, reader):
        (tmp_path / "a.mp4").touch()
        self.refused(tmp_path / "a.mp4", reader, "empty")

    def test_a_file_that_is_no_video(self, tmp_path, reader):
        (tmp_path / "a.mp4").write_text("words " * 500)
        self.refused(tmp_path / "a.mp4", reader, "no video")

    def test_sound_alone(self, tmp_path, reader):
        found = {"pyav": "only audio", "opencv": "no video that OpenCV can decode"}
        self.refused(films.sound(tmp_path / "a.m4a"), reader, found[reader])

    def test_a_codec_that_nobody_knows(self, film, tmp_path, reader):
        path = tmp_path / "odd.mp4"
        path.write_bytes(film.read_bytes().replace(b"avc1", b"zzzz"))
        self.refused(path, reader, "codec is unknown" if reader == "pyav" else "cannot|can decode")

    def test_a_file_cut_off_before_its_index(self, tmp_path, reader):
        whole = films.write(tmp_path / "whole.mp4")
        self.refused(films.shortened(whole, tmp_path / "cut.mp4", 0.5), reader, r"at least \d+ bytes are missing")

    def test_a_start_behind_the_end(self, film, reader):
        self.refused(film, reader, "start 24 is behind its end, it has 24 frames", start=24)
        self.refused(film, reader, "start 1:00 is behind its end", start="1:00")

    def test_no_frame_between_start_and_end(self, film, reader):
        self.refused(film, reader, "no frame lies between", start=20, end="0.1s")


def test_opencv_reads_where_pyav_is_missing(film):
    wanted, _ = frames(film, reader="opencv")
    same(list(open_source(film, have_pyav=lambda: False)), wanted)


@pytest.mark.parametrize("reader", BOTH)
def test_a_source_is_read_once_and_closed_at_any_time(film, reader):
    source = open_source(film, ReadOptions(reader=reader))
    given = iter(source)
    next(given)
    source.close()
    assert list(given) == []
    source.close()
    with pytest.raises(UserError, match="read already"):
        iter(source)
