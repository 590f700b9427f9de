"""Tables and summary files: means over what all finished, spreads over seeds, nothing cut off."""

import csv
import io
import json
import statistics
from pathlib import Path

import numpy as np
import pytest
from scripted import Config, FakeTracker, Online, ScriptedRunner, truthful

from drol_jax.eval.means import result_of_judged
from drol_jax.eval.scorers import OpeScorer
from drol_jax.eval.seeds import by_run
from drol_jax.eval.tracker_runs import TrackerRun
from drol_jax.metrics import ope
from drol_jax.metrics.dialects import GOT10K, PYSOT
from drol_jax.report.columns import short
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.result_table import show_result
from drol_jax.report.scores import Refusal, TrackerScores
from drol_jax.report.summary import as_dict, write_summary
from drol_jax.results.layout import TrackerResults
from drol_jax.results.runs import Timing


def takes_part(name: str, label: str, seeds: tuple[int, ...]) -> TrackerRun:
    return TrackerRun(name, label, seeds, FakeTracker(name, Config(Online(True)), {}), ScriptedRunner(truthful))


DROL = takes_part("siamrpn_alex_tiny", "DROL", (0, 1, 2))
BASE = takes_part("siamrpn_alex_tiny_baseline", "base", (0,))
FOLDERS = (BASE.name, *(DROL.folder(seed) for seed in DROL.seeds))
NAMES = ("distractor_lookalikes_00", "occlusion_01", "fast_motion_02")
ATTRIBUTES = {NAMES[0]: ("DIS",), NAMES[1]: ("DIS", "OCC"), NAMES[2]: ()}
GROUNDTRUTH = np.tile([50.0, 50, 40, 40], (90, 1))
COST = Timing(90, 1.5, 4.25)
"""Of each run over a sequence."""


def scores_of(run: TrackerRun, seed: int, place: int) -> ope.Scores:
    pixels = 4 + 2 * seed + 3 * place + (6 if run is BASE else 0)
    return ope.score(np.add(GROUNDTRUTH, (pixels, 0, 0, 0)), GROUNDTRUTH)


def made(attributes=ATTRIBUTES, missing=(), refusals=(), cost=COST, dialects=(PYSOT,)) -> BenchmarkResult:
    """The result of both trackers.

    Args:
      missing: (results folder, sequence) that were not tracked.
    """
    folders = [(run, seed, run.folder(seed)) for run in (DROL, BASE) for seed in run.seeds]
    done = {
        folder: {
            name: scores_of(run, seed, place)
            for place, name in enumerate(attributes)
            if not {(folder, name), (folder, None)} & set(missing)
        }
        for run, seed, folder in folders
    }
    judged = {(dialect.name, folder): table for dialect in dialects for folder, table in done.items()}
    trackers = [TrackerResults(folder, Path(folder), {}) for *_, folder in folders]
    scorers = [OpeScorer(dialect) for dialect in dialects]
    result = result_of_judged("Synth", scorers, judged, trackers, attributes, refusals)
    timings = {run.name: dict.fromkeys(attributes, Timing.total([cost] * len(run.seeds))) for run in (DROL, BASE)}
    return by_run(result, (DROL, BASE), timings)


@pytest.fixture
def result() -> BenchmarkResult:
    return made()


@pytest.fixture
def broken() -> BenchmarkResult:
    """Seed 1 of DROL failed on the last sequence, and another could not even be opened."""
    lost = {
        (folder, "lost_03") for folder in ("siamrpn_alex_tiny_baseline", *(DROL.folder(seed) for seed in (0, 1, 2)))
    }
    refusals = (
        Refusal(DROL.folder(1), NAMES[2], "frame 12: image file is cut short; copy it again"),
        Refusal(None, "lost_03", "no such folder"),
    )
    return made(ATTRIBUTES | {"lost_03": ()}, {(DROL.folder(1), NAMES[2]), *lost}, refusals)


def both(result: BenchmarkResult) -> tuple[TrackerScores, TrackerScores]:
    drol, base = result.trackers
    return drol, base


def printed(result: BenchmarkResult) -> str:
    file = io.StringIO()
    show_result(result, file, every_sequence=True)
    return file.getvalue()


def test_the_mean_is_over_sequences_then_the_spread_over_seeds(result):
    spread = both(result)[0].spread("auc", "mean")
    per_seed = [statistics.fmean(scores_of(DROL, seed, place).auc for place in range(3)) for seed in DROL.seeds]
    assert spread.mean == pytest.approx(statistics.fmean(per_seed))
    assert spread.deviation == pytest.approx(statistics.stdev(per_seed))
    assert both(result)[0].mean["auc"] == spread.mean


def test_a_single_seed_has_no_spread(result):
    assert both(result)[1].spread("auc", "mean").deviation is None


def test_frame_rate_leaves_compilation_out(result):
    cost = both(result)[0].timing(NAMES)
    assert cost.fps == pytest.approx(60)
    assert cost.compile_seconds == pytest.approx(9 * 4.25)
    assert as_dict(result)["trackers"][0]["mean"]["frames"] == 270


def test_only_sequences_that_every_tracker_finished_under_every_seed_enter_the_mean(broken):
    assert broken.covered == NAMES[:2]
    assert "Over 2 of 4 sequences" in printed(broken)


def test_an_attribute_covers_the_sequences_that_carry_it(result):
    assert result.carriers == {"DIS": NAMES[:2], "OCC": (NAMES[1],)}


def test_the_table_puts_the_baseline_beside_the_tracker(result):
    text = printed(result)
    row = next(line for line in text.splitlines() if line.startswith(NAMES[1]))
    cells = []
    for key in ("auc", "precision_20", "normalised_precision"):
        drol, base = (one.spread(key, "sequence", NAMES[1]) for one in both(result))
        cells += [f"{short(drol.mean)}±{short(drol.deviation)}", short(base.mean)]
    assert row.split() == [NAMES[1], "90", *cells, "60", "60"]
    assert "\nmean " in text
    assert "\nOCC " in text
    assert "Over all 3 sequences." in text


def test_the_table_names_the_dialect_and_who_ran_under_which_seeds(result):
    text = printed(result)
    assert text.startswith("Synth, dialect pysot: ")
    assert "  DROL  siamrpn_alex_tiny (seeds 0, 1, 2: mean ± standard deviation)" in text
    assert "  base  siamrpn_alex_tiny_baseline (seed 0)" in text


def test_the_tracker_is_compared_with_the_baseline_sequence_by_sequence(result):
    gap = result.differences[DROL.name, BASE.name]
    drol, base = ([one.sequences[name]["auc"] for name in NAMES] for one in both(result))
    assert gap.mean == pytest.approx(statistics.fmean(drol) - statistics.fmean(base))
    assert f"{DROL.name} - {BASE.name}: AUC {gap.mean:+.3f} a sequence" in printed(result)


def test_other_dialects_are_means_over_the_seeds_too():
    result = made(dialects=(PYSOT, GOT10K))
    assert result.dialects["pysot"][DROL.name] == both(result)[0].mean
    assert set(result.dialects["got10k"]) == {DROL.name, BASE.name}


def test_plain_tables_fit_100_columns_without_cutting_names(result, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    text = printed(result)
    tables = text[text.index("\n\n") : text.index("Over all 3")]
    assert max(len(line) for line in tables.splitlines()) <= 100
    assert "…" not in text
    assert "\x1b" not in text
    for name in (*NAMES, DROL.name, BASE.name):
        assert name in text


def test_a_longer_name_widens_the_table_rather_than_being_cut():
    assert "n" * 80 in printed(made({"n" * 80: ()}))


def test_a_stream_that_cannot_write_plus_minus_gets_ascii(result):
    buffer = io.BytesIO()
    file = io.TextIOWrapper(buffer, encoding="ascii")
    show_result(result, file, every_sequence=True)
    file.flush()
    assert b"+-" in buffer.getvalue()


def test_names_with_brackets_are_printed_as_they_are():
    assert "[bold]x" in printed(made({"[bold]x": ()}))


def test_failures_are_told_with_who_and_why(broken):
    text = printed(broken)
    assert "FAILED fast_motion_02 (DROL, seed 1): frame 12: image file is cut short; copy it again" in text
    assert "FAILED lost_03: no such folder" in text
    row = next(line for line in text.splitlines() if line.startswith(NAMES[2]))
    assert row.split().count("none") == 3


def test_nothing_finished_still_reports():
    empty = made(missing={(folder, None) for folder in FOLDERS}, refusals=[Refusal(None, n, "gone") for n in NAMES])
    assert "No mean" in printed(empty)
    assert as_dict(empty)["trackers"][0]["mean"] is None


def test_files_hold_the_same_numbers_as_the_result(result, tmp_path):
    write_summary(result, tmp_path)
    content = json.loads((tmp_path / "summary.json").read_text())
    rows = list(csv.DictReader((tmp_path / "summary.csv").open()))
    drol, (told, base) = both(result)[0], content["trackers"]
    spread = drol.spread("auc", "mean")
    assert content["sequences_in_mean"] == 3
    assert content["dialect"] == "pysot"
    assert told["seeds"] == [0, 1, 2]
    assert told["mean"]["auc"] == spread.mean
    assert told["mean"]["auc_std"] == spread.deviation
    assert (told["mean"]["auc_low"], told["mean"]["auc_high"]) == spread.interval
    assert told["mean"]["normalised_precision_02"] == drol.mean["normalised_precision"]
    assert set(told["sequences"]) == set(NAMES)
    assert told["attributes"]["DIS"]["sequences"] == 2
    assert len(told["curves"]["success"]) == 21
    assert base["mean"]["auc_std"] is None
    means = {row["tracker"]: row for row in rows if row["kind"] == "mean"}
    assert float(means[DROL.name]["auc"]) == spread.mean
    assert means[BASE.name]["auc_std"] == ""
    assert means[BASE.name]["dialect"] == "pysot"
    assert float(means[DROL.name]["compile_seconds"]) == pytest.approx(drol.timing(NAMES).compile_seconds)


def test_a_run_without_recorded_time_has_no_frame_rate():
    still = made(cost=Timing(90, 0.0, 0.0))
    assert both(still)[1].timing(NAMES).fps is None
    printed(still)
    json.dumps(as_dict(still), allow_nan=False)
