"""A search as one HTML file: what matters, how the score goes with each setting, what was chosen, what it gains.

Imports matplotlib and jinja2, so that it is imported only where a page is written.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup

from drol_jax.report.figures import Axes, Line, plot
from drol_jax.report.style import style
from drol_jax.system.atomic import write_text
from drol_jax.tune.chosen import Gain
from drol_jax.tune.space import Space
from drol_jax.tune.study import Outcome

NAME = "tune.html"
SHOWN = 20
"""Trials in the table."""


def write_page(
    folder: Path,
    space: Space,
    outcomes: Sequence[Outcome],
    best: Outcome,
    importance: Mapping[str, float],
    gain: Gain,
    told: Mapping[str, Any],
    yaml: str,
) -> Path:
    """Write ``tune.html``.

    Args:
      outcomes: every trial that has ended.
      told: tracker, dataset, measure, maximize and sequences, as the summary tells them.
      yaml: the chosen configuration.

    Returns:
      The file.

    Raises:
      UserError: it cannot be written.
    """
    whole = [one for one in outcomes if not one.pruned and one.value is not None]
    loader = jinja2.ChoiceLoader(
        [jinja2.PackageLoader("drol_jax.tune", "templates"), jinja2.PackageLoader("drol_jax.report", "templates")]
    )
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["svg"] = Markup  # our own plots, whose words matplotlib escapes
    order = -1 if told["maximize"] else 1
    text = environment.get_template("tune.html.jinja").render(
        told=told,
        best=best,
        gain=gain,
        keys=[one.key for one in space.dimensions],
        importance=sorted(importance.items(), key=lambda pair: -pair[1]),
        slices=[one for number, d in enumerate(space.dimensions) if (one := _slice(d.key, whole, told, number))],
        ranked=sorted(whole, key=lambda one: (order * (one.value or 0.0), one.number))[:SHOWN],
        tried=len(outcomes),
        given_up=sum(one.pruned for one in outcomes),
        yaml=yaml,
        rows=list(zip(gain.sequences, gain.before, gain.after, strict=True)),
    )
    path = folder / NAME
    write_text(path, text)
    return path


def _slice(key: str, whole: Sequence[Outcome], told: Mapping[str, Any], number: int) -> tuple[str, str] | None:
    """(key, SVG): the score of every trial over one setting; None where its values are no numbers."""
    pairs = [(one.params[key], one.value) for one in whole]
    if not pairs or any(isinstance(x, str) for x, _ in pairs):
        return None
    x, y = np.array(pairs, np.float64).T
    # Between two points a gap: the trials are no curve.
    apart = np.full((len(x), 2), np.nan)
    apart[:, 0] = y
    axes = Axes(x=key, y=told["measure"], title=f"{told['measure']} over {key}", y_limits=None, points=True)
    line = Line("trials", style(0), np.repeat(x, 2), apart.ravel())
    return key, plot([line], axes, number)
