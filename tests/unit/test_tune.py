"""A search of settings: what is searched, which trials, stopping and going on. Needs no jax."""

import pytest

from drol_jax.errors import UserError
from drol_jax.tune.chosen import gain_of
from drol_jax.tune.cli import main
from drol_jax.tune.space import read_space
from drol_jax.tune.split import split
from drol_jax.tune.tuning import best_of, tune

NAMES = ("a", "b", "c", "d")


class FakeBench:
    """Scores that are best at fusion 0.6, the harder the later the sequence; may be stopped."""

    def __init__(self, stop_after=None):
        self.asked, self._left = [], stop_after

    def scores(self, sequences, settings):
        if self._left is not None:
            self._left -= len(sequences)
            if self._left < 0:
                raise KeyboardInterrupt
        self.asked += [(name, len(settings)) for name in sequences]
        return {
            name: [1 - abs(one.get("hyper.fusion", 0.0) - 0.6) - 0.1 * NAMES.index(name) for one in settings]
            for name in sequences
        }


def search_in(folder, space, **changes):
    pytest.importorskip("optuna", reason="optuna, the extra tune, is not installed")
    from drol_jax.tune.study import Search

    folder.mkdir(exist_ok=True)
    how = {"maximize": True, "seed": 3, "prune": False} | changes
    return Search(folder, None, "t", {"x": 1}, space, **how)


def trials_of(search):
    return [(one.number, dict(one.params), one.value) for one in search.outcomes]


def test_a_space_holds_lists_ranges_and_the_grids_of_hp_search():
    space = read_space(["fusion=0.2:0.9", "refit_interval=2:20:2", "search.instance_size=255,287"], {})
    fusion, interval, size = space.dimensions
    assert (fusion.low, fusion.high, fusion.step, fusion.static) == (0.2, 0.9, None, False)
    assert interval.whole and interval.step == 2
    assert size.values == (255, 287) and size.static
    assert space.grid is None and space.scalars == ("fusion", "refit_interval")
    grid = read_space([], {"penalty_k": "0.05,0.5,0.05", "lr": "0.35,0.5,0.05", "search_region": "255,256,8"})
    assert [len(one.values) for one in grid.dimensions] == [9, 4, 1]  # as numpy.arange counts: 0.5 too
    assert len(grid.grid or []) == 36


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("fusoin=0.1", "nearest is 'fusion'"),
        ("fusion", "NAME=A,B,C"),
        ("fusion=0.9:0.2", "is no range"),
        ("fusion=a:b", "is no number"),
        ("nets.width=1", "no section 'nets'"),
        ("search.instance_size=255:287", "list its values"),
        ("mask_threshold=0.1,0.2", "boxes are scored"),
    ],
)
def test_a_space_that_is_none_is_refused_in_one_line(word, told):
    with pytest.raises(UserError) as caught:
        read_space([word], {})
    assert told in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(UserError, match="nothing to search"):
        read_space([], {"lr": None})


def test_a_grid_is_gone_through_once_and_its_best_is_found(tmp_path):
    search = search_in(tmp_path, read_space(["fusion=0.2,0.4,0.6,0.8", "penalty_k=0.1,0.2"], {}))
    bench = FakeBench()
    tune(search, bench, NAMES, together=3, trials=None)
    found = trials_of(search)
    assert len({tuple(params.items()) for _, params, _ in found}) == len(found) == 8
    best = best_of(search.outcomes, maximize=True)
    assert best is not None and best.params["hyper.fusion"] == 0.6
    assert best.value == pytest.approx(0.85)
    assert bench.asked[:4] == [(name, 3) for name in NAMES]
    assert not list(tmp_path.glob(".claims*"))


def test_a_search_that_is_stopped_goes_on_through_the_same_trials(tmp_path):
    space = read_space(["fusion=0.0:1.0", "refit_interval=2:20"], {})
    whole = search_in(tmp_path / "whole", space)
    tune(whole, FakeBench(), NAMES, together=3, trials=6)
    stopped = search_in(tmp_path / "stopped", space)
    with pytest.raises(KeyboardInterrupt):
        tune(stopped, FakeBench(stop_after=6), NAMES, together=3, trials=6)
    del stopped
    again, bench = search_in(tmp_path / "stopped", space), FakeBench()
    tune(again, bench, NAMES, together=3, trials=6)
    assert trials_of(again) == trials_of(whole)
    assert sum(count for _, count in bench.asked) == 6 * len(NAMES) - 3 * 6


def test_hopeless_settings_are_given_up_before_the_last_sequence(tmp_path):
    space = read_space(["fusion=0.6,0.0,0.1"], {})
    search = search_in(tmp_path, space, prune=True)
    names = [f"{letter}" for letter in "abcd"] * 3
    tune(search, FakeBench(), names, together=1, trials=None)
    assert [one.pruned for one in search.outcomes] == [False, True, True]
    assert all(len(one.scores) < len(names) for one in search.outcomes[1:])


def test_a_storage_with_another_search_is_refused(tmp_path):
    from drol_jax.tune.study import Search

    space = read_space(["fusion=0.1,0.2"], {})
    search_in(tmp_path, space)
    with pytest.raises(UserError, match="x is 1 there, 2 now"):
        Search(tmp_path, None, "t", {"x": 2}, space, maximize=True, seed=3, prune=False)


def test_the_gain_is_told_on_sequences_that_were_not_searched_on():
    gain = gain_of(FakeBench(), ["a", "b", "c"], {"hyper.fusion": 0.6})
    assert gain.difference is not None and gain.difference.mean == pytest.approx(0.6)
    assert gain.words.startswith("on 3 sequences that the search did not see +0.6000 (95 % interval")
    assert "fewer than two" in gain_of(FakeBench(), ["a"], {}).words


def test_sequences_are_divided_and_none_is_in_both_parts():
    from drol_jax import datasets

    entries = datasets.load("Synth")
    parts = split(entries, None, None, "Synth")
    assert len(parts.searched) + len(parts.held_out) == len(entries)
    assert [one.name for one in split(entries, None, ["dusk_car"], "Synth").held_out] == ["dusk_car"]
    with pytest.raises(UserError, match="held out; name it once"):
        split(entries, ["dusk_car"], ["dusk_car"], "Synth")


def test_the_page_and_the_files_show_what_was_chosen(tmp_path):
    import yaml

    from drol_jax.settings import load_settings
    from drol_jax.tune.chosen import write_chosen, write_summary
    from drol_jax.tune.page import write_page
    from drol_jax.tune.study import Outcome

    space = read_space(["fusion=0.2,0.6", "search.instance_size=255,287"], {})
    outcomes = [
        Outcome(number, params, 0.5 + 0.1 * number, {0: 0.5}, pruned=number == 1)
        for number, params in enumerate(space.grid or [])
    ]
    best = best_of(outcomes, maximize=True)
    assert best is not None and best.number == 3
    gain = gain_of(FakeBench(), ["a", "b", "c"], best.params)
    told = {"tracker": "t", "dataset": "D", "dialect": "pysot", "measure": "auc", "maximize": True, "sequences": ["x"]}
    path = write_chosen(tmp_path, load_settings("siamrpn_alex_tiny"), ["one", "two"])
    text = path.read_text()
    assert text.startswith("# one\n# two\n")
    assert load_settings(path).config == load_settings("siamrpn_alex_tiny").config
    assert yaml.safe_load(text)["hyper"]["fusion"] == 0.75
    write_summary(tmp_path, told, gain)
    page = write_page(tmp_path, space, outcomes, best, {"hyper.fusion": 0.9}, gain, told, text).read_text()
    assert page.count("<svg") == 2 and "Trial 3" in page and gain.words.split("(")[0] in page
    assert "4 settings tried, 1 of them given up early" in page


def test_options_that_do_not_go_together_are_refused_before_anything_is_loaded(capsys):
    assert main(["--space", "fusion=0.2,0.5", "--workers", "2"]) == 2
    assert "pass --engine ray too" in capsys.readouterr().err
