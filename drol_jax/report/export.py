"""A result's tables for papers and notes: ``tables.md`` (Markdown) and ``tables.tex`` (LaTeX, booktabs)."""

from dataclasses import replace
from pathlib import Path

from drol_jax.report import page_tables
from drol_jax.report.page_tables import Grid
from drol_jax.report.result import BenchmarkResult
from drol_jax.system.atomic import write_text

_LATEX = str.maketrans(
    {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {letter: "\\" + letter for letter in "&%$#_{}"}
    | {"±": r"$\pm$", "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
)


def write_tables(result: BenchmarkResult, folder: Path) -> None:
    """Write the ranking, the other dialects and the attributes; the best of each column, or row, stands out.

    Args:
      folder: exists.

    Raises:
      UserError: a file cannot be written.
    """
    first = replace(page_tables.ranking(result), title=f"{result.dataset}, dialect {result.dialect}")
    grids = [first, *page_tables.by_dialect(result), *page_tables.by_attribute(result)]
    write_text(folder / "tables.md", "\n".join(map(markdown, grids)))
    write_text(folder / "tables.tex", "\n".join(map(latex, grids)))


def markdown(grid: Grid) -> str:
    """A table as GitHub reads it."""
    lines = [f"**{_mark(grid.title)}**", "", _row(grid.head), "| --- |" + " ---: |" * (len(grid.head) - 1)]
    for name, cells in grid.rows:
        lines.append(_row([name, *(f"**{one.text}**" if one.best else one.text for one in cells)], plain=1))
    return "\n".join([*lines, ""])


def latex(grid: Grid) -> str:
    """A table that needs ``\\usepackage{booktabs}``."""
    lines = [f"% {grid.title}", rf"\begin{{tabular}}{{l{'r' * (len(grid.head) - 1)}}}", r"\toprule"]
    lines += [" & ".join(word.translate(_LATEX) for word in grid.head) + r" \\", r"\midrule"]
    for name, cells in grid.rows:
        words = ((one.text.translate(_LATEX), one.best) for one in cells)
        numbers = (rf"\textbf{{{word}}}" if best else word for word, best in words)
        lines.append(" & ".join([name.translate(_LATEX), *numbers]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _row(words: list[str] | tuple[str, ...], plain: int | None = None) -> str:
    """A line; the first `plain` words, or all, are names, whose marks must not be read as Markdown."""
    names = len(words) if plain is None else plain
    return "| " + " | ".join([*map(_mark, words[:names]), *words[names:]]) + " |"


def _mark(word: str) -> str:
    for letter in "\\`*_<>[]|":
        word = word.replace(letter, "\\" + letter)
    return word
