"""Bad input meets one clear line with the cure, at the door; odd but legal input is tracked."""

import warnings
from dataclasses import replace

import cv2
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import small_tracker
from small_tracker import BOX

import drol_jax
from drol_jax.datasets import Sequence
from drol_jax.errors import UserError
from drol_jax.image.crops import as_frame
from drol_jax.running.loop import Runner

ONLINE, PLAIN = small_tracker.tracker(), small_tracker.tracker(online=False)
PICTURE = small_tracker.picture()
HEIGHT, WIDTH, _ = PICTURE.shape
BAD_BOXES = {
    "empty": ((10, 10, 0, 20), r"\[10\.0, 10\.0, 0\.0, 20\.0\] is empty"),
    "negative": ((10, 10, 20, -5), "is empty: width and height must be positive"),
    "NaN": ((10, float("nan"), 20, 20), "NaN or infinity"),
    "infinite": ((10, 10, float("inf"), 20), "NaN or infinity"),
    "left of the image": ((-30, 10, 30, 20), f"wholly outside the {WIDTH}x{HEIGHT} image"),
    "below the image": ((10, HEIGHT, 30, 20), f"wholly outside the {WIDTH}x{HEIGHT} image"),
    "too small for float32": ((10, 10, 1e-20, 1e-20), "a side under 0.001"),
    "too large for float32": ((-1e38, -1e38, 3e38, 3e38), "or over 1000000 pixels"),
    "shares of the image": ((0.6, 0.41, 0.06, 0.33), f"shares of the image, not pixels.*{WIDTH}x{HEIGHT}"),
    "three numbers": ((10, 10, 20), "not four numbers"),
    "no numbers": ("somewhere", "'somewhere' is not four numbers"),
    "nothing": (None, "None is not four numbers"),
}
BAD_FRAMES = {
    "float": (PICTURE / 255.0, "float64.*0..255"),
    "wider integers": (PICTURE.astype(np.uint16), "uint16"),
    "alpha": (np.dstack([PICTURE, PICTURE[..., :1]]), "drop alpha"),
    "two channels": (PICTURE[..., :2], r"uint8 \[96, 128, 2\]"),
    "channels first": (PICTURE.transpose(2, 0, 1), "move channels last"),
    "a batch": (PICTURE[None], "one image at a time"),
    "empty": (PICTURE[:0], "empty image"),
    "a path": ("frame.jpg", "pass an array of pixels"),
    "nothing": (None, "None, as OpenCV gives.*pass an array of pixels"),
}


@pytest.fixture(scope="module")
def state():
    return PLAIN.init(PICTURE, BOX)


@pytest.mark.parametrize(("box", "message"), BAD_BOXES.values(), ids=BAD_BOXES)
@pytest.mark.parametrize("tracker", [ONLINE, PLAIN], ids=["online", "plain"])
def test_a_bad_start_box_is_named(tracker, box, message):
    with pytest.raises(UserError, match=message):
        tracker.init(PICTURE, box)
    # A frame on the device knows its size as well.
    with pytest.raises(UserError, match=message):
        tracker.init(as_frame(jnp.asarray(PICTURE)), box)


@pytest.mark.parametrize("shape", [(3,), (8,), (1, 4)])
def test_a_box_of_another_shape_is_named_under_jit_and_vmap(shape):
    with pytest.raises(UserError, match=r"under jit or vmap is four numbers"):
        jax.eval_shape(PLAIN.init, PICTURE, jnp.ones(shape))
    with pytest.raises(UserError, match=r"under jit or vmap is four numbers"):
        jax.eval_shape(jax.vmap(PLAIN.init, in_axes=(None, 0)), PICTURE, jnp.ones((2, *shape)))


def test_a_box_of_traced_numbers_is_one():
    # As XLA writes kernels by default: in haste it rounds the two programs apart.
    start = jax.jit(PLAIN.init, compiler_options={"xla_cpu_use_fusion_emitters": True})
    jax.tree.map(np.testing.assert_array_equal, start(PICTURE, jnp.asarray(BOX)), start(PICTURE, tuple(BOX)))


@pytest.mark.parametrize("size", [(0, 320), (-5, 10), (240.0, 320)])
def test_a_warmup_for_no_picture_is_misuse(size):
    with pytest.raises(UserError, match="give whole pixels"):
        PLAIN.warmup(*size)


@pytest.mark.parametrize(("frame", "message"), BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_a_bad_frame_is_named(frame, message, state):
    for call in (lambda f: PLAIN.init(f, BOX), lambda f: PLAIN.step(state, f)):
        with pytest.raises(UserError, match=message):
            call(frame)
    # On the device as well; JAX has no float64 there.
    if isinstance(frame, np.ndarray) and frame.dtype != np.float64 and frame.size:
        with pytest.raises(UserError, match=message):
            PLAIN.step(state, jnp.asarray(frame))


def test_what_is_no_state_is_named(state):
    for wrong, frame, message in (
        (PICTURE, state, "the state comes first"),
        (None, PICTURE, "not None"),
        (PLAIN.step(state, PICTURE), PICTURE, r"step gives \(state, output\)"),
        (ONLINE.init(PICTURE, BOX), PICTURE, "of another configuration: online learning on, here off"),
    ):
        with pytest.raises(UserError, match=message):
            PLAIN.step(wrong, frame)


def test_a_box_that_may_be_two_corners_is_warned_of():
    with pytest.warns(UserWarning, match=r"two corners.*\(40, 30, 60, 40\)"):
        PLAIN.init(PICTURE, (40, 30, 100, 70))
    with pytest.raises(UserError, match=r"two corners.*\(60, 50, 40, 30\).*more than half of it lies outside"):
        PLAIN.init(PICTURE, (60, 50, 100, 80))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        PLAIN.init(PICTURE, (-10, 20, 60, 90))  # large and over the border, as targets can be


def test_a_tracker_is_told_in_a_line():
    assert repr(ONLINE) == "Tracker('small', online learning on, weights without a hash)"


def test_an_empty_frame_on_the_device_is_named(state):
    with pytest.raises(UserError, match="empty image"):
        PLAIN.step(state, jnp.asarray(PICTURE[:0]))


def test_a_bad_frame_is_named_under_jit(state):
    with pytest.raises(UserError, match=r"under jit.*float32"):
        jax.eval_shape(PLAIN.step, state, jax.ShapeDtypeStruct((96, 128, 3), jnp.float32))


@pytest.mark.deep
def test_every_form_of_a_frame_gives_the_same_step(state):
    grey = np.ascontiguousarray(PICTURE[..., 0])
    wanted = PLAIN.step(state, np.repeat(grey[..., None], 3, axis=2))
    for frame in (grey, grey[..., None], jnp.asarray(grey), as_frame(jnp.asarray(np.dstack([grey] * 3)))):
        jax.tree.map(np.testing.assert_array_equal, PLAIN.step(state, frame), wanted)
    # Of the pure function too.
    _, output = drol_jax.step(PLAIN.model, state, np.dstack([grey] * 3))
    assert np.abs(np.asarray(output.box) - np.asarray(wanted[1].box)).max() < 1e-3
    mirrored = PLAIN.step(state, PICTURE[:, ::-1])
    jax.tree.map(np.testing.assert_array_equal, mirrored, PLAIN.step(state, PICTURE[:, ::-1].copy()))


@pytest.mark.parametrize("box", [(-15, -12, 24, 20), (120, 90, 40, 60), (50, 40, 1, 1), (40, 0, 1e-3, 1e-3)])
def test_a_box_partly_outside_or_of_one_pixel_is_tracked(box):
    state = PLAIN.init(PICTURE, box)
    for t in range(1, 5):
        state, output = PLAIN.step(state, small_tracker.picture(t))
        assert np.isfinite(output.box).all()
        assert np.all((state.centre >= 0) & (state.centre <= np.float32([WIDTH, HEIGHT])))
        assert np.all((state.size >= 10) & (state.size <= np.float32([WIDTH, HEIGHT])))


# Sequences


@pytest.fixture(scope="module")
def runner():
    return Runner(PLAIN)


def sequence(*frames, box=BOX):
    return Sequence("Example", frames, np.tile(np.float64(box), (len(frames), 1)))


def good():
    return PICTURE


def test_a_good_sequence_runs(runner):
    track = runner.run(sequence(good, good, good), seed=0)
    assert track.boxes.shape == (3, 4)
    assert np.isfinite(track.boxes).all()


def test_a_frame_of_another_size_is_named_with_both_sizes(runner):
    smaller = lambda: PICTURE[:80, :100]  # noqa: E731
    with pytest.raises(UserError, match=r"Example: frame 2 is 100x80, the first is 128x96"):
        runner.run(sequence(good, good, smaller, good), seed=0)


def encoded(path, length=None):
    data = cv2.imencode(path.suffix, PICTURE)[1].tobytes()
    path.write_bytes(data[: len(data) // 2] if length is None else data[:length])
    return path


def test_a_broken_image_is_named(runner, tmp_path):
    broken = {
        encoded(tmp_path / "half.jpg"): "cut short",
        encoded(tmp_path / "half.png"): "cut short",
        encoded(tmp_path / "none.jpg", 0): "an empty file",
        tmp_path / "gone.jpg": "missing",
    }
    (tmp_path / "text.jpg").write_text("no image")
    broken[tmp_path / "text.jpg"] = "not an image"
    for path, message in broken.items():
        for frames in ((good, good, path, good), (path, good)):
            with pytest.raises(UserError, match=rf"{path.name}.*{message}"):
                runner.run(sequence(*frames), seed=0)


def test_a_rendered_frame_of_another_kind_is_named(runner):
    with pytest.raises(UserError, match="float64"):
        runner.run(sequence(good, lambda: PICTURE / 255), seed=0)


@pytest.mark.parametrize(("box", "message"), [((500, 10, 9, 9), "wholly outside"), ((10, 10, 0, 9), "is empty")])
def test_a_bad_first_box_of_a_sequence_is_named(runner, box, message):
    with pytest.raises(UserError, match=message):
        runner.run(sequence(good, good, box=box), seed=0)


def test_unsound_weights_are_reported_for_the_sequence(runner):
    broken = replace(PLAIN, variables=jax.tree.map(lambda a: a * jnp.nan, PLAIN.variables))
    other = Runner(broken)
    other._compiled = runner._compiled  # The same shapes: nothing new to compile.
    with pytest.raises(UserError, match=r"Example: box or score of frame 1 is not finite.*small.*unsound"):
        other.run(sequence(good, good), seed=0)


def test_after_a_failure_the_runner_goes_on(runner, tmp_path):
    wanted = runner.run(sequence(good, good), seed=0)
    with pytest.raises(UserError):
        runner.run(sequence(good, encoded(tmp_path / "half.jpg")), seed=0)
    np.testing.assert_array_equal(runner.run(sequence(good, good), seed=0).boxes, wanted.boxes)


# Loading


def test_an_unknown_configuration_is_named_with_the_nearest():
    with pytest.raises(UserError, match=r"'siamrpn_alex_ot'; the nearest is 'siamrpn_alex_otb' "):
        drol_jax.load("siamrpn_alex_ot")
    with pytest.raises(UserError, match=r"hf://a/b is an address of weights; give the configuration"):
        drol_jax.load("hf://a/b")
    with pytest.raises(UserError, match=r"no configuration file .*gone\.yaml"):
        drol_jax.load("gone.yaml")


def test_missing_weights_are_named_with_the_cure(tmp_path):
    with pytest.raises(UserError, match=r"siamrpn_alex_otb has no bundled weights.*drol-jax convert pysot.*--weights"):
        drol_jax.load("siamrpn_alex_otb")
    with pytest.raises(UserError, match=str(tmp_path / "gone")):
        drol_jax.load("siamrpn_alex_otb", weights=tmp_path / "gone")


def test_weights_of_another_configuration_are_named():
    with pytest.raises(UserError, match=r"weights of another network: width 0\.25"):
        drol_jax.load("siamrpn_alex_otb", weights="siamrpn_alex_tiny")
