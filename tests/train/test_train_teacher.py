"""Learning from a teacher: what is compared, and what each block is given."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from fakes_train import Squares, write_files

from drol_jax import checkpoint
from drol_jax.config import Config, ModelConfig, SearchConfig
from drol_jax.errors import UserError
from drol_jax.nets import Response, SiameseNet
from drol_jax.settings import load_settings
from drol_jax.train.cli import main
from drol_jax.train.initial import fresh_variables
from drol_jax.train.teacher import Lesson, Taught, Teacher, TeacherSettings, map_distance
from drol_jax.train.teacher_blocks import adapted, block_distances, watched

TINY = Config(
    model=ModelConfig(backbone="alexnet", head="depthwise_rpn", width=0.05, head_channels=4),
    search=SearchConfig(exemplar_size=111, instance_size=127),
)
SETTINGS = TeacherSettings(config="tiny", weights="tiny")


@pytest.fixture(scope="module")
def images():
    draws = np.random.default_rng(0)
    return tuple(jnp.asarray(draws.uniform(0, 0.01, (2, n, n, 3)), jnp.float32) for n in (111, 127))


def lesson_of(seed, images, instead=None, when=False):
    """What a network from a seed makes of the images, each block of `instead`'s before it, where that is wanted."""
    variables = fresh_variables(TINY.model, seed)
    with watched(instead, when) as blocks:
        response = SiameseNet(TINY.model).apply(variables, *images)
    return Lesson(cast("Response", response), blocks)


@pytest.fixture(scope="module")
def lessons(images):
    return [lesson_of(seed, images) for seed in (0, 1)]


def taught_by(lesson, **settings):
    return Taught(Teacher(replace(SETTINGS, **settings), TINY, {}, ""), lesson, False)


def test_a_network_that_gives_the_teachers_answers_has_nothing_to_learn(lessons):
    scalars, loss = taught_by(lessons[0]).losses(lessons[0])
    assert set(scalars) == {"teacher_maps", "teacher_boxes", "teacher_features"}
    assert float(loss) == pytest.approx(0, abs=1e-5)


def test_another_network_is_away_from_the_teacher_in_every_part(lessons):
    scalars, loss = taught_by(lessons[0], maps=2, features=3, boxes=0).losses(lessons[1])
    assert float(scalars["teacher_maps"]) > 0 and float(scalars["teacher_features"]) > 0
    both = 2 * float(scalars["teacher_maps"]) + 3 * float(scalars["teacher_features"])
    assert float(loss) == pytest.approx(both, rel=1e-5)


def test_blocks_of_template_and_search_region_are_compared_and_convolutions_are_not(lessons):
    names = set(lessons[0].blocks)
    assert {"backbone/__call__/0/0", "backbone/__call__/1/0"} <= names
    assert not any(name.startswith("backbone/conv") for name in names)


def test_by_block_what_follows_a_block_is_given_the_teachers_output(images, lessons):
    theirs = lessons[0]
    free, led = (lesson_of(1, images, theirs.blocks, when) for when in (False, True))
    np.testing.assert_array_equal(free.response.cls, lessons[1].response.cls)
    # The backbone sees the same images either way; the head sees the teacher's features.
    np.testing.assert_array_equal(led.blocks["backbone/__call__/0/0"], free.blocks["backbone/__call__/0/0"])
    assert not np.allclose(led.response.cls, free.response.cls)
    own = fresh_variables(TINY.model, 1)

    def head(net, z, x):
        return net.match(net.template_of(z), net.search_of((), x))

    z, x = ((theirs.blocks[f"backbone/__call__/{call}/0"],) for call in (0, 1))
    with watched(theirs.blocks, True):
        wanted = cast("Response", SiameseNet(TINY.model).apply(own, z, x, method=head))
    np.testing.assert_allclose(led.response.cls, wanted.cls, rtol=1e-4, atol=1e-5)


def test_a_block_of_another_size_is_neither_compared_nor_handed_on():
    said, wanted = {"a": jnp.ones((1, 2, 2, 3)), "b": jnp.ones((1, 2, 2, 3))}, {"a": jnp.zeros((1, 2, 2, 4))}
    assert not list(block_distances(said, wanted))


def test_channels_of_another_number_go_through_an_adapter_that_all_calls_share(lessons):
    wide = replace(TINY.model, width=0.1)
    teacher = Teacher(SETTINGS, replace(TINY, model=wide), {}, "")
    adapters = teacher.adapters(TINY.model, 0)
    assert adapters["backbone/__call__/0"].shape == (12, 25)
    through = adapted(lessons[0].blocks, adapters)
    for call in (0, 1):
        name = f"backbone/__call__/{call}/0"
        np.testing.assert_allclose(through[name], lessons[0].blocks[name] @ adapters["backbone/__call__/0"], rtol=1e-5)
    same = "head/cls/match/0/"
    assert through[same] is lessons[0].blocks[same]
    assert not Teacher(SETTINGS, TINY, {}, "").adapters(TINY.model, 0)
    without_features = replace(teacher, settings=replace(SETTINGS, features=0))
    assert not without_features.adapters(TINY.model, 0)


def test_networks_without_a_common_block_are_told_so(lessons):
    nothing = Lesson(lessons[0].response, {})
    with pytest.raises(UserError, match=r"teacher tiny shares no block .* set teacher\.features to 0"):
        taught_by(lessons[0]).losses(nothing)
    taught_by(lessons[0], features=0).losses(nothing)


def test_boxes_count_where_the_teacher_is_sure(lessons):
    response = lessons[0].response
    background = jnp.zeros_like(response.cls).at[..., : response.cls.shape[-1] // 2].set(9)
    unsure = Lesson(Response(background, response.loc), {})
    scalars, _ = taught_by(unsure, features=0).losses(lessons[1])
    assert float(scalars["teacher_boxes"]) == 0


def test_a_high_temperature_compares_what_is_unlikely_too():
    wanted = jnp.array([8.0, -8.0]).reshape(1, 1, 1, 1, 2)
    said = jnp.array([8.0, -2.0]).reshape(1, 1, 1, 1, 2)
    distance = [float(map_distance(said, wanted, t)) for t in (1.0, 4.0)]
    assert 0 < distance[0] < distance[1]
    assert float(map_distance(wanted, wanted, 4.0)) == 0


def test_a_teacher_of_other_sizes_is_refused():
    with pytest.raises(UserError, match="teacher nanotrack_v2 gives points maps for 127 and 255 pixels at stride 16"):
        Teacher.of(TeacherSettings(config="nanotrack_v2", weights="x"), load_settings("siamrpn_alex_tiny").config)


def test_a_teacher_of_another_number_of_anchors_is_refused():
    student = load_settings("siamrpn_alex_tiny").config
    student = replace(student, model=replace(student.model, anchor_ratios=(0.5, 1, 2)))
    with pytest.raises(UserError, match=r"with 5 boxes a cell, the network that learns .* with 3 boxes a cell"):
        Teacher.of(TeacherSettings(config="siamrpn_alex_tiny", weights="x"), student)


def test_a_teacher_without_probabilities_is_refused():
    with pytest.raises(UserError, match="teacher siamfc_alex_tiny gives SiamFC's responses"):
        Teacher.of(TeacherSettings(config="siamfc_alex_tiny", weights="x"), load_settings("siamfc_alex_tiny").config)


@pytest.mark.deep
def test_a_run_learns_from_a_wider_teacher_and_goes_on_wherever_its_weights_lie(tmp_path):
    home = tmp_path / "first"
    home.mkdir()
    little = json.loads(Path(json.loads(write_files(home).read_text())["config"]).read_text())
    config = tmp_path / "wide.yaml"
    config.write_text(json.dumps({**little, "model": {**little["model"], "width": 0.1}}))
    tracker = load_settings(config)
    # Fresh weights answer in millions.
    weights = jax.tree.map(lambda x: 0.1 * x, fresh_variables(tracker.config.model, 7))
    for place in ("here", "there"):
        checkpoint.save(tmp_path / place, weights, tracker.config.model, {})
    teacher = {"config": str(config), "by_block": 0.5}
    run = partial(main, source=Squares())
    output = ["--output", str(tmp_path / "run")]
    path = write_files(home, steps=4, teacher={**teacher, "weights": str(tmp_path / "here")})
    assert run(["--config", str(path), *output]) == 0
    lines = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert {"teacher_maps", "teacher_boxes", "teacher_features"} <= set(lines[-1])
    path = write_files(home, steps=4, teacher={**teacher, "weights": str(tmp_path / "there")})
    assert run(["--config", str(path), *output]) == 0
