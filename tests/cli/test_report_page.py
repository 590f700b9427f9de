"""The page: every number on it, nothing from elsewhere, the same bytes each time, names escaped, gaps said."""

import json
import math
import re
from dataclasses import replace

import matplotlib
import pytest
from pages import EVIL, NAMES, Page, entry, results, scored, toy_result

from drol_jax.datasets import Sequence, SequenceEntry
from drol_jax.errors import UserError
from drol_jax.metrics.spread import Difference
from drol_jax.report.answer import answer
from drol_jax.report.columns import cell
from drol_jax.report.page import page
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Refusal, TrackerScores


@pytest.fixture
def toy(tmp_path) -> BenchmarkResult:
    return toy_result(tmp_path)


def test_every_number_of_the_result_is_on_the_page(toy):
    seen = Page(page(toy, [entry(name) for name in NAMES]))
    means = seen.table("Means")
    for column in toy.columns:
        by_sequence = [t for title, t in seen.tables if title == f"{column.head}: {column.meaning}"]
        assert len(by_sequence) == 3  # in dialects, by attributes, by sequences
        dialects, attributes, sequences = (
            {row[0]: dict(zip(t[0], row, strict=True)) for row in t} for t in by_sequence
        )
        for scores in toy.trackers:
            assert means[scores.name][column.head] == cell(scores.mean[column.key], column)
            for name, numbers in scores.sequences.items():
                assert sequences[name][scores.name] == cell(numbers[column.key], column)
            for name, (count, numbers) in scores.attributes.items():
                assert attributes[name][scores.name] == cell(numbers[column.key], column)
                assert attributes[name]["of"] == str(count)
            for dialect, table in toy.dialects.items():
                assert dialects[scores.name][dialect] == cell(table[scores.name][column.key], column)
    gap = toy.differences["near", "far"]
    assert seen.table("Is the best one better?")["near - far"]["p"] == f"{gap.p:.4f}"


def test_nothing_is_loaded_from_elsewhere(toy):
    text = page(toy, [entry(name) for name in NAMES])
    assert "http" not in text
    assert "@import" not in text
    assert "url(" not in text.replace("url(#", "")
    for tag, attributes in Page(text).elements:
        assert tag not in ("link", "iframe", "object", "base")
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
    assert not {"b>", "img src"} & {tag for tag, _ in seen.elements}
    assert [a for tag, a in seen.elements if tag == "script"] == [{}]  # the page's own
    assert all(a["src"].startswith("data:") for tag, a in seen.elements if tag == "img")
    assert EVIL in seen.table("Means")
    assert f"<img src=x> ({EVIL}): lost <b>" in seen.text


def test_a_long_name_breaks_between_its_words_wherever_it_stands(tmp_path):
    text = page(scored([results(tmp_path, "a_long_name", 1.0)]), [entry(name) for name in NAMES])
    parted = "a_<wbr>long_<wbr>name"
    assert f"From the worst to the best of {parted}" in text
    assert f"</svg> <span>{parted} " in text  # legends
    assert f"■</span> {parted} " in text  # under each picture


def test_failures_and_notes_have_a_heading_each_where_there_are_some(toy):
    def headings(**changes):
        links = {a.get("href") for _, a in Page(page(replace(toy, **changes))).elements}
        return links & {"#failures", "#notes"}

    assert headings(refusals=(), notes=()) == set()
    assert headings(refusals=(), notes=("quick",)) == {"#notes"}
    assert headings(refusals=(Refusal("a", "car", "lost"),), notes=()) == {"#failures"}


def test_one_sequence_is_not_called_all(toy):
    assert "Means over all 4 sequences." in Page(page(toy)).text
    one = Page(page(replace(toy, sequences=NAMES[:1], covered=NAMES[:1]))).text
    assert "One sequence." in one and "1 sequences" not in one


def test_missing_images_are_said_and_curves_are_drawn_all_the_same(toy):
    seen = Page(page(toy, [entry(name, images=False) for name in NAMES]))
    assert "no images: /nowhere/car/0.jpg: image missing" in seen.text
    assert not [tag for tag, _ in seen.elements if tag == "img"]
    assert [a["aria-label"] for tag, a in seen.elements if a.get("aria-label", "").startswith("Overlap over")] == [
        f"Overlap over time, {name}" for name in reversed(NAMES)
    ]


def test_a_sequence_that_cannot_be_opened_is_said(toy):
    def broken() -> Sequence:
        raise UserError("car: groundtruth.txt is missing")

    assert "car: groundtruth.txt is missing" in Page(page(toy, [SequenceEntry("car", broken)])).text


def test_scores_that_are_not_numbers_break_nothing(toy):
    nan = dict.fromkeys(toy.trackers[0].mean, math.nan)
    worst = replace(
        toy.trackers[0],
        mean=nan,
        sequences=dict.fromkeys(NAMES, nan),
        attributes={name: (n, nan) for name, (n, _) in toy.trackers[0].attributes.items()},
        curves={name: [math.nan] * len(curve) for name, curve in toy.trackers[0].curves.items()},
    )
    broken = replace(toy, trackers=(worst, toy.trackers[1]))
    assert [scores.name for scores in broken.ranked] == ["far", "near"]
    assert set(Page(page(broken, [entry(name) for name in NAMES])).table("Means")["near"].values()) == {"-"}
    json.dumps(broken.to_dict(), allow_nan=False)
    page(replace(toy, trackers=(worst,)))


def test_nothing_scored_still_makes_a_page(toy):
    empty = tuple(TrackerScores(s.name, s.folder, {}, {}, {}) for s in toy.trackers)
    gone = replace(toy, trackers=empty, covered=(), dialects={}, differences={}, compared=None)
    assert "No mean" in Page(page(gone, [entry(name) for name in NAMES])).text


def test_legends_stand_in_the_order_of_their_own_scores(toy):
    rows = ({"auc": 0.5, "precision_20": 0.9}, {"auc": 0.6, "precision_20": 0.8})
    trackers = tuple(replace(s, mean={**s.mean, **row}) for s, row in zip(toy.trackers, rows, strict=True))
    text = Page(page(replace(toy, trackers=trackers))).text
    assert "Success (AUC)" in text and "far .600 near .500" in text
    assert "near .900 far .800" in text


@pytest.mark.parametrize(
    ("gaps", "words"),
    [
        ({"far": (0.2, (0.1, 0.3), 0.01)}, "Yes: by AUC, over 4 sequences, near is better than far."),
        ({"far": (-0.2, (-0.3, -0.1), 0.01)}, "No: by AUC, over 4 sequences, near is worse than far."),
        ({"far": (0.2, (0.1, 0.3), 0.125)}, "That cannot be said: .* p is never below 0.12."),
        (
            {"far": (0.2, (0.1, 0.3), 0.01), "a": (0.1, (-0.1, 0.3), 0.3)},
            "In part: .*better than far; .*not shown to be better than a, nor worse",
        ),
    ],
)
def test_whether_the_best_one_is_better_is_said_in_words(toy, gaps, words):
    differences = {("near", name): Difference(*gap) for name, gap in gaps.items()}
    assert re.match(words, answer(replace(toy, differences=differences)))
    assert answer(replace(toy, differences={})) == ""


def test_curves_carry_their_values(toy):
    svgs = [a for tag, a in Page(page(toy, [entry(name) for name in NAMES])).elements if "data-plot" in a]
    success = json.loads(svgs[0]["data-plot"])
    assert success["word"] == "overlap threshold" and success["x"] == [0, 1]
    for line, scores in zip(success["lines"], toy.ranked, strict=True):
        assert line["name"] == scores.name and line["y"] == [round(y, 3) for y in scores.curves["success"]]
    assert all(0 <= side <= 1 for side in success["area"]) and len(svgs) >= 3 + len(NAMES)


def test_confidence_and_verdict_stand_under_the_overlap_where_files_tell_them(toy):
    words = ["found"] * 10 + ["not_found"] * 15 + ["uncertain"] * 5
    for path in (toy.trackers[0].files["deer"][1], toy.trackers[0].files["car"][1]):
        (path.parent / "details").mkdir(exist_ok=True)
        lines = [f"{t},1,1,{word},first,0.{t:02}\n" for t, word in enumerate(words[: 30 if "0" in path.name else 9])]
        head = "frame,score,online_score,verdict,template,confidence\n"
        (path.parent / "details" / f"{path.stem}.csv").write_text(head + "".join(lines))
    elements = Page(page(toy, [entry(name) for name in NAMES])).elements
    (svg,) = [a for _, a in elements if a.get("aria-label", "").startswith("Confidence and verdicts over time")]
    told = json.loads(svg["data-plot"])  # of `car` the details are of fewer frames than the result
    assert svg["aria-label"].endswith("deer")
    assert told["lines"][0]["y"][:3] == [0.0, 0.01, 0.02]
    assert told["bands"] == [{"name": "near", "runs": [[0, 10, "found"], [10, 15, "not found"], [25, 5, "uncertain"]]}]
