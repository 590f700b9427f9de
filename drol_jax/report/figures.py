"""Plots as SVG that a page can hold: text stays text, colours follow the page's theme, ids are unique and repeatable.

Imports matplotlib, which takes a second: nothing but the writing of a page imports this module.
"""

import io
import json
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from drol_jax.report.style import FAINT, INK, VERDICTS, Style, variables
from drol_jax.system.plotting import Figure, MultipleLocator, matplotlib, quietly

_SETTINGS = {
    "svg.hashsalt": "drol_jax",  # ids without it are random
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": INK,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": FAINT,
    "grid.alpha": 0.45,
    "grid.linewidth": 0.6,
    "xtick.color": INK,
    "ytick.color": INK,
    "lines.linewidth": 1.5,
}
MOST = 300
"""Points of a line whose values the page tells."""
BAND = 0.14
"""Height of a bar and its gap, where 1 is a confidence of 1."""
_NOTHING = {"Date": None, "Creator": None, "Format": None, "Type": None}


@dataclass(frozen=True, eq=False)
class Line:
    """One tracker's line in a plot."""

    label: str
    style: Style
    x: np.ndarray
    """[N]; for a radar the spokes' numbers."""
    y: np.ndarray
    """[N]; NaN leaves a gap."""


@dataclass(frozen=True)
class Band:
    """A bar under the lines, in stretches of colour."""

    label: str
    style: Style
    """Of the tracker: a mark at the bar's left end."""
    runs: tuple[tuple[int, int, str], ...]
    """(first x, length, one of `VERDICTS`); stretches of other words stay empty."""


@dataclass(frozen=True, kw_only=True)
class Axes:
    """What surrounds the lines."""

    x: str
    y: str
    title: str
    """The plot in words, for readers who do not see it."""
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float, float] | None = (0.0, 1.0)
    shaded: tuple[float, float] | None = None
    """A stretch of x that counts."""
    marks: Sequence[float] = ()
    """Places on x that something is shown of."""
    size: tuple[float, float] = (4.4, 3.3)
    """Inches; the page scales it."""
    width: float = 1.7
    """Width of lines, in points."""
    diagonal: bool = False
    """Show where y is x."""
    points: bool = False
    """Mark the places that a line joins."""
    bands: Sequence[Band] = ()
    """Bars under the lines, whose y then begins at 0."""


def plot(lines: Sequence[Line], axes: Axes, number: int) -> str:
    """Lines over x.

    Args:
      lines: the first is drawn on top.
      number: of the figure on its page.

    Returns:
      An ``<svg>`` element.
    """
    with _plain():
        figure = Figure(figsize=axes.size, layout="constrained")
        frame = figure.add_subplot()
        if axes.shaded is not None:
            frame.axvspan(*axes.shaded, color=FAINT, alpha=0.35, linewidth=0)
        for mark in axes.marks:
            frame.axvline(mark, color=FAINT, linewidth=0.8, linestyle=(0, (1, 2)))
        if axes.diagonal:
            frame.plot((0, 1), (0, 1), color=FAINT, linewidth=0.8)
        marker = {"marker": ".", "markersize": 5} if axes.points else {}
        for place, line in enumerate(lines):
            frame.plot(line.x, line.y, linewidth=axes.width, **marker, **_look(line, len(lines) - place))
        frame.set_xlabel(axes.x)
        frame.set_ylabel(axes.y)
        frame.set_xlim(axes.x_limits)
        frame.set_ylim(axes.y_limits)
        if axes.bands:
            frame.set_ylim(-BAND * len(axes.bands) - 0.02, frame.get_ylim()[1])
            frame.set_yticks([0, 0.5, 1] if lines else [])
        for place, band in enumerate(axes.bands):
            y = -BAND * (place + 1)
            for verdict, (colour, _) in VERDICTS.items():
                spans = [(first - 0.5, length) for first, length, word in band.runs if word == verdict]
                frame.broken_barh(spans, (y, BAND * 0.7), color=colour, linewidth=0)
            frame.plot([-0.006], [y + BAND * 0.35], "s", transform=frame.get_yaxis_transform(), clip_on=False,
                       markersize=4, color=band.style.colour)  # fmt: skip
        svg = _svg(figure, axes.title, number)
        return readable(svg, frame, lines, axes)


def radar(lines: Sequence[Line], spokes: Sequence[str], title: str, number: int) -> str:
    """Lines around a circle, one spoke each for three or more things.

    The rim is the largest value, rounded up to tenths, the centre a tenth or more below the smallest: values that lie
    close together would all hug the rim otherwise.
    """
    with _plain():
        figure = Figure(figsize=(4.4, 4.0), layout="constrained")
        frame = figure.add_subplot(projection="polar")
        angles = np.linspace(0, 2 * np.pi, len(spokes), endpoint=False)
        for place, line in enumerate(lines):
            closed = np.append(line.x, line.x[:1]).astype(int)
            look = _look(line, len(lines) - place)
            frame.plot(angles[closed], np.append(line.y, line.y[:1]), marker=".", markersize=4, **look)
        known = np.concatenate([line.y[np.isfinite(line.y)] for line in lines])
        low, high = np.floor(known.min() * 10 - 1) / 10, np.ceil(known.max() * 10 + 1e-9) / 10
        frame.set_ylim(max(low, 0.0), max(high, low + 0.2))
        frame.yaxis.set_major_locator(MultipleLocator(0.1 if high - low <= 0.6 else 0.2))
        frame.set_xticks(angles, [_spoke(word) for word in spokes])
        frame.tick_params(axis="x", pad=4)
        for label, angle in zip(frame.get_xticklabels(), angles, strict=True):
            # Away from the circle: the reader's font may be wider than the one that places were reckoned with.
            side = np.cos(angle)
            label.set_horizontalalignment("center" if abs(side) < 0.2 else "left" if side > 0 else "right")
        frame.set_rlabel_position(180 / len(spokes))  # type: ignore[attr-defined]
        frame.tick_params(axis="y", labelsize=7)
        frame.spines["polar"].set_color(FAINT)
        return _svg(figure, title, number)


def readable(svg: str, frame: Any, lines: Sequence[Line], axes: Axes) -> str:
    """The plot with what its lines say in `data-plot`, as JSON: the page tells the values under the pointer.

    Args:
      frame: matplotlib's axes, after they were drawn; where they lie is told in parts of the figure, from its top left.
    """
    place = frame.get_position()
    told = {
        "area": [round(float(side), 4) for side in (place.x0, 1 - place.y1, place.x1, 1 - place.y0)],
        "x": [float(side) for side in frame.get_xlim()],
        "word": axes.x,
        "lines": [
            {"name": line.label, "colour": line.style.variable, "x": _numbers(line.x, 5), "y": _numbers(line.y, 3)}
            for line in lines
        ],
        "bands": [
            {"name": band.label, "runs": [[first, n, word.replace("_", " ")] for first, n, word in band.runs]}
            for band in axes.bands
        ],
    }
    words = escape(json.dumps(told, ensure_ascii=True, separators=(",", ":")), quote=True)
    return svg.replace("<svg ", f'<svg data-plot="{words}" ', 1)


def _numbers(values: np.ndarray, decimals: int) -> list[float | None]:
    """At most so many points as can be told apart, rounded; None for NaN."""
    thin = values[:: max(1, len(values) // MOST)]
    return [round(float(value), decimals) if np.isfinite(value) else None for value in thin]


def _look(line: Line, above: int) -> dict:
    dash = tuple(float(step) for step in line.style.dash.split())
    return {"color": line.style.colour, "linestyle": (0, dash) if dash else "-", "zorder": 2 + above / 100}


def _spoke(word: str) -> str:
    # A dollar sign would start a formula.
    return word.replace("_", " ").replace("$", r"\$")


def _plain() -> AbstractContextManager[None]:
    """Matplotlib's own settings whatever the user's matplotlibrc says, then ours."""
    settings: dict[Any, Any] = {k: v for k, v in matplotlib.rcParamsDefault.items() if not k.startswith("backend")}
    settings.update(_SETTINGS)
    return quietly(settings)


def _svg(figure: Figure, title: str, number: int) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", transparent=True, metadata=_NOTHING)
    svg = text.getvalue()
    svg = re.sub(r"<!--.*?-->\s*", "", svg[svg.index("<svg") :], flags=re.DOTALL)
    head, body = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]*"', head)
    # Several figures share a page: ids that repeat would point into each other.
    body = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>g{number}-", body)
    for colour, name in variables().items():
        body = body.replace(colour, name)
    label = title.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return f'<svg {box.group() if box else ""} role="img" aria-label="{label}">{body}'
