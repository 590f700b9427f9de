"""A toy result with result files, and a page read as a browser would read it."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np

from drol_jax.datasets import Sequence, SequenceEntry
from drol_jax.eval.comparing import compared
from drol_jax.eval.means import result_of_judged
from drol_jax.eval.repeats import repeats
from drol_jax.eval.scorers import OpeScorer
from drol_jax.metrics.dialects import GOT10K, PYSOT
from drol_jax.report.result import BenchmarkResult
from drol_jax.results.formats import read_run
from drol_jax.results.layout import TrackerResults

NAMES = ("deer", "tiger", "boat", "car")
FRAMES = 30
GROUNDTRUTH = np.stack(
    [np.arange(FRAMES) + 10.0, np.full(FRAMES, 20.0), np.full(FRAMES, 24.0), np.full(FRAMES, 16.0)], 1
)
EVIL = "<script>alert('1')</script>&$x_1$"


def entry(name: str, *, images: bool = True) -> SequenceEntry:
    def render() -> np.ndarray:
        return np.full((60, 90, 3), 128, np.uint8)

    def opener() -> Sequence:
        frames = (render,) * FRAMES if images else tuple(Path(f"/nowhere/{name}/{i}.jpg") for i in range(FRAMES))
        return Sequence(name, frames, GROUNDTRUTH, ("OCC", "FM", EVIL)[: 1 + len(name) % 3], origin=1)

    return SequenceEntry(name, opener)


def results(folder: Path, tracker: str, shift: float, names: tuple[str, ...] = NAMES) -> TrackerResults:
    """Result files, each sequence farther off than the one before, from the middle on."""
    where = folder / tracker.replace("/", "_")
    where.mkdir()
    files = {}
    for number, name in enumerate(names):
        boxes = np.add(GROUNDTRUTH, (1, 1, 0, 0))
        boxes[FRAMES // 2 :, 0] += shift * (number + 1)
        files[name] = {1: where / f"s{number}.txt"}
        files[name][1].write_text("".join(",".join(map(str, row)) + "\n" for row in boxes))
    return TrackerResults(tracker, where, files)


def scored(trackers: list[TrackerResults], names: tuple[str, ...] = NAMES) -> BenchmarkResult:
    every = [OpeScorer(PYSOT), OpeScorer(GOT10K)]
    sequences = {name: entry(name).open() for name in names}
    judged = {
        (scorer.dialect, tracker.name): {
            name: scorer.judge(sequence, {1: read_run(tracker.files[name][1])}) for name, sequence in sequences.items()
        }
        for scorer in every
        for tracker in trackers
    }
    carried = {name: sequences[name].attributes for name in names}
    result = result_of_judged("Toy", every, judged, trackers, carried, [])
    return compared(result, repeats(result))


def toy_result(folder: Path) -> BenchmarkResult:
    """A tracker that is near the groundtruth and one that is far from it, in two dialects."""
    return scored([results(folder, "near", 1.0), results(folder, "far", 4.0)])


class Page(HTMLParser):
    """What a browser would see: elements, words, and tables as rows of cells under their titles."""

    VOID = ("meta", "line", "path", "use", "rect", "img", "br", "wbr")

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
        if not self.open or self.open[-1] in ("style", "script"):
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
