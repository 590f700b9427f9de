"""The page and the tables for papers of a result."""

from collections.abc import Sequence
from pathlib import Path

from drol_jax import datasets
from drol_jax.report.costs import with_costs
from drol_jax.report.result import BenchmarkResult


def write_report(
    result: BenchmarkResult, folder: Path, entries: Sequence[datasets.SequenceEntry], subject: str | None = None
) -> Path:
    """Write ``report.html``, ``tables.md`` and ``tables.tex``.

    Args:
      folder: exists.
      entries: of the dataset, for the images; as in `drol_jax.report.page.write_page`.
      subject: the tracker whose worst and best sequences are shown; None for the best one.

    Returns:
      The page.

    Raises:
      UserError: a file cannot be written.
    """
    from drol_jax.report.export import write_tables
    from drol_jax.report.page import write_page  # loads matplotlib, which takes a second

    wide = with_costs(result)
    write_tables(wide, folder)
    return write_page(wide, folder, entries, subject)
