"""Frame rates as an image. Imports matplotlib, which takes a second."""

from pathlib import Path
from typing import Any

from drol_jax.bench.plan import DRAWN
from drol_jax.bench.table import label
from drol_jax.report.style import style
from drol_jax.system.plotting import Figure, quietly

LOOP, LANES = DRAWN
NOTHING = {".svg": {"Date": None}, ".png": {"Software": None}}
"""Metadata that would differ from run to run."""


def draw(record: dict[str, Any], path: Path) -> None:
    """Bars of frames/s for every case with the subnet off and on; beside them target-frames/s over lanes, if measured.

    Args:
      record: "rows" of `measuring.run`.
      path: .png or .svg.

    Raises:
      OSError: it cannot be written.
    """
    rows = record["rows"]
    bars = [(label(row), variant, values["fps"]) for row in rows for variant, values in _measured(row, LOOP).items()]
    lines = [(label(row), variant, values) for row in rows for variant, values in _measured(row, LANES).items()]
    panels = [draw_panel for draw_panel, found in ((_bars, bars), (_lines, lines)) if found]
    with quietly({"svg.hashsalt": "drol_jax", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(6.4 * max(1, len(panels)), max(2.4, 0.9 + 0.35 * len(bars))), layout="constrained")
        if not panels:
            figure.text(0.5, 0.5, "no frame rates were measured", ha="center")
        for place, panel in enumerate(panels, start=1):
            panel(figure.add_subplot(1, len(panels), place), bars if panel is _bars else lines)
        figure.savefig(path, dpi=150, metadata=NOTHING[path.suffix.lower()])


def _measured(row: dict[str, Any], part: str) -> dict[str, Any]:
    found = row["parts"].get(part, {})
    return {} if "error" in found else found


def _bars(axes: Any, bars: list[tuple[str, str, dict[str, float]]]) -> None:
    for place, (_, variant, fps) in enumerate(bars):
        error = [[fps["median"] - fps["low"]], [fps["high"] - fps["median"]]]
        axes.barh(place, fps["median"], xerr=error, color=style(variant == "on").colour, height=0.7)
    axes.set_yticks(range(len(bars)), [f"{name}, subnet {variant}" for name, variant, _ in bars])
    axes.invert_yaxis()
    axes.set_xlabel("frames/s")


def _lines(axes: Any, lines: list[tuple[str, str, list[dict[str, Any]]]]) -> None:
    for place, (name, variant, rows) in enumerate(lines):
        look = style(place)
        lanes, rates = [row["lanes"] for row in rows], [row["target_fps"]["median"] for row in rows]
        axes.plot(lanes, rates, marker="o", color=look.colour, label=f"{name}, subnet {variant}")
    axes.set_xscale("log", base=2)
    measured = sorted({row["lanes"] for _, _, rows in lines for row in rows})
    axes.set_xticks(measured, [str(count) for count in measured])
    axes.minorticks_off()
    axes.set_xlabel("targets at once")
    axes.set_ylabel("target-frames/s")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)
