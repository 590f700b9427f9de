"""The curves of a run, drawn from its log."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drol_jax.system.atomic import write_bytes
from drol_jax.train.objective import PARTS


def draw_curves(lines: Sequence[Mapping[str, Any]], path: Path, title: str) -> None:
    """Losses, overlap and tracking scores, learning rate, and pace over the steps, as a PNG.

    Args:
      lines: of the log.
      path: its folder exists.

    Raises:
      UserError: it cannot be written.
    """
    # Not at the top: it takes a second to import.
    from drol_jax.system.plotting import Figure, FigureCanvasAgg, quietly

    image = io.BytesIO()
    with quietly():
        figure = Figure(figsize=(10, 7), layout="constrained")
        FigureCanvasAgg(figure)
        _draw(figure, lines, title)
        figure.savefig(image, format="png", metadata={"Software": None})
    write_bytes(path, image.getvalue(), "free space and run the same command again")


def _draw(figure: Any, lines: Sequence[Mapping[str, Any]], title: str) -> None:
    trained = [line for line in lines if "loss" in line]
    tracked = [line for line in lines if "auc" in line]
    figure.suptitle(title)
    (losses, scores), (rates, pace) = figure.subplots(2, 2, sharex=True)

    def plot(axes: Any, rows: Sequence[Mapping[str, Any]], key: str, label: str, **style: Any) -> None:
        if any(key in row for row in rows):
            points = [(row["step"], row[key]) for row in rows if key in row]
            if len(points) == 1:  # no line goes through it
                style.setdefault("marker", "o")
            axes.plot(*zip(*points, strict=True), label=label, **style)

    for key in ("loss", *PARTS):
        plot(losses, trained, key, key)
    losses.set(title="Losses", yscale="log")
    losses.legend()
    plot(scores, trained, "overlap", "overlap of the best place, in training", alpha=0.5)
    plot(scores, tracked, "auc", "success of tracking (AUC)", marker="o")
    plot(scores, tracked, "precision", "precision of tracking at 20 px", marker="s")
    scores.set(title="Scores", ylim=(0, 1))
    scores.legend()
    plot(rates, trained, "rate", "learning rate")
    rates.set(title="Learning rate", yscale="log", xlabel="step")
    plot(pace, trained, "pairs_per_second", "pairs/s")
    pace.set(title="Pairs per second", xlabel="step", ylim=(0, None))
