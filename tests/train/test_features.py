"""A backbone's outputs kept for many rounds of training, and a classifier's backbone as a tracker's."""

from dataclasses import replace

import jax
import numpy as np
import pytest
from fakes_train import Squares
from quick_compilation import quick_compilation  # noqa: F401

from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.convert import imagenet
from drol_jax.convert.source.layers import sequence
from drol_jax.convert.torch.writer import write_state_dict
from drol_jax.errors import UserError
from drol_jax.nets import SiameseNet
from drol_jax.train.features import Features, FeatureSettings
from drol_jax.train.initial import fresh_variables, with_backbone
from drol_jax.train.losses import LossSettings
from drol_jax.train.objective import objective

MODEL = ModelConfig(
    backbone="mobilenetv2", width=0.25, layers=(3,), adjust_channels=(4,), head="depthwise_rpn", head_channels=4,
    online_layers=(3,),
)  # fmt: skip
SEARCH = SearchConfig(exemplar_size=127, instance_size=175, base_size=8)
SIZES, BATCH = (SEARCH.exemplar_size, SEARCH.instance_size), 2


class Counted(Squares):
    """Squares, and the numbers of the batches that were asked for."""

    def __init__(self):
        super().__init__(BATCH, *SIZES)
        self.asked = []

    def batch(self, index):
        self.asked.append(index)
        return super().batch(index)


@pytest.fixture(scope="module")
def variables():
    return fresh_variables(MODEL, 0)


def features(folder, variables, source=None, pairs=5, about="squares"):
    settings = FeatureSettings(folder=str(folder), pairs=pairs)
    return Features(source or Counted(), settings, MODEL, variables, about, BATCH, SIZES, 0)


def test_each_pair_is_seen_once_and_comes_again_in_another_order(tmp_path, variables):
    source = Counted()
    kept = features(tmp_path, variables, source)
    first, again = [kept.batch(i) for i in (0, 1)], [kept.batch(i) for i in (2, 3)]
    assert source.asked == [0, 1]
    boxes, later = (np.concatenate([np.asarray(part.box) for part in parts]) for parts in (first, again))
    assert sorted(map(tuple, boxes)) == sorted(map(tuple, later))
    # Another run with the same folder begins where this one ended.
    second = Counted()
    more = features(tmp_path, variables, second).batch(3)
    assert second.asked == [] and (np.asarray(more.box) == np.asarray(again[1].box)).all()


def test_features_of_other_pairs_are_not_taken_for_these(tmp_path, variables):
    features(tmp_path, variables).batch(0)
    with pytest.raises(UserError, match="keeps features of other pairs"):
        features(tmp_path, variables, about="circles")
    with pytest.raises(UserError, match=r"features\.pairs is 1, wanted at least batch_size 2"):
        features(tmp_path / "few", variables, pairs=1)


def test_what_is_kept_is_what_the_network_makes_of_the_images(tmp_path, variables):
    source = Counted()
    kept, fresh = features(tmp_path, variables, source).batch(0), source.batch(0)
    for levels, images in ((kept.template, fresh.template), (kept.search, fresh.search)):
        wanted = np.asarray(pyramid(variables, images))
        assert np.abs(np.asarray(levels[0]) - wanted).max() < 2e-3 * np.abs(wanted).max()  # in half precision

    def loss(params, pairs):
        stats, config = variables["batch_stats"], Config(model=MODEL, search=SEARCH)
        return objective(params, stats, pairs, jax.random.key(0), config, LossSettings(), backbone_learns=False)[0]

    assert jax.eval_shape(loss, variables["params"], kept).shape == ()


@jax.jit
def pyramid(variables, images):
    """The output that the neck takes."""
    return SiameseNet(MODEL).apply(variables, images, method="pyramid")[1][0]


def classifier(width=0.25):
    """Random arrays of the first stages of torchvision's MobileNetV2, and how its first blocks go."""
    draws = np.random.default_rng(0)
    state = {}

    def layer(conv, norm, outputs, inputs, size):
        state[f"{conv}.weight"] = draws.normal(0, 1 / np.sqrt(inputs * size**2), (outputs, inputs, size, size))
        for leaf, low in (("weight", 0.5), ("bias", -0.1), ("running_mean", -0.1), ("running_var", 0.5)):
            state[f"{norm}.{leaf}"] = draws.uniform(low, low + 0.5, outputs)

    channels = [int(c * width) for c in (32, 16, 24, 32)]
    layer("features.0.0", "features.0.1", channels[0], 3, 3)
    layer("features.1.conv.0", "features.1.conv.1", channels[0], 1, 3)
    layer("features.1.conv.3", "features.1.conv.4", channels[1], channels[0], 1)
    number, wide = 2, channels[1]
    for outputs, blocks in zip(channels[2:], (2, 3), strict=True):
        for _ in range(blocks):
            block = f"features.{number}.conv"
            layer(f"{block}.0", f"{block}.1", 6 * wide, wide, 1)
            layer(f"{block}.3", f"{block}.4", 6 * wide, 1, 3)
            layer(f"{block}.6", f"{block}.7", outputs, 6 * wide, 1)
            number, wide = number + 1, outputs
    return {name: array.astype(np.float32) for name, array in state.items()}


def answer(state, image):
    """What the classifier's third stage makes of a normalised image [H, W, 3] in 0..1, with strides unpadded."""
    x = ((image / 255 - imagenet.MEAN) / imagenet.DEVIATION).transpose(2, 0, 1)
    x = sequence(state, "features.", "0.0:conv2 0.1:bn relu6", x)
    x = sequence(state, "features.1.conv.", "0:conv1,1 1:bn relu6 3:conv 4:bn", x)
    for number in range(2, 7):
        strided = number in (2, 4)
        depthwise = "3:conv2,0" if strided else "3:conv1,1"
        y = sequence(state, f"features.{number}.conv.", f"0:conv 1:bn relu6 {depthwise} 4:bn relu6 6:conv 7:bn", x)
        x = y if strided else x + y
    return x.transpose(1, 2, 0)


def test_a_classifiers_backbone_answers_as_it_did(tmp_path, variables):
    state = classifier()
    path = tmp_path / "classifier.pt"
    write_state_dict(path, {name: array.shape for name, array in state.items()}, state.__getitem__)
    image = np.random.default_rng(1).integers(0, 256, (1, 127, 127, 3), np.uint8)
    seen = pyramid(with_backbone(variables, str(path), MODEL), image)
    wanted = answer(state, image[0])
    assert np.abs(np.asarray(seen[0]) - wanted).max() < 1e-4 * np.abs(wanted).max()


def test_a_file_that_is_no_such_classifier_is_refused(tmp_path, variables):
    state = classifier()
    del state["features.2.conv.0.weight"]
    path = tmp_path / "classifier.pt"
    write_state_dict(path, {name: array.shape for name, array in state.items()}, state.__getitem__)
    with pytest.raises(UserError, match="no MobileNetV2 of width"):
        imagenet.backbone(path, MODEL)
    with pytest.raises(UserError, match="makes no alexnet"):
        imagenet.backbone(path, replace(MODEL, backbone="alexnet"))
