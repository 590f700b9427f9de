"""Which plots a result gives, each with a legend in the order of its scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from drol_jax.metrics.eao import INTERVALS
from drol_jax.report.columns import Column, cell
from drol_jax.report.figures import Axes, Band, Line, plot, radar
from drol_jax.report.films import thinned
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.report.style import Style
from drol_jax.results.details import Signs

SPOKES = 3
"""Fewer attributes make no radar."""


@dataclass(frozen=True)
class Entry:
    """A line of a legend."""

    tracker: str
    style: Style
    number: str


@dataclass(frozen=True)
class Plot:
    """A figure with its words."""

    title: str
    svg: str
    legend: tuple[Entry, ...]


def curve_plots(result: BenchmarkResult, styles: Mapping[str, Style]) -> list[Plot]:
    """The plots that the result's curves make: of one-pass evaluation, EAO, or long-term tracking."""
    curves = [scores for scores in result.ranked if scores.curves]
    names = {name for scores in curves for name in scores.curves}
    wanted: list[tuple[str, Axes, str]] = []  # curve, axes, column in the legend
    if {"precision", "recall", "f"} <= names:
        both = Axes(x="recall", y="precision", title="Precision over recall", x_limits=(0, 1))
        f = Axes(x="threshold, from the highest confidence down", y="F", title="F over thresholds")
        return [
            _curves(result, curves, "precision", both, "f", styles, 0, over="recall"),
            _curves(result, curves, "f", f, "f", styles, 1),
        ]
    if "success" in names:
        axes = Axes(x="overlap threshold", y="share of frames", title="Success", x_limits=(0, 1))
        wanted.append(("success", axes, result.columns[0].key))
    if "precision" in names:
        axes = Axes(x="centre error, pixels", y="share of frames", title="Precision", x_limits=(0, 50))
        wanted.append(("precision", axes, "precision_20"))
    if "normalised_precision" in names:
        axes = Axes(
            x="centre error, sizes of the target", y="share of frames", title="Normalised precision", x_limits=(0, 0.5)
        )
        wanted.append(("normalised_precision", axes, "normalised_precision"))
    if "expected_overlap" in names:
        interval = INTERVALS.get(result.dataset)
        longest = max(len(s.curves["expected_overlap"]) for s in curves)
        end = min(longest, interval[1] + 100) if interval else longest
        axes = Axes(
            x="length of a run, frames", y="expected overlap", title="Expected average overlap",
            x_limits=(1, end), shaded=interval,
        )  # fmt: skip
        wanted.append(("expected_overlap", axes, "eao"))
    return [_curves(result, curves, name, axes, key, styles, number) for number, (name, axes, key) in enumerate(wanted)]


def reliability_plot(result: BenchmarkResult, styles: Mapping[str, Style], number: int) -> Plot | None:
    """Share of right boxes over confidence; the diagonal is a confidence that means what it says. None without any."""
    known = [(scores, found) for scores in result.ranked if (found := scores.reliability) is not None]
    if not known:
        return None
    lines = [
        Line(s.name, styles[s.name], np.array([b.confidence for b in r.bins]), np.array([b.right for b in r.bins]))
        for s, r in known
    ]
    axes = Axes(
        x="confidence", y="share of boxes above half overlap", title="Reliability of confidence",
        x_limits=(0, 1), diagonal=True, points=True,
    )  # fmt: skip
    legend = tuple(
        Entry(s.name, styles[s.name], f"error {r.error:.3f}" + ("" if r.roc is None else f", ROC {r.roc:.3f}"))
        for s, r in known
    )
    return Plot("Reliability of confidence", plot(lines, axes, number), legend)


def attribute_plot(result: BenchmarkResult, styles: Mapping[str, Style], number: int) -> Plot | None:
    """The first measure that attributes have, around a circle; None for fewer than three attributes."""
    names = sorted({name for scores in result.trackers for name in scores.attributes})
    if len(names) < SPOKES:
        return None
    for column in result.columns:
        lines = []
        for scores in result.ranked:
            rows = [scores.attributes.get(name, (0, {}))[1].get(column.key) for name in names]
            values = np.array([np.nan if value is None else value for value in rows], np.float64)
            if np.isfinite(values).any():
                lines.append(Line(scores.name, styles[scores.name], np.arange(len(names)), values))
        if lines:
            svg = radar(lines, names, f"{column.head} by attribute", number)
            return Plot(f"{column.head} by attribute", svg, _legend(result.ranked, column, styles))
    return None


def overlap_plot(
    name: str,
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    styles: Mapping[str, Style],
    marks: Sequence[float],
    number: int,
) -> Plot:
    """Overlap with the groundtruth over a sequence's frames.

    Args:
      curves: by tracker frames [N] and overlaps [N].
      marks: frames that images show.
    """
    last = max(float(x[-1]) for x, _ in curves.values())
    lines = [Line(tracker, styles[tracker], x, y) for tracker, (x, y) in curves.items()]
    axes = Axes(
        x="frame", y="overlap with the groundtruth", title=f"Overlap over time, {name}", x_limits=(0, max(last, 1.0)),
        y_limits=(-0.02, 1.02), marks=marks, size=(11.0, 2.7), width=1.3,
    )  # fmt: skip
    return Plot("", plot(lines, axes, number), ())


def signs_plot(name: str, signs: Mapping[str, Signs], styles: Mapping[str, Style], number: int) -> Plot:
    """Confidences over a sequence's frames, and a bar of verdicts for each tracker with an online subnet.

    Args:
      signs: by tracker, of T frames each.
    """
    lines, bands = [], []
    for tracker, one in signs.items():
        if one.confidences is not None:
            x, y = thinned(one.confidences)
            lines.append(Line(tracker, styles[tracker], x, y))
        if any(word != "off" for word in one.verdicts):
            bands.append(Band(tracker, styles[tracker], stretches(one.verdicts)))
    last = max(len(one.verdicts) for one in signs.values()) - 1
    axes = Axes(
        x="frame", y="confidence" if lines else "", title=f"Confidence and verdicts over time, {name}",
        x_limits=(0, max(last, 1)),
        y_limits=(-0.02, 1.02 if lines else 0.0), size=(11.0, 1.9 if lines else 0.8), width=1.3, bands=bands,
    )  # fmt: skip
    return Plot("", plot(lines, axes, number), ())


def stretches(words: Sequence[str]) -> tuple[tuple[int, int, str], ...]:
    """(first, length, word) of each stretch of equal words."""
    found, first = [], 0
    for word, group in groupby(words):
        length = len(list(group))
        found.append((first, length, word))
        first += length
    return tuple(found)


def _curves(
    result: BenchmarkResult,
    trackers: Sequence[TrackerScores],
    name: str,
    axes: Axes,
    key: str,
    styles: Mapping[str, Style],
    number: int,
    over: str | None = None,
) -> Plot:
    lines = []
    for scores in trackers:
        y = np.asarray(scores.curves[name], np.float64)
        first, last = axes.x_limits if axes.x_limits is not None else (1, len(y))
        x = np.asarray(scores.curves[over]) if over else np.linspace(first, last, len(y))
        if name == "expected_overlap":
            x = np.arange(1, len(y) + 1)
        lines.append(Line(scores.name, styles[scores.name], x, y))
    column = next((column for column in result.columns if column.key == key), result.columns[0])
    title = f"{axes.title} ({column.head})"
    return Plot(title, plot(lines, axes, number), _legend(trackers, column, styles))


def _legend(trackers: Sequence[TrackerScores], column: Column, styles: Mapping[str, Style]) -> tuple[Entry, ...]:
    ordered = sorted(trackers, key=lambda scores: column.place(scores.mean.get(column.key)))
    return tuple(Entry(s.name, styles[s.name], cell(s.mean.get(column.key), column)) for s in ordered)
