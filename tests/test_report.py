"""Tables and summary files: means over what all finished, spreads over seeds, nothing cut off."""

import csv
import io
import json
import statistics

import numpy as np
import pytest

from drol_jax.metrics import ope
from drol_jax.report.files import as_dict, write_summary
from drol_jax.report.summary import Entrant, Failure, Outcome, Summary
from drol_jax.report.table import short, show
from drol_jax.results import Timing

DROL = Entrant("siamrpn_alex_tiny", "DROL", (0, 1, 2))
BASE = Entrant("siamrpn_alex_tiny_baseline", "base", (0,))
NAMES = ("distractor_lookalikes_00", "occlusion_01", "fast_motion_02")
GROUNDTRUTH = np.tile([50.0, 50, 40, 40], (90, 1))


def shifted(pixels: float) -> ope.Scores:
    return ope.score(np.add(GROUNDTRUTH, (pixels, 0, 0, 0)), GROUNDTRUTH)


def outcome(entrant: Entrant, seed: int, name: str) -> Outcome:
    pixels = 4 + 2 * seed + 3 * NAMES.index(name) + (6 if entrant is BASE else 0)
    return Outcome(entrant.name, seed, name, shifted(pixels), Timing(90, 1.5, 4.25))


@pytest.fixture
def summary() -> Summary:
    outcomes = [outcome(e, seed, name) for e in (DROL, BASE) for seed in e.seeds for name in NAMES]
    attributes = {NAMES[0]: ("DIS",), NAMES[1]: ("DIS", "OCC"), NAMES[2]: ()}
    return Summary("Synth", NAMES, attributes, (DROL, BASE), tuple(outcomes))


@pytest.fixture
def broken(summary) -> Summary:
    """Seed 1 of DROL failed on the last sequence, which another could not even open."""
    kept = [o for o in summary.outcomes if (o.entrant, o.seed, o.sequence) != (DROL.name, 1, NAMES[2])]
    failures = (
        Failure(NAMES[2], DROL.name, 1, "frame 12: image file is cut short; copy it again"),
        Failure("lost_03", None, None, "no such folder"),
    )
    names = (*NAMES, "lost_03")
    return Summary("Synth", names, summary.attributes, (DROL, BASE), tuple(kept), failures)


def printed(summary: Summary) -> str:
    file = io.StringIO()
    show(summary, file)
    return file.getvalue()


def test_the_mean_is_over_sequences_then_the_spread_over_seeds(summary):
    line = summary.line(DROL, summary.covered)
    per_seed = [statistics.fmean(outcome(DROL, seed, name).scores.auc for name in NAMES) for seed in DROL.seeds]
    assert line.auc.mean == pytest.approx(statistics.fmean(per_seed))
    assert line.auc.deviation == pytest.approx(statistics.stdev(per_seed))


def test_a_single_seed_has_no_spread(summary):
    assert summary.line(BASE, NAMES).auc.deviation is None


def test_frame_rate_leaves_compilation_out(summary):
    line = summary.line(DROL, NAMES)
    assert line.fps == pytest.approx(60)
    assert line.compile_seconds == pytest.approx(9 * 4.25)
    assert line.frames == 270


def test_only_sequences_that_every_tracker_finished_under_every_seed_enter_the_mean(broken):
    assert broken.covered == NAMES[:2]
    assert "Mean over 2 of 4 sequences" in printed(broken)


def test_an_attribute_covers_the_sequences_that_carry_it(summary):
    assert summary.carriers() == {"DIS": NAMES[:2], "OCC": (NAMES[1],)}


def test_the_table_puts_the_baseline_beside_the_tracker(summary):
    text = printed(summary)
    row = next(line for line in text.splitlines() if line.startswith(NAMES[1]))
    drol, base = summary.line(DROL, [NAMES[1]]), summary.line(BASE, [NAMES[1]])
    assert row.split() == [
        NAMES[1],
        "90",
        f"{short(drol.auc.mean)}±{short(drol.auc.deviation)}",
        short(base.auc.mean),
        f"{short(drol.precision.mean)}±{short(drol.precision.deviation)}",
        short(base.precision.mean),
        f"{short(drol.normalised_precision.mean)}±{short(drol.normalised_precision.deviation)}",
        short(base.normalised_precision.mean),
        "60",
        "60",
    ]
    assert "\nmean " in text
    assert "\nOCC " in text
    assert "Mean over all 3 sequences." in text
    assert "Compilation, not part of fps: DROL 38.2 s, base 12.8 s." in text


def test_plain_output_fits_100_columns_without_cutting_names(summary, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = printed(summary)
    assert max(len(line) for line in text.splitlines()) <= 100
    assert "…" not in text
    assert "\x1b" not in text
    for name in (*NAMES, DROL.name, BASE.name):
        assert name in text


def test_a_longer_name_widens_the_table_rather_than_being_cut(summary):
    long = "n" * 80
    outcomes = tuple(Outcome(o.entrant, o.seed, long, o.scores, o.timing) for o in summary.outcomes)
    assert long in printed(Summary("Synth", (long,), {}, (DROL, BASE), outcomes))


def test_a_stream_that_cannot_write_plus_minus_gets_ascii(summary):
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding="ascii")
    show(summary, file)
    file.flush()
    assert b"+-" in buffer.getvalue()


def test_names_with_brackets_are_printed_as_they_are(summary):
    outcomes = tuple(Outcome(o.entrant, o.seed, "[bold]x", o.scores, o.timing) for o in summary.outcomes)
    assert "[bold]x" in printed(Summary("Synth", ("[bold]x",), {}, (DROL, BASE), outcomes))


def test_failures_are_told_with_who_and_why(broken):
    text = printed(broken)
    assert "FAILED fast_motion_02 (DROL, seed 1): frame 12: image file is cut short; copy it again" in text
    assert "FAILED lost_03: no such folder" in text
    row = next(line for line in text.splitlines() if line.startswith(NAMES[2]))
    assert row.split().count("failed") == 3


def test_nothing_finished_still_reports(summary):
    failures = tuple(Failure(name, None, None, "gone") for name in NAMES)
    empty = Summary("Synth", NAMES, {}, (DROL, BASE), (), failures)
    assert "No mean" in printed(empty)
    assert as_dict(empty)["trackers"][0]["mean"] is None


def test_files_hold_the_same_numbers_as_the_summary(summary, tmp_path):
    write_summary(summary, tmp_path)
    content = json.loads((tmp_path / "summary.json").read_text())
    rows = list(csv.DictReader((tmp_path / "summary.csv").open()))
    drol = content["trackers"][0]
    line = summary.line(DROL, NAMES)
    assert content["sequences_in_mean"] == 3
    assert drol["seeds"] == [0, 1, 2]
    assert drol["mean"]["auc"] == line.auc.mean
    assert drol["mean"]["auc_std"] == line.auc.deviation
    assert set(drol["sequences"]) == set(NAMES)
    assert drol["attributes"]["DIS"]["sequences"] == 2
    assert len(drol["curves"]["success"]) == 21
    assert content["trackers"][1]["mean"]["auc_std"] is None
    means = {row["tracker"]: row for row in rows if row["kind"] == "mean"}
    assert float(means[DROL.name]["auc"]) == line.auc.mean
    assert means[BASE.name]["auc_std"] == ""
    assert float(means[DROL.name]["compile_seconds"]) == pytest.approx(line.compile_seconds)


def test_a_run_without_recorded_time_has_no_frame_rate(summary):
    outcomes = tuple(Outcome(o.entrant, o.seed, o.sequence, o.scores, Timing(90, 0.0, 0.0)) for o in summary.outcomes)
    still = Summary("Synth", NAMES, {}, (DROL, BASE), outcomes)
    assert still.line(BASE, NAMES).fps is None
    printed(still)
    json.dumps(as_dict(still), allow_nan=False)
