"""A researcher's own parts: traced in place of the library's, under a name of their own, from a file."""

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
import small_tracker
from small_tracker import BOX, tracked

import drol_jax
from drol_jax.errors import UserError
from drol_jax.online.fit import first_fit, refit
from drol_jax.online.labels import gaussian
from drol_jax.settings import load_settings, to_dict
from drol_jax.settings.plugins import load_plugin, with_plugin

EXAMPLE = Path(__file__).parents[2] / "examples" / "own_learner.py"
PLAIN = small_tracker.tracker(refit_interval=2)


def with_parts(**parts):
    own = drol_jax.Plugin(name="mine", **parts).parts("0")
    settings = replace(PLAIN.settings, config=replace(PLAIN.config, parts=own))
    return replace(PLAIN, settings=settings)


@pytest.fixture(scope="module")
def library():
    return tracked(PLAIN)


def test_the_example_s_learner_refits_in_place_of_the_library_s(library):
    state, outputs = tracked(with_parts(refit=load_plugin(EXAMPLE).plugin.refit))
    assert [bool(o.refitted) for o in outputs] == [bool(o.refitted) for o in library[1]]
    assert any(bool(o.refitted) for o in outputs)
    found, wanted = np.asarray(state.online.filter), np.asarray(library[0].online.filter)
    assert np.isfinite(found).all()
    assert not np.array_equal(found, wanted)
    # Both descend the same valley from the same place.
    assert np.corrcoef(found.ravel(), wanted.ravel())[0, 1] > 0.9


def test_the_library_s_parts_as_one_s_own_change_nothing(library):
    def learner(filter, memory, sigma, iterations, hyper, label):
        return refit(filter, memory, sigma, iterations, hyper, label=label)[0]

    def mean(network, online, weight):
        return (1 - weight) * network + weight * online

    _, outputs = tracked(with_parts(refit=learner, label=gaussian, fuse=mean))
    for own, wanted in zip(outputs, library[1], strict=True):
        np.testing.assert_allclose(own.box, wanted.box, atol=1e-3)


def test_a_label_and_a_fusion_rule_of_one_s_own_are_asked(library):
    asked = []

    def label(centres, sigma, size):
        asked.append("label")
        return gaussian(centres, 2 * sigma, size)

    def fuse(network, online, weight):
        asked.append("fuse")
        return network * online**weight

    state, _ = tracked(with_parts(label=label, fuse=fuse))
    assert {"label", "fuse"} == set(asked)
    assert not np.array_equal(state.online.filter, library[0].online.filter)


def test_a_family_of_one_s_own_searches():
    from drol_jax.tracker.families import family

    class Bold:
        def __init__(self, library):
            self.library, self.calls = library, []

        def __getattr__(self, name):
            return getattr(self.library, name)

        def search(self, model, state, frame):
            self.calls.append(1)
            return self.library.search(model, state, frame)

    bold = Bold(family(PLAIN.config.model))
    tracked(with_parts(family=bold), frames=2)
    assert bold.calls == [1], "traced once"


def test_a_first_fit_of_one_s_own_takes_the_place_of_the_library_s(library):
    calls = []

    def scaled(*arguments, **more):
        calls.append(len(arguments))
        filter, extractor = first_fit(*arguments, **more)
        return 2 * filter, extractor

    tracker = with_parts(first_fit=scaled)
    found = np.asarray(tracker.init(small_tracker.picture(), BOX).online.filter)
    wanted = np.asarray(PLAIN.init(small_tracker.picture(), BOX).online.filter)
    np.testing.assert_allclose(found, 2 * wanted, rtol=1e-5, atol=1e-7)
    assert len(calls) == 1, "traced once"


def test_a_configuration_with_parts_is_static_and_another_one():
    own = with_parts(refit=load_plugin(EXAMPLE).plugin.refit)
    assert own.config != PLAIN.config and hash(own.config) != hash(PLAIN.config)
    assert jax.tree.structure(own.model) != jax.tree.structure(PLAIN.model)


def test_the_name_of_a_tracker_ends_in_the_plug_in_s():
    settings = load_settings("siamrpn_alex_tiny")
    named = with_plugin(settings, load_plugin(EXAMPLE))
    assert named.name == "siamrpn_alex_tiny_descent"
    assert len(named.config.parts.digest) == 64
    assert to_dict(named) == to_dict(replace(settings, name=named.name))


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("", "assigns no drol_jax.Plugin to PLUGIN"),
        ("PLUGIN = 3", "PLUGIN is a int, wanted a drol_jax.Plugin"),
        ("x = 1\nx.y", r"cannot be run \(AttributeError: .*, line 2\)"),
        ("def f(:\n", r"cannot be run \(SyntaxError: .*, line 1\)"),
        ("import drol_jax\nPLUGIN = drol_jax.Plugin(name='a/b')", "'a/b' holds other signs"),
    ],
)
def test_a_file_that_is_no_plug_in_is_named(code, told, tmp_path):
    (tmp_path / "mine.py").write_text(code)
    with pytest.raises(UserError, match=told):
        load_plugin(tmp_path / "mine.py")


def test_a_plug_in_that_is_not_there_is_named():
    with pytest.raises(UserError, match="no such file"):
        load_plugin("gone.py")
    with pytest.raises(UserError, match="no installed plug-in of that name"):
        load_plugin("gone")
