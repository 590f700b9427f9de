"""What a page is made of: images, curves, styles, published scores; and the pages that the commands write."""

import base64
import json
from itertools import pairwise

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pages import FRAMES, GROUNDTRUTH, Page, entry, toy_result

from drol_jax.errors import UserError
from drol_jax.eval.commands import run_command
from drol_jax.report import films
from drol_jax.report.columns import Column, cell
from drol_jax.report.costs import COSTS
from drol_jax.report.export import latex, markdown
from drol_jax.report.page import page, write_page
from drol_jax.report.page_tables import Cell, Grid
from drol_jax.report.published import published
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.report.style import style
from drol_jax.settings import load_settings

pytest_plugins = ["fakes_eval"]


@pytest.fixture
def toy(tmp_path) -> BenchmarkResult:
    return toy_result(tmp_path)


def test_boxes_are_drawn_where_they_are(toy, tmp_path):
    styles = {s.name: style(place) for place, s in enumerate(toy.ranked)}
    film = films.film(entry("car"), "", toy.ranked, "near", styles)
    last = film.images[-1]
    assert (last.frame, film.filmed) == (FRAMES - 1, ("near", "far"))
    image = cv2.imdecode(np.frombuffer(base64.b64decode(last.uri.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    scale = films.WIDTH / 90
    x, y = GROUNDTRUTH[-1, 0], GROUNDTRUTH[-1, 1] + 8
    left = {"groundtruth": x, "near": x + 4, "far": x + 16}  # result files are 1-based, the groundtruth 0-based
    colours = {"groundtruth": films.GROUNDTRUTH} | {name: styles[name].rgb for name in ("near", "far")}
    for name, place in left.items():
        shown = image[round(y * scale), round(place * scale)][::-1].astype(int)
        assert np.abs(shown - colours[name]).max() < 90, name
        assert np.abs(shown - 128).max() > 60, name
    assert last.overlaps == pytest.approx((20 / 28, 8 / 40))


def test_the_worst_frame_is_among_those_shown(toy, tmp_path):
    path = toy.trackers[0].files["deer"][1]
    lines = path.read_text().splitlines()
    lines[11] = "500,500,10,10"
    path.write_text("\n".join(lines))
    film = films.film(entry("deer"), "", toy.trackers[:1], "near", {"near": style(0)})
    assert 11 in [image.frame for image in film.images]
    assert film.overlaps["near"][11] == 0


def test_of_many_sequences_the_worst_the_best_and_the_disputed_are_shown():
    names = tuple(f"s{number:02}" for number in range(20))
    first = {name: {"auc": number / 20} for number, name in enumerate(names)}
    second = {name: {"auc": 1.0 if name == "s10" else number / 20} for number, name in enumerate(names)}
    trackers = tuple(TrackerScores(name, "", {"auc": 0.5}, rows, {}) for name, rows in (("a", first), ("b", second)))
    toy = BenchmarkResult("Toy", "pysot", "", (Column("auc", "AUC", ""),), names, names, trackers)
    column, chosen = films.choose(toy, "a")
    assert column is not None and column.key == "auc"
    assert [name for name, _ in chosen] == ["s00", "s01", "s02", "s19", "s18", "s10"]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=700), st.integers(1, 250))
def test_thinning_keeps_the_mean_and_the_number_of_points(values, most):
    x, y = films.thinned(np.array(values), most)
    size = -(-len(values) // most)
    assert len(x) == len(y) <= most
    counts = np.minimum(size, len(values) - np.arange(len(y)) * size)
    assert np.average(y, weights=counts) == pytest.approx(np.mean(values), abs=1e-9)


def test_thinning_leaves_frames_without_a_number_out():
    assert films.thinned(np.array([1.0, np.nan, np.nan, np.nan]), 2)[1] == pytest.approx([1.0, np.nan], nan_ok=True)


def test_trackers_look_different_and_neighbours_differ_in_colour_and_dashes():
    looks = [style(place) for place in range(24)]
    assert len({(look.colour, look.dash) for look in looks}) == 24
    for one, after in pairwise(looks):
        assert one.colour != after.colour and one.dash != after.dash


def test_vot_shows_the_expected_overlap_and_the_published_scores():
    curve = np.linspace(1, 0.2, 400).tolist()
    columns = (Column("eao", "EAO", "expected average overlap"), Column("lost", "lost", "failures", False, False))
    scores = TrackerScores("mine", "", {"eao": 0.45, "lost": 12.0}, {}, {}, {"expected_overlap": curve})
    seen = Page(page(BenchmarkResult("VOT2018", "pysot", "", columns, ("bag",), ("bag",), (scores,))))
    lengths = seen.table("Expected overlap of runs of so many frames")
    assert lengths["mine"]["100"] == cell(curve[99], columns[0])
    assert seen.table("Means")["mine"] == {"EAO": ".450", "lost": "12"}
    names = list(seen.table("Paper, table 1 and figure 6 (a)"))
    assert names[:3] == ["DROL-RPN (ResNet50)", "here: mine", "DiMP (ResNet50)"]
    assert "Here only 1 of the benchmark's 60 sequences count" in seen.text


def test_long_term_shows_precision_over_recall():
    columns = (Column("f", "F", "F"), Column("precision", "Pr", "precision"), Column("recall", "Re", "recall"))
    curves = {"precision": [1.0, 0.8, 0.6], "recall": [0.0, 0.4, 0.6], "f": [0.0, 0.53, 0.6]}
    scores = TrackerScores("mine", "", {"f": 0.6, "precision": 0.6, "recall": 0.6}, {}, {}, curves)
    seen = Page(page(BenchmarkResult("VOT2018-LT", "pysot", "", columns, ("a",), ("a",), (scores,))))
    assert {a["aria-label"] for _, a in seen.elements if a.get("role") == "img"} == {
        "Precision over recall",
        "F over thresholds",
    }
    assert seen.table("Paper, table 2 and figure 6 (b)")["DROL-RPN"] == {"Pr": ".687", "Re": ".650"}


@pytest.mark.parametrize(
    ("config", "dataset", "row"),
    [
        ("siamfc_alex_otb", "OTB100", "DROL-FC (AlexNet)"),
        ("siamrpn_alex_otb", "OTB100", "DROL-RPN (AlexNet)"),
        ("siamrpn_r50_otb", "OTB100", "DROL-RPN (ResNet50)"),
        ("siamrpn_r50_vot", "VOT2018", "DROL-RPN (ResNet50)"),
        ("siammask_r50", "VOT2018", "DROL-Mask (ResNet50)"),
        ("siamrpn_r50", "UAV123", "DROL-RPN"),
        ("siamrpn_r50_votlt", "VOT2018-LT", "DROL-RPN"),
    ],
)
def test_the_papers_tables_agree_with_what_configurations_are_held_to(config, dataset, row):
    paper, held = published(dataset)[0].rows[row], published(dataset)[-1].rows[config]
    assert {key: paper[key] for key in held} == held
    assert list(load_settings(config).published[dataset].values()) == list(held.values())


def test_tables_for_papers_are_escaped():
    grid = Grid("t", ("tracker", "P@20"), (("a_b|c", (Cell(".5", best=True),)),))
    assert r"| a\_b\|c | **.5** |" in markdown(grid)
    assert r"a\_b\textbar{}c & \textbf{.5} \\" in latex(grid)


def test_score_writes_the_page_beside_its_files(tmp_path, capsys):
    from drol_jax import datasets

    (name,) = (e.name for e in datasets.load("Synth")[:1])
    boxes = datasets.load("Synth", only=[name])[0].open().boxes
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / f"{name}.txt").write_text("".join(",".join(map(str, row)) + "\n" for row in boxes))
    arguments = ["--results", str(tmp_path / "mine"), "--dataset", "Synth", "--sequences", name]
    assert run_command("score", [*arguments, "--output", str(tmp_path / "out")]) == 0
    seen = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert seen.table("Means")["mine"]["AUC"] == ".952"  # 20 of 21: no overlap exceeds 1
    assert len([tag for tag, _ in seen.elements if tag == "img"]) >= 5
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "report.html",
        "scores.json",
        "scores.csv",
        "tables.md",
        "tables.tex",
    }


def test_a_page_that_cannot_be_written_is_told(toy, tmp_path):
    with pytest.raises(UserError, match=r"report\.html"):
        write_page(toy, tmp_path / "nowhere")


def test_a_tracking_run_has_a_page_with_every_number_of_its_summary(run, tmp_path):
    code, out, _ = run("--baseline", "--seeds", "2", report=True)
    folder = tmp_path / "results" / "Synth"
    assert code == 0 and str(folder / "report.html") in out
    summary = json.loads((folder / "summary.json").read_text())
    seen = Page((folder / "report.html").read_text(encoding="utf-8"))
    heads = {"auc": "AUC", "precision_20": "P@20", "normalised_precision_02": "NP"}
    shares = {
        f"{key}{tail}": f"{head}{mark}" for key, head in heads.items() for tail, mark in (("", ""), ("_std", " ±"))
    }
    costs = {"frames": "frames", "fps": "fps", "compile_seconds": "compile s"}
    decimals = {"fps": 1, "compile_seconds": 1}
    means = seen.table("Means")
    titles = {title.split(":")[0]: title for title, _ in seen.tables}
    for tracker in summary["trackers"]:
        for key, head in (shares | costs).items():
            column = Column(key, head, "", share=key in shares, decimals=decimals.get(key))
            assert means[tracker["name"]][head] == cell(tracker["mean"][key], column)
            if key == "compile_seconds":  # of a whole run alone: it falls to whichever sequence came first
                assert head not in titles
                continue
            every = [row for title, rows in seen.tables if title == titles[head] for row in rows]
            for kind in ("sequences", "attributes"):
                for name, numbers in tracker[kind].items():
                    assert any(row[0] == name and cell(numbers[key], column) in row for row in every), (head, name)
    assert seen.table("Speed")["drol_nano"] == {
        "frames/s": "32.0",
        "frames": "48",
        "seconds": "1.5",
        "compilation s": "9.0",
    }
    assert "weights_hash ab12" in seen.text and "jax fake" in seen.text and "seed 1" in seen.text


def test_seconds_and_rates_of_one_column_have_the_same_digits():
    rates = [Column("fps", "fps", "", share=False, decimals=1)]
    assert [cell(value, column) for column in rates for value in (12.34, 1.333, 9.0, None)] == [
        "12.3",
        "1.3",
        "9.0",
        "-",
    ]
    assert {column.key for column in COSTS if column.decimals == 1} == {"fps", "compile_seconds"}


def test_a_run_shows_how_sure_its_scores_are_as_the_terminal_does(run, tmp_path):
    _, out, _ = run("--baseline", "--seeds", "2", report=True)
    seen = Page((tmp_path / "results" / "Synth" / "report.html").read_text(encoding="utf-8"))
    summary = json.loads((tmp_path / "results" / "Synth" / "summary.json").read_text())
    (gap,) = summary["differences"]
    assert seen.table("Is the best one better?")["drol_nano - drol_nano_baseline"] == {
        "AUC a sequence": f"{gap['mean']:+.3f}",
        "95 % interval": "{:+.3f} to {:+.3f}".format(*gap["interval"]),
        "p": f"{gap['p']:.4f}",
    }
    (rows,) = (rows for title, rows in seen.tables if title == "Over runs")
    heads = ("AUC", "P@20", "NP", "SR.50", "SR.75")
    assert [row[:3] for row in rows[1:]] == [["drol_nano", head, "2"] for head in heads]
    told = [f"{head} {mean} ± {deviation} (95 %: {interval})" for _, head, _, mean, deviation, interval in rows[1:4]]
    assert f"drol_nano, 2 runs, mean ± deviation, Student's t interval: {', '.join(told)}\n" in out


def test_a_run_shows_how_far_the_dialects_lie_apart(run, tmp_path):
    run("--baseline", report=True)
    seen = Page((tmp_path / "results" / "Synth" / "report.html").read_text(encoding="utf-8"))
    dialects = [rows for title, rows in seen.tables if "spread" in rows[0]]
    assert dialects[0][0] == ["tracker", "pysot", "got10k", "pytracking", "stark", "lasot", "otb", "spread"]
    assert dialects[0][1][1] == seen.table("Means")[dialects[0][1][0]]["AUC"]


def test_speed_comes_from_the_times_that_other_toolkits_keep(toy):
    near = next(s for s in toy.trackers if s.name == "near")
    for name, seconds in (("deer", "0.5"), ("tiger", "0.1")):
        path = near.files[name][1]
        path.with_name(f"{path.stem}_time.txt").write_text(
            "0\n" + f"{seconds}\n" * (FRAMES - 1)
        )  # the start is not timed
    near.files["boat"][1].with_name("s2_time.txt").write_text("no number\n")
    assert Page(page(toy)).table("Speed") == {"near": {"frames/s": "3.3", "frames": "58", "seconds": "17.4"}}


def test_a_sequence_that_failed_is_told_with_its_seed(run, world, tmp_path):
    world.broken = ("beta",)
    code, _, _ = run("--baseline", report=True)
    seen = Page((tmp_path / "results" / "Synth" / "report.html").read_text(encoding="utf-8"))
    assert code == 1
    assert "beta (drol_nano, seed 0): beta: frame 3 is cut short; copy it again" in seen.text
    assert "Means over 2 of 3 sequences" in seen.text


def test_no_report_writes_none(run, tmp_path):
    run("--no-report")
    assert not (tmp_path / "results" / "Synth" / "report.html").exists()
