"""The page: every number on it, nothing from elsewhere, the same bytes each time, names escaped, gaps said."""

import base64
import json
import math
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import cv2
import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drol_jax.datasets import Sequence, SequenceEntry
from drol_jax.errors import UserError
from drol_jax.eval.commands import run_command
from drol_jax.eval.scorers import OpeScorer
from drol_jax.eval.standings import board
from drol_jax.metrics.dialects import GOT10K, PYSOT
from drol_jax.report import films
from drol_jax.report.board import Board, Column, Refusal, Standing
from drol_jax.report.board_files import as_dict
from drol_jax.report.board_table import cell
from drol_jax.report.export import latex, markdown
from drol_jax.report.page import page, write_page
from drol_jax.report.page_tables import Cell, Grid
from drol_jax.report.published import published
from drol_jax.report.style import style
from drol_jax.results.formats import read_run
from drol_jax.results.layout import TrackerResults
from drol_jax.settings import load_settings

pytest_plugins = ["fakes_eval"]

NAMES = ("deer", "tiger", "boat", "car")
FRAMES = 30
TRUTH = np.stack([np.arange(FRAMES) + 10.0, np.full(FRAMES, 20.0), np.full(FRAMES, 24.0), np.full(FRAMES, 16.0)], 1)
EVIL = "<script>alert('1')</script>&$x_1$"


def entry(name: str, *, images: bool = True) -> SequenceEntry:
    def render() -> np.ndarray:
        return np.full((60, 90, 3), 128, np.uint8)

    def opener() -> Sequence:
        frames = (render,) * FRAMES if images else tuple(Path(f"/nowhere/{name}/{i}.jpg") for i in range(FRAMES))
        return Sequence(name, frames, TRUTH, ("OCC", "FM", EVIL)[: 1 + len(name) % 3], origin=1)

    return SequenceEntry(name, opener)


def results(folder: Path, tracker: str, shift: float, names: tuple[str, ...] = NAMES) -> TrackerResults:
    """Result files, each sequence farther off than the one before, from the middle on."""
    where = folder / tracker.replace("/", "_")
    where.mkdir()
    files = {}
    for number, name in enumerate(names):
        boxes = np.add(TRUTH, (1, 1, 0, 0))
        boxes[FRAMES // 2 :, 0] += shift * (number + 1)
        files[name] = {1: where / f"s{number}.txt"}
        files[name][1].write_text("".join(",".join(map(str, row)) + "\n" for row in boxes))
    return TrackerResults(tracker, where, files)


def scored(trackers: list[TrackerResults], names: tuple[str, ...] = NAMES) -> Board:
    every = [OpeScorer(PYSOT), OpeScorer(GOT10K)]
    sequences = {name: entry(name).open() for name in names}
    judged = {
        (scorer.protocol, tracker.name): {
            name: scorer.judge(sequence, {1: read_run(tracker.files[name][1])}) for name, sequence in sequences.items()
        }
        for scorer in every
        for tracker in trackers
    }
    return board("Toy", every, judged, trackers, {name: sequences[name].attributes for name in names}, [])


@pytest.fixture
def toy(tmp_path) -> Board:
    return scored([results(tmp_path, "near", 1.0), results(tmp_path, "far", 4.0)])


class Page(HTMLParser):
    """What a browser would see: elements, words, and tables as rows of cells under their titles."""

    VOID = ("meta", "line", "path", "use", "rect", "img", "br")

    def __init__(self, text: str):
        super().__init__()
        self.elements, self.words, self.tables, self.title, self.open = [], [], [], "", []
        self.feed(text)
        assert not [tag for tag in self.open if tag not in self.VOID], self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append((self.title, []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("th", "td"):
            self.tables[-1][1][-1].append("")
        elif tag in ("summary", "h3", "h2"):
            self.title = ""

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        if not self.open or self.open[-1] == "style":
            return
        self.words.append(data)
        if self.open[-1] in ("th", "td"):
            self.tables[-1][1][-1][-1] += data
        elif self.open[-1] in ("summary", "h3", "h2"):
            self.title += data

    def table(self, title: str) -> dict[str, dict[str, str]]:
        """By row and column, of the one table below that title."""
        (rows,) = (rows for name, rows in self.tables if name == title)
        head, *body = rows
        return {row[0]: dict(zip(head[1:], row[1:], strict=True)) for row in body}

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_every_number_of_the_board_is_on_the_page(toy):
    seen = Page(page(toy, [entry(name) for name in NAMES]))
    means = seen.table("Means")
    for column in toy.columns:
        by_sequence = [t for title, t in seen.tables if title == f"{column.head}: {column.meaning}"]
        assert len(by_sequence) == 3  # by protocols, by attributes, by sequences
        protocols, attributes, sequences = (
            {row[0]: dict(zip(t[0], row, strict=True)) for row in t} for t in by_sequence
        )
        for standing in toy.standings:
            assert means[standing.tracker][column.head] == cell(standing.overall[column.key], column)
            for name, numbers in standing.sequences.items():
                assert sequences[name][standing.tracker] == cell(numbers[column.key], column)
            for name, (count, numbers) in standing.attributes.items():
                assert attributes[name][standing.tracker] == cell(numbers[column.key], column)
                assert attributes[name]["of"] == str(count)
            for protocol, table in toy.dialects.items():
                assert protocols[standing.tracker][protocol] == cell(table[standing.tracker][column.key], column)
    gap = toy.differences["near", "far"]
    assert seen.table("Is the best one better?")["near - far"]["p"] == f"{gap.p:.4f}"


def test_nothing_is_loaded_from_elsewhere(toy):
    text = page(toy, [entry(name) for name in NAMES])
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    for tag, attributes in Page(text).elements:
        assert tag not in ("script", "link", "iframe", "object", "base")
        assert attributes.get("src", "data:").startswith("data:")
        assert attributes.get("href", "#").startswith("#")
        assert attributes.get("xlink:href", "#").startswith("#")
        assert not any(name.startswith("on") for name in attributes)


def test_the_same_results_make_the_same_bytes_whatever_matplotlib_is_set_to(toy):
    entries = [entry(name) for name in NAMES]
    first = page(toy, entries)
    with matplotlib.rc_context({"svg.hashsalt": None, "font.size": 30, "axes.grid": False, "lines.linewidth": 9}):
        assert page(toy, entries) == first


def test_ids_are_unique_and_every_reference_has_its_target(toy):
    elements = Page(page(toy, [entry(name) for name in NAMES])).elements
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {a[name][1:] for _, a in elements for name in ("href", "xlink:href") if name in a}
    wanted |= {a["clip-path"][5:-1] for _, a in elements if "clip-path" in a}
    assert wanted <= set(ids)


def test_names_are_shown_and_never_obeyed(tmp_path):
    names = (EVIL, 'a"b', "tiger")
    evil = scored([results(tmp_path, EVIL, 1.0, names), results(tmp_path, "far", 3.0, names)], names)
    refusal = Refusal(EVIL, "<img src=x>", "lost <b>")
    seen = Page(page(replace(evil, refusals=(refusal,), notes=(EVIL,)), [entry(name) for name in names]))
    assert not {"script", "b>", "img src"} & {tag for tag, _ in seen.elements}
    assert all(a["src"].startswith("data:") for tag, a in seen.elements if tag == "img")
    assert EVIL in seen.table("Means")
    assert f"<img src=x> ({EVIL}): lost <b>" in seen.text


def test_missing_images_are_said_and_curves_are_drawn_all_the_same(toy):
    seen = Page(page(toy, [entry(name, images=False) for name in NAMES]))
    assert "no pictures: /nowhere/car/0.jpg: image missing" in seen.text
    assert not [tag for tag, _ in seen.elements if tag == "img"]
    assert [a["aria-label"] for tag, a in seen.elements if a.get("aria-label", "").startswith("Overlap over")] == [
        f"Overlap over time, {name}" for name in reversed(NAMES)
    ]


def test_a_sequence_that_cannot_be_opened_is_said(toy):
    def broken() -> Sequence:
        raise UserError("car: groundtruth.txt is missing")

    assert "car: groundtruth.txt is missing" in Page(page(toy, [SequenceEntry("car", broken)])).text


def test_scores_that_are_not_numbers_break_nothing(toy):
    nan = dict.fromkeys(toy.standings[0].overall, math.nan)
    worst = replace(
        toy.standings[0],
        overall=nan,
        sequences=dict.fromkeys(NAMES, nan),
        attributes={name: (n, nan) for name, (n, _) in toy.standings[0].attributes.items()},
        curves={name: [math.nan] * len(curve) for name, curve in toy.standings[0].curves.items()},
    )
    broken = replace(toy, standings=(worst, toy.standings[1]))
    assert [standing.tracker for standing in broken.ranked] == ["far", "near"]
    assert set(Page(page(broken, [entry(name) for name in NAMES])).table("Means")["near"].values()) == {"-"}
    json.dumps(as_dict(broken), allow_nan=False)
    page(replace(toy, standings=(worst,)))


def test_nothing_scored_still_makes_a_page(toy):
    empty = tuple(Standing(s.tracker, s.folder, {}, {}, {}) for s in toy.standings)
    gone = replace(toy, standings=empty, covered=(), dialects={}, differences={}, compared=None)
    assert "No mean" in Page(page(gone, [entry(name) for name in NAMES])).text


def test_boxes_are_drawn_where_they_are(toy, tmp_path):
    styles = {s.tracker: style(place) for place, s in enumerate(toy.ranked)}
    film = films.film(entry("car"), "", toy.ranked, "near", styles)
    last = film.pictures[-1]
    assert (last.frame, film.filmed) == (FRAMES - 1, ("near", "far"))
    picture = cv2.imdecode(np.frombuffer(base64.b64decode(last.uri.split(",")[1]), np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    scale = films.WIDTH / 90
    x, y = TRUTH[-1, 0], TRUTH[-1, 1] + 8
    left = {"truth": x, "near": x + 4, "far": x + 16}  # result files are 1-based, the truth 0-based
    colours = {"truth": films.TRUTH} | {name: styles[name].rgb for name in ("near", "far")}
    for name, place in left.items():
        shown = picture[round(y * scale), round(place * scale)][::-1].astype(int)
        assert np.abs(shown - colours[name]).max() < 90, name
        assert np.abs(shown - 128).max() > 60, name
    assert last.overlaps == pytest.approx((20 / 28, 8 / 40))


def test_the_worst_frame_is_among_those_shown(toy, tmp_path):
    path = toy.standings[0].files["deer"][1]
    lines = path.read_text().splitlines()
    lines[11] = "500,500,10,10"
    path.write_text("\n".join(lines))
    film = films.film(entry("deer"), "", toy.standings[:1], "near", {"near": style(0)})
    assert 11 in [picture.frame for picture in film.pictures]
    assert film.overlaps["near"][11] == 0


def test_of_many_sequences_the_worst_the_best_and_the_disputed_are_shown():
    names = tuple(f"s{number:02}" for number in range(20))
    first = {name: {"auc": number / 20} for number, name in enumerate(names)}
    second = {name: {"auc": 1.0 if name == "s10" else number / 20} for number, name in enumerate(names)}
    standings = tuple(Standing(name, "", {"auc": 0.5}, rows, {}) for name, rows in (("a", first), ("b", second)))
    toy = Board("Toy", "pysot", "", (Column("auc", "AUC", ""),), names, names, standings)
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


def test_legends_stand_in_the_order_of_their_own_scores(toy):
    rows = ({"auc": 0.5, "precision_20": 0.9}, {"auc": 0.6, "precision_20": 0.8})
    standings = tuple(replace(s, overall={**s.overall, **row}) for s, row in zip(toy.standings, rows, strict=True))
    text = Page(page(replace(toy, standings=standings))).text
    assert "Success (AUC)" in text and "far .600 near .500" in text
    assert "near .900 far .800" in text


def test_vot_shows_the_expected_overlap_and_the_published_scores():
    curve = np.linspace(1, 0.2, 400).tolist()
    columns = (Column("eao", "EAO", "expected average overlap"), Column("lost", "lost", "failures", False, False))
    standing = Standing("mine", "", {"eao": 0.45, "lost": 12.0}, {}, {}, {"expected_overlap": curve})
    seen = Page(page(Board("VOT2018", "pysot", "", columns, ("bag",), ("bag",), (standing,))))
    lengths = seen.table("Expected overlap of runs of so many frames")
    assert lengths["mine"]["100"] == cell(curve[99], columns[0])
    assert seen.table("Means")["mine"] == {"EAO": ".450", "lost": "12"}
    names = list(seen.table("Paper, table 1 and figure 6 (a)"))
    assert names[:3] == ["DROL-RPN (ResNet50)", "here: mine", "DiMP (ResNet50)"]
    assert "Here only 1 of the benchmark's 60 sequences count" in seen.text


def test_long_term_shows_precision_over_recall():
    columns = (Column("f", "F", "F"), Column("precision", "Pr", "precision"), Column("recall", "Re", "recall"))
    curves = {"precision": [1.0, 0.8, 0.6], "recall": [0.0, 0.4, 0.6], "f": [0.0, 0.53, 0.6]}
    standing = Standing("mine", "", {"f": 0.6, "precision": 0.6, "recall": 0.6}, {}, {}, curves)
    seen = Page(page(Board("VOT2018-LT", "pysot", "", columns, ("a",), ("a",), (standing,))))
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
    means = seen.table("Means")
    titles = {title.split(":")[0]: title for title, _ in seen.tables}
    for tracker in summary["trackers"]:
        for key, head in (shares | costs).items():
            column = Column(key, head, "", share=key in shares)
            assert means[tracker["name"]][head] == cell(tracker["mean"][key], column)
            every = [row for title, rows in seen.tables if title == titles[head] for row in rows]
            for kind in ("sequences", "attributes"):
                for name, numbers in tracker[kind].items():
                    assert any(row[0] == name and cell(numbers[key], column) in row for row in every), (head, name)
    assert seen.table("Speed")["siamrpn_alex_synth"] == {
        "frames/s": "32.0",
        "frames": "48",
        "seconds": "1.5",
        "compilation s": "9.0",
    }
    assert "weights_hash ab12" in seen.text and "jax fake" in seen.text and "seed 1" in seen.text


def test_a_run_shows_how_far_the_protocols_lie_apart(run, tmp_path):
    run("--baseline", report=True)
    seen = Page((tmp_path / "results" / "Synth" / "report.html").read_text(encoding="utf-8"))
    protocols = [rows for title, rows in seen.tables if "spread" in rows[0]]
    assert protocols[0][0] == ["tracker", "pysot", "got10k", "pytracking", "stark", "lasot", "otb", "spread"]
    assert protocols[0][1][1] == seen.table("Means")[protocols[0][1][0]]["AUC"]


def test_speed_comes_from_the_times_that_other_toolkits_keep(toy):
    near = next(s for s in toy.standings if s.tracker == "near")
    for name, seconds in (("deer", "0.5"), ("tiger", "0.1")):
        path = near.files[name][1]
        path.with_name(f"{path.stem}_time.txt").write_text(
            "0\n" + f"{seconds}\n" * (FRAMES - 1)
        )  # the start is not timed
    near.files["boat"][1].with_name("s2_time.txt").write_text("no number\n")
    assert Page(page(toy)).table("Speed") == {
        "near": {"frames/s": "3.3", "frames": "58", "seconds": "17.4", "compilation s": "-"}
    }


def test_a_sequence_that_failed_is_told_with_its_seed(run, world, tmp_path):
    world.broken = ("beta",)
    code, _, _ = run("--baseline", report=True)
    seen = Page((tmp_path / "results" / "Synth" / "report.html").read_text(encoding="utf-8"))
    assert code == 1
    assert "beta (siamrpn_alex_synth): seed 0: beta: frame 3 is cut short; copy it again" in seen.text
    assert "Means over 2 of 3 sequences" in seen.text


def test_no_report_writes_none(run, tmp_path):
    run("--no-report")
    assert not (tmp_path / "results" / "Synth" / "report.html").exists()
