"""Frames: what is read is what was stored, and what cannot be read says so."""

import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from drol_jax.errors import UserError
from drol_jax.image.depth import DeepFrame, frame_sources
from drol_jax.image.frames import ALIGNED, CAPACITIES, capacity, checked, flatten, flatten_all, in_a_row, prefetch, read

RNG = np.random.default_rng(0)
PICTURE = RNG.integers(0, 256, (40, 60, 3), np.uint8)


def write(path: Path, rgb: np.ndarray) -> Path:
    assert cv2.imwrite(str(path), rgb[..., ::-1] if rgb.ndim == 3 else rgb)
    return path


class TestRead:
    def test_gives_rgb_as_stored(self, tmp_path):
        image = read(write(tmp_path / "a.png", PICTURE))
        np.testing.assert_array_equal(image, PICTURE)
        assert image.flags.c_contiguous

    def test_equals_opencv_on_jpeg(self, tmp_path):
        path = write(tmp_path / "a.jpg", PICTURE)
        np.testing.assert_array_equal(read(path), cv2.imread(str(path))[..., ::-1])

    @pytest.mark.parametrize("suffix", ["jpg", "png"])
    def test_what_follows_a_whole_image_does_not_matter(self, tmp_path, suffix):
        path = write(tmp_path / f"a.{suffix}", PICTURE)
        wanted = read(path)
        path.write_bytes(path.read_bytes() + bytes(9000))
        np.testing.assert_array_equal(read(path), wanted)

    @pytest.mark.parametrize("suffix", ["jpg", "png"])
    def test_grey_images_become_three_equal_channels(self, tmp_path, suffix):
        image = read(write(tmp_path / f"a.{suffix}", PICTURE[..., 0]))
        assert image.shape == (40, 60, 3)
        assert (image == image[..., :1]).all()

    def test_calls_a_renderer_and_checks_what_it_gives(self):
        np.testing.assert_array_equal(read(lambda: PICTURE), PICTURE)
        with pytest.raises(UserError, match="float64"):
            read(lambda: PICTURE / 255)

    @pytest.mark.parametrize("suffix", ["jpg", "png"])
    @pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
    def test_a_file_cut_short_is_refused_by_name(self, tmp_path, suffix, kept):
        path = write(tmp_path / f"cut.{suffix}", RNG.integers(0, 256, (200, 200, 3), np.uint8))
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * kept)])
        with pytest.raises(UserError, match=rf"cut\.{suffix}.*cut short"):
            read(path)

    def test_a_thumbnail_inside_does_not_hide_that_the_file_is_cut_short(self, tmp_path):
        data = write(tmp_path / "a.jpg", PICTURE).read_bytes()
        segment = b"Exif\0\0" + data
        whole = data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]
        path = tmp_path / "b.jpg"
        path.write_bytes(whole)
        np.testing.assert_array_equal(read(path), read(tmp_path / "a.jpg"))
        path.write_bytes(whole[:-20])
        with pytest.raises(UserError, match="cut short"):
            read(path)

    def test_pixels_are_as_stored_whatever_way_up_exif_says(self, tmp_path):
        data = write(tmp_path / "a.jpg", PICTURE).read_bytes()
        entry = b"\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"  # orientation: 6, a quarter turn
        segment = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + bytes(4)
        path = tmp_path / "b.jpg"
        path.write_bytes(data[:2] + b"\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:])
        assert cv2.imread(str(path)).shape[:2] == PICTURE.shape[1::-1]  # OpenCV alone would turn it
        np.testing.assert_array_equal(read(path), read(tmp_path / "a.jpg"))

    def test_bytes_after_the_end_marker_do_not_matter(self, tmp_path):
        path = write(tmp_path / "a.jpg", PICTURE)
        before = read(path)
        path.write_bytes(path.read_bytes() + b"\0" * 5000)
        np.testing.assert_array_equal(read(path), before)

    @pytest.mark.parametrize("content", [b"", b"not an image", b"\xff\xd8\xff\xd9"])
    def test_a_file_that_is_no_image_is_refused_by_name(self, tmp_path, content):
        path = tmp_path / "odd.jpg"
        path.write_bytes(content)
        with pytest.raises(UserError, match=r"odd\.jpg") as caught:
            read(path)
        assert "\n" not in str(caught.value)

    def test_a_missing_file_and_a_folder_are_refused_by_name(self, tmp_path):
        with pytest.raises(UserError, match=r"absent\.jpg.*missing"):
            read(tmp_path / "absent.jpg")
        with pytest.raises(UserError, match=tmp_path.name):
            read(tmp_path)


class TestChecked:
    def test_passes_rgb_through_untouched(self):
        assert checked(PICTURE) is PICTURE

    @pytest.mark.parametrize("grey", [PICTURE[..., 0], PICTURE[..., :1]])
    def test_replicates_grey(self, grey):
        np.testing.assert_array_equal(checked(grey), np.repeat(PICTURE[..., :1], 3, 2))

    def test_makes_views_contiguous(self):
        assert checked(PICTURE[:, ::-1]).flags.c_contiguous

    @pytest.mark.parametrize(
        ("image", "cure"),
        [
            (np.zeros((4, 4, 4), np.uint8), "drop alpha"),
            (np.zeros((4, 4, 3), np.float32), r"float32 \[4, 4, 3\].*scale it to 0..255"),
            (np.zeros((4, 4, 3), np.int64), "int64"),
            (np.zeros((4, 4, 2), np.uint8), r"wanted uint8 \[H, W, 3\]"),
            (np.zeros((3, 8, 9), np.uint8), "channels last"),
            (np.zeros((2, 4, 4, 3), np.uint8), "one image at a time"),
            (np.zeros((0, 4, 3), np.uint8), "empty"),
            ("frame.jpg", "wanted uint8"),
            (None, "wanted uint8"),
        ],
    )
    def test_refuses_anything_else_with_a_cure(self, image, cure):
        with pytest.raises(UserError, match=cure):
            checked(image)


class TestFlatten:
    @pytest.mark.parametrize(("height", "width"), [(1, 1), (240, 320), (361, 363), (362, 363), (720, 1280)])
    def test_pixel_y_x_lies_at_y_times_width_plus_x(self, height, width):
        image = RNG.integers(0, 256, (height, width, 3), np.uint8)
        pixels, size = flatten(image)
        assert pixels.dtype == np.uint8
        assert size.dtype == np.int32
        assert tuple(size) == (height, width)
        y, x = height // 2, width - 1
        np.testing.assert_array_equal(pixels[y * width + x], image[y, x])
        np.testing.assert_array_equal(pixels[: height * width].reshape(image.shape), image)
        assert len(pixels) == capacity(height, width)

    def test_pictures_of_one_size_lie_one_below_the_other(self):
        images = RNG.integers(0, 256, (3, 40, 50, 3), np.uint8)
        pixels, sizes = flatten_all(list(images))
        assert pixels.shape == (3, capacity(40, 50), 3) and sizes.tolist() == [[40, 50]] * 3
        np.testing.assert_array_equal(pixels[:, : 40 * 50].reshape(images.shape), images)

    def test_pictures_in_a_row_follow_each_other_without_anything_between_them(self):
        images = RNG.integers(0, 256, (3, 40, 50, 3), np.uint8)
        pixels, size = in_a_row(list(images), 5)
        assert pixels.shape == (5 * capacity(40, 50), 3) and size.tolist() == [40, 50]
        np.testing.assert_array_equal(pixels[: 3 * 40 * 50].reshape(images.shape), images)

    def test_memory_is_each_calls_own_and_lies_where_jax_takes_it_uncopied(self):
        image = RNG.integers(0, 256, (40, 50, 3), np.uint8)
        first, second = (flatten(image)[0] for _ in range(2))
        assert first.ctypes.data % ALIGNED == second.ctypes.data % ALIGNED == 0
        second[:] = 0
        np.testing.assert_array_equal(first[: 40 * 50].reshape(image.shape), image)

    @pytest.mark.parametrize(
        ("pixels", "expected"),
        [(1, 2**19), (2**19, 2**19), (2**19 + 1, 2**21), (2**23, 2**23), (2**23 + 1, 2**24), (2**24 + 1, 2**25)],
    )
    def test_the_smallest_capacity_that_holds_the_picture(self, pixels, expected):
        assert capacity(1, pixels) == expected

    def test_common_video_sizes_share_two_capacities(self):
        sizes = [(240, 320), (360, 480), (480, 640), (480, 854), (720, 1280), (1080, 1920)]
        assert {capacity(*size) for size in sizes} == set(CAPACITIES[:2])
        assert capacity(320, 240) == capacity(240, 320)


class TestPrefetch:
    def test_yields_every_frame_in_order(self):
        def slow(index):
            time.sleep(0.003 * (index % 3 == 0))
            return np.full((2, 2, 3), index, np.uint8)

        frames = list(prefetch([lambda i=i: slow(i) for i in range(30)], depth=5, workers=3))
        assert [int(frame[0, 0, 0]) for frame in frames] == list(range(30))

    def test_an_error_comes_at_its_frame_and_not_before(self, tmp_path):
        good = write(tmp_path / "good.png", PICTURE)
        frames = prefetch([good, good, tmp_path / "absent.png", good])
        next(frames)
        next(frames)
        with pytest.raises(UserError, match=r"absent\.png"):
            next(frames)

    @pytest.mark.parametrize("depth", [1, 3])
    def test_never_runs_more_than_depth_ahead(self, depth):
        made = []

        def render():
            made.append(1)
            return PICTURE

        frames = prefetch([render] * 12, depth=depth)
        for taken, _ in enumerate(frames, 1):
            time.sleep(0.002)
            assert len(made) - taken + 1 <= depth

    def test_stops_its_threads_when_the_consumer_stops_early(self):
        frames = prefetch([lambda: PICTURE] * 50, depth=4)
        next(frames)
        frames.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("drol-frames")]

    def test_no_frames_is_no_error(self):
        assert list(prefetch([])) == []

    def test_refuses_a_depth_below_one_at_once(self):
        with pytest.raises(UserError, match="at least 1"):
            prefetch([], depth=0)


class TestDeepImages:
    def test_one_range_serves_a_whole_sequence_and_is_told(self, tmp_path):
        ramp = np.arange(7000, 7000 + 40 * 60, dtype=np.uint16).reshape(40, 60)
        paths = [tmp_path / f"{number}.png" for number in range(2)]
        for path, image in zip(paths, (ramp, ramp + 200), strict=True):
            cv2.imwrite(str(path), image)
        sources = frame_sources(paths)
        first, second = (read(source) for source in sources)
        assert len(np.unique(first)) == 256
        assert (second[..., 0].astype(int) >= first[..., 0]).all()
        assert second.mean() > first.mean() + 10
        assert isinstance(sources[0], DeepFrame)
        assert sources[0].levels.words.startswith("images of more than 8 bits scaled from 701")
        with pytest.warns(UserWarning, match=r"0\.png: uint16 image scaled from 701"):
            np.testing.assert_array_equal(read(paths[0]), first)

    def test_eight_bits_stay_files(self, tmp_path):
        path = write(tmp_path / "a.png", PICTURE)
        assert frame_sources([path]) == (path,)


class TestDeep:
    DEEP = (RNG.random((40, 60)) * 200 + 7000).astype(np.uint16)

    def test_a_png_of_16_bits_is_told_by_its_content_not_by_its_suffix(self, tmp_path):
        path = write(tmp_path / "a.png", self.DEEP).rename(tmp_path / "a.jpg")
        (source,) = frame_sources([path])
        assert isinstance(source, DeepFrame)

    @pytest.mark.parametrize("kind", [np.float32, np.float64])
    def test_images_of_floats_are_scaled_too(self, tmp_path, kind):
        (source,) = frame_sources([write(tmp_path / "a.tiff", (self.DEEP / 1e4).astype(kind))])
        image = read(source)
        assert (image.dtype, image.shape) == (np.uint8, (40, 60, 3))
        assert len(np.unique(image)) > 100

    def test_a_first_image_of_one_value_tells_no_range(self, tmp_path):
        paths = [write(tmp_path / "1.png", np.full((40, 60), 3000, np.uint16)), write(tmp_path / "2.png", self.DEEP)]
        with pytest.raises(UserError, match=r"1\.png: every pixel of the first image is 3000"):
            read(frame_sources(paths)[1])


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n", "a Git LFS pointer in place"),
        (b"\n<!DOCTYPE html><html>404</html>", "a web page in place"),
        (b"", "nothing .* in place"),
    ],
)
def test_what_lies_in_place_of_an_image_is_named(tmp_path, content, words):
    (tmp_path / "a.jpg").write_bytes(content)
    with pytest.raises(UserError, match=words):
        read(tmp_path / "a.jpg")


def test_a_tiff_of_floats_is_read_without_a_complaint(tmp_path, capfd):
    cv2.imwrite(str(tmp_path / "a.tif"), np.linspace(0, 1, 48, dtype=np.float32).reshape(6, 8))
    (source,) = frame_sources([tmp_path / "a.tif"])
    assert read(source).dtype == np.uint8
    assert "ERROR" not in capfd.readouterr().err
