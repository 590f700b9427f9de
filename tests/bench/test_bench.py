"""The bench measures what it says, and its JSON holds sane numbers."""

import json
import re

import numpy as np
import pytest
from small_tracker import ONLINE

from drol_jax.bench.cli import main
from drol_jax.bench.parts.workload import SIZES, lengths
from drol_jax.bench.plan import PARTS

pytest_plugins = ["bench_runs"]

FOUR = ("--frames", "4")

DEEP = ("lanes", "scaling", "workload")
"""Parts that take longest."""
ELSEWHERE = ("step", "split", "scores", *DEEP)
"""Parts that have a run of their own here."""


def run_once(folder, *arguments):
    code = main([*map(str, arguments), "--quick", "--json", f"{folder}/bench.json"])
    assert code == 0
    return json.loads((folder / "bench.json").read_text())


@pytest.fixture(scope="module")
def measured(plain_config, tmp_path_factory):
    """The record of a run with most parts, of a tracker without the subnet."""
    folder = tmp_path_factory.mktemp("measured")
    parts = ("--only", ",".join(part for part in PARTS if part not in ELSEWHERE))
    return run_once(folder, "--config", plain_config, *parts, *FOUR)


@pytest.fixture(scope="module")
def parts(measured):
    return measured["rows"][0]["parts"]


@pytest.fixture(scope="module")
def deep(plain_config, tmp_path_factory):
    """The same of the parts that take longest."""
    folder = tmp_path_factory.mktemp("deep")
    share = ("--workload", "otb100", "--workload-scale", "0.001")
    asked = ("--only", ",".join(DEEP), "--lanes", "2", *share, *FOUR, "--plot", folder / "bench.svg")
    return run_once(folder, "--config", plain_config, *asked), folder


@pytest.fixture(scope="module")
def deep_parts(deep):
    return deep[0]["rows"][0]["parts"]


@pytest.fixture(scope="module")
def with_subnet(small_config, tmp_path_factory):
    """The row of a tracker that has it: its steps, whole and in pieces."""
    arguments = ("--config", small_config, "--only", "split,step", *FOUR)
    return run_once(tmp_path_factory.mktemp("subnet"), *arguments)["rows"][0]


def numbers(found):
    """All numbers of a tree."""
    if isinstance(found, dict | list):
        return [n for inner in (found.values() if isinstance(found, dict) else found) for n in numbers(inner)]
    return [found] if isinstance(found, int | float) and not isinstance(found, bool) else []


def are_quantities(parts):
    for part, found in parts.items():
        assert numbers(found), part
        assert all(n >= 0 for n in numbers(found)), part


def test_the_quicker_parts_are_measured_and_every_number_is_a_quantity(parts, with_subnet):
    assert [*with_subnet["parts"], *parts] == ["step", "split", *(p for p in PARTS if p not in ELSEWHERE)]
    are_quantities(parts | with_subnet["parts"])


@pytest.mark.deep
def test_every_number_of_the_longest_parts_is_a_quantity(deep_parts):
    assert sorted(deep_parts) == sorted(DEEP)
    are_quantities(deep_parts)


def test_the_record_says_what_was_measured_and_where(measured, with_subnet):
    row = measured["rows"][0]
    assert (row["weights"], row["variants"], row["platform"]) == ("recipe", ["off"], "cpu")
    assert with_subnet["variants"] == ["off", "on"]
    assert len(row["weights_hash"]) == 64
    assert measured["plan"]["frames"] == 4
    assert {"drol_jax", "jax", "python", "device_kind"} <= set(row["environment"])


def test_percentiles_are_in_order_and_refits_are_counted(with_subnet):
    for variant, found in with_subnet["parts"]["step"].items():
        times = found["step_ms"]
        assert 0 < times["p50"] <= times["p95"]
        assert found["steps"] == 3
        assert 0 <= found["refits"] <= (3 if variant == "on" else 0)


def test_compile_times_are_told_for_both_programs_cold_and_cached(parts):
    for found in parts["compile"].values():
        for programs in (found["cold"], found["cached"]):
            assert set(programs) == {"init", "step"}
            assert all(n > 0 for n in numbers(programs))


def test_the_loop_tells_frame_rates_with_their_spread(parts):
    for part in ("loop", "disk"):
        for found in parts[part].values():
            rate = found["fps"]
            assert 0 < rate["low"] <= rate["median"] <= rate["high"]
            assert found["frames"] == 4


def test_a_step_is_split_into_the_pieces_that_the_tracker_has(with_subnet):
    split = with_subnet["parts"]["split"]
    assert split["renewal_ms"] is None, "no short-term template"
    assert all(split[f"{piece}_ms"] > 0 for piece in ("crop", "network", "head", "online", "refit", "full_refit"))
    assert split["filled"] >= ONLINE.first_samples


def test_memory_peaks_above_where_it_started_and_the_cpu_tells_none_of_its_own(parts):
    for found in parts["memory"].values():
        assert found["host_peak_mib"] > found["host_start_mib"] > 0
        assert found["device_peak_mib"] is None


@pytest.mark.deep
def test_lanes_are_compared_with_one_lane(deep_parts):
    for rows in deep_parts["lanes"].values():
        assert [row["lanes"] for row in rows] == [1, 2]
        assert rows[0]["ratio"] == 1


@pytest.mark.deep
def test_scaling_covers_frames_memory_and_area(deep_parts):
    scaling = deep_parts["scaling"]
    assert scaling["time"]["frames"] == [4, 7]
    assert [row["width"] for row in scaling["area"]] == [320, 640, 1280]
    assert len(scaling["memory"]) >= 2


@pytest.mark.deep
def test_the_plot_is_a_picture_whose_axis_tells_the_numbers_of_targets(deep):
    image = (deep[1] / "bench.svg").read_text()
    words = re.findall(r"<text[^>]*>([^<]*)</text>", image)
    assert image.startswith("<?xml")
    assert words[words.index("targets at once") - 2 :][:2] == ["1", "2"]


@pytest.mark.deep
def test_a_workload_has_its_share_of_sequences_and_frames(deep_parts):
    assert (deep_parts["workload"]["sequences"], deep_parts["workload"]["frames"]) == (1, 59)


def test_the_whole_workload_is_as_long_as_the_benchmark_it_is_named_after():
    whole = lengths(1.0)
    assert (len(whole), sum(whole)) == (100, 59_040)
    assert min(whole) >= 71
    assert np.mean([h * w for h, w in SIZES]) == 640 * 480


@pytest.mark.deep
def test_scores_are_told_with_what_a_lesser_precision_changes(plain_config, tmp_path, capsys):
    track = ("--scores", "Synth", "--sequences", "dusk_car", "--precision", "float32,bfloat16", "--lanes", "2")
    full, lesser = (
        row["parts"]["scores"]["off"] for row in run_once(tmp_path, "--config", plain_config, *track)["rows"]
    )
    assert (full["sequences"], full["frames"], full["draws"]) == (1, 100, 1)
    assert 0 < full["auc"]["median"] < 1
    assert full["change"] is None
    assert lesser["change"] == lesser["auc"]["median"] - full["auc"]["median"]
    out = capsys.readouterr().out
    assert "Synth, 1 repetitions" in out
    assert f"{lesser['change']:+.3f}" in out
