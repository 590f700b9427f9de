"""A result as one HTML file to look at: plots, tables, strips of images; nothing is loaded from elsewhere.

Nothing in it changes from one writing to the next unless the results do. Imports matplotlib and jinja2, so that it is
imported only where a page is written.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

from drol_jax import datasets
from drol_jax.datasets.benchmarks import benchmarks
from drol_jax.report import page_tables
from drol_jax.report.answer import answer
from drol_jax.report.columns import cell, short
from drol_jax.report.films import FEW, Film, choose, film, thinned
from drol_jax.report.origins import origins, speed
from drol_jax.report.page_plots import Plot, attribute_plot, curve_plots, overlap_plot, reliability_plot, signs_plot
from drol_jax.report.published import published
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.style import VERDICTS, Style, style
from drol_jax.report.unstable import LIMIT
from drol_jax.system.atomic import write_text

NAME = "report.html"


@dataclass(frozen=True)
class Scene:
    """One sequence as the page shows it."""

    film: Film
    plot: Plot | None
    signs: Plot | None
    """Confidences and verdicts."""
    numbers: tuple[tuple[str, str], ...]
    """Scores there, as (tracker, number)."""


def write_page(
    result: BenchmarkResult, folder: Path, entries: Sequence[datasets.SequenceEntry] = (), subject: str | None = None
) -> Path:
    """Write ``report.html``.

    Args:
      folder: exists.
      entries: of the dataset, for the true boxes and the images; without them no sequence is shown by itself.
      subject: the tracker whose worst and best sequences are shown; None for the best one.

    Returns:
      The file.

    Raises:
      UserError: the file cannot be written.
    """
    path = folder / NAME
    write_text(path, page(result, entries, subject))
    return path


def page(result: BenchmarkResult, entries: Sequence[datasets.SequenceEntry] = (), subject: str | None = None) -> str:
    """The page's text; arguments as for `write_page`."""
    ranked = result.ranked
    styles = {scores.name: style(place) for place, scores in enumerate(ranked)}
    scored = [scores.name for scores in ranked if scores.sequences]
    subject = subject if subject in scored else scored[0] if scored else None
    plots = curve_plots(result, styles)
    if (reliable := reliability_plot(result, styles, len(plots))) is not None:
        plots.append(reliable)
    around = attribute_plot(result, styles, len(plots))
    column, scenes = _scenes(result, entries, subject, styles, len(plots) + 1)
    known = benchmarks().get(result.dataset)
    measured = {s.name: one for s in ranked if (one := speed(s)) is not None}
    loader = jinja2.PackageLoader("drol_jax.report", "templates")
    environment = jinja2.Environment(
        loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["svg"] = Markup  # our own plots, whose words matplotlib escapes
    environment.filters["parted"] = _parted
    return environment.get_template("page.html.jinja").render(
        result=result,
        ranking=page_tables.ranking(result),
        repeats=page_tables.repeats(result),
        unstable=page_tables.unstable(result),
        unstable_over=short(LIMIT),
        differences=page_tables.differences(result),
        answer=answer(result),
        plots=plots,
        lengths=page_tables.by_length(result),
        published=page_tables.beside_published(result, published(result.dataset)),
        whole=known.count if known is not None else None,
        dialects=page_tables.by_dialect(result),
        attributes=page_tables.by_attribute(result),
        radar=around,
        speeds=page_tables.speeds(result, measured),
        sequences=page_tables.by_sequence(result),
        scenes=scenes,
        scene_column=column,
        subject=subject,
        few=FEW,
        origins={s.name: found for s in ranked if (found := origins(s))},
        styles=styles,
        verdicts=[(word.replace("_", " "), variable) for word, (_, variable) in VERDICTS.items()],
    )


def _parted(name: str) -> Markup:
    """A name that may go on in the next line after a mark between its words, and nowhere else while it fits."""
    return Markup(re.sub(r"([_/@-])(?=\w)", r"\1<wbr>", str(escape(name))))


def _scenes(
    result: BenchmarkResult,
    entries: Sequence[datasets.SequenceEntry],
    subject: str | None,
    styles: dict[str, Style],
    number: int,
) -> tuple[str, list[Scene]]:
    by_name = {entry.name: entry for entry in entries}
    if subject is None or not by_name:
        return "", []
    column, chosen = choose(result, subject)
    scenes = []
    for place, (name, why) in enumerate((name, why) for name, why in chosen if name in by_name):
        one = film(by_name[name], why, result.ranked, subject, styles)
        marks = [image.frame for image in one.images]
        curves = {tracker: thinned(values) for tracker, values in one.overlaps.items()}
        plot = overlap_plot(name, curves, styles, marks, number + place) if curves else None
        rows = []
        for scores in result.ranked:
            value = scores.sequences.get(name, {}).get(column.key) if column else None
            rows.append((scores.name, cell(value, column) if column and name in scores.sequences else "none"))
        signs = signs_plot(name, one.signs, styles, number + len(chosen) + place) if one.signs else None
        scenes.append(Scene(one, plot, signs, tuple(rows)))
    return (f"{column.head}, {column.meaning}" if column else ""), scenes
