"""OTB2013, OTB50 and OTB100 as the benchmark's site unpacks them: ``<root>/<Sequence>/img`` + ``groundtruth_rect.txt``.

What belongs to which benchmark, which images count and the attributes are data: ``eval/otb.json``.
"""

import json
import re
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np

from drol_jax.datasets.sequence import Sequence, SequenceEntry
from drol_jax.errors import UserError
from drol_jax.resources import data_path

BENCHMARKS = ("OTB2013", "OTB50", "OTB100")
SITE = "cvlab.hanyang.ac.kr/tracker_benchmark"
ORIGIN = 1  # the site's annotations count the first pixel as 1
_FOLDERS_OF_A_ROOT = ("", "OTB", "OTB100", "OTB2015", "OTB-100")
_IMAGES = (".jpg", ".jpeg", ".png")


@dataclass(frozen=True)
class Definition:
    """One row of ``eval/otb.json``."""

    name: str
    """As PySOT writes it, e.g. "Jogging-1"."""
    folder: str
    target: int | None
    """Which of the folder's several targets; None where there is one."""
    first: int
    last: int
    """Numbers of the first and last image that count, both included."""
    annotated_from: int
    """Number of the image that the annotation file's first line belongs to in the site's archive."""
    attributes: tuple[str, ...]
    benchmarks: tuple[str, ...]

    def aliases(self) -> tuple[str, ...]:
        """Every spelling in use: got10k's dot, pytracking's underscore, vot-toolkit's nothing; lower case too."""
        if self.target is None:
            return (self.name,)
        numbered = tuple(f"{self.folder}{mark}{self.target}" for mark in ("-", "_", ".", ""))
        alone = (self.folder,) if self.folder == "Human4" else ()  # its other target has no annotations
        return numbered + alone


@cache
def definitions() -> tuple[Definition, ...]:
    """The 100 targets of OTB100, in alphabetical order."""
    table = json.loads((data_path("eval") / "otb.json").read_text(encoding="utf-8"))["sequences"]
    return tuple(
        Definition(
            name=name,
            folder=row.get("folder", name),
            target=row.get("target"),
            first=row["frames"][0],
            last=row["frames"][1],
            annotated_from=row.get("annotated_from", row["frames"][0]),
            attributes=tuple(row["attributes"].split()),
            benchmarks=tuple(row["in"].split()),
        )
        for name, row in table.items()
    )


def load_otb(root: Path, benchmark: str) -> list[SequenceEntry]:
    """List a benchmark's sequences; each is read when it is opened.

    Args:
      root: the folder that holds the sequence folders, or one that holds them in ``OTB`` or ``OTB100``.
      benchmark: "OTB2013" (51 targets), "OTB50" (50) or "OTB100" (100; also "OTB2015").

    Returns:
      One entry a target, alphabetical. Boxes of an opened sequence are 0-based, its origin is 1.

    Raises:
      UserError: an unknown benchmark, or no sequence folder of OTB anywhere under root.
    """
    benchmark = "OTB100" if benchmark == "OTB2015" else benchmark
    if benchmark not in BENCHMARKS:
        raise UserError(f"unknown OTB benchmark {benchmark!r}; choose one of {', '.join(BENCHMARKS)}")
    chosen = [row for row in definitions() if benchmark in row.benchmarks]
    base = _find_base(Path(root), {row.folder for row in chosen}, benchmark)
    return [SequenceEntry(row.name, partial(open_otb, base, row), row.attributes) for row in chosen]


def open_otb(base: Path, row: Definition) -> Sequence:
    """Read one sequence's annotations and list its frames.

    Raises:
      UserError: the folder, the annotation file or an image is missing; a line is not four numbers; lines and
        frames differ in number. One line that names the file.
    """
    folder = _child(base, row.folder)
    if folder is None:
        raise UserError(
            f"OTB sequence {row.name}: folder {base / row.folder} is missing; unpack {row.folder}.zip of {SITE} there"
        )
    frames = _frames(folder, row)
    path = _annotation_file(folder, row)
    boxes = read_boxes(path)
    lead = row.first - row.annotated_from
    if lead and len(boxes) == len(frames) + lead:
        boxes = boxes[lead:]
    if len(boxes) != len(frames):
        raise UserError(
            f"{path}: {len(boxes)} annotation lines, but {row.name} has {len(frames)} frames "
            f"(images {row.first} to {row.last}); unpack {row.folder}.zip of {SITE} again"
        )
    boxes[:, :2] -= ORIGIN
    try:
        return Sequence(row.name, frames, boxes, row.attributes, origin=ORIGIN)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def read_boxes(path: Path) -> np.ndarray:
    """Read a table of boxes: numbers parted by commas, tabs, semicolons or blanks; NaN is a number.

    A byte-order mark, Windows line ends, blank lines at the end and a comma after the last number are accepted.

    Returns:
      float64 [T, 4], as written (no origin subtracted).

    Raises:
      UserError: an unreadable or empty file, or a line that is not four numbers (names file and line).
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as text ({type(error).__name__}); unpack the sequence again") from None
    lines = text.rstrip().splitlines()
    if not lines:
        raise UserError(f"{path}: the annotation file is empty; unpack the sequence again")
    return np.array([_numbers(path, number, line) for number, line in enumerate(lines, 1)], np.float64)


def _numbers(path: Path, number: int, line: str) -> list[float]:
    fields = re.split(r"\s*[,;]\s*|\s+", line.strip().rstrip(",;").rstrip())
    try:
        values = [float(field) for field in fields]
    except ValueError:
        values = []
    if len(values) != 4:
        shown = line.strip()[:60]
        raise UserError(f"{path}, line {number}: {shown!r} is not four numbers x, y, w, h; mend or unpack it again")
    return values


def _find_base(root: Path, folders: set[str], benchmark: str) -> Path:
    if not root.is_dir():
        raise UserError(f"{benchmark}: folder {root} does not exist; {_how_to_get(root)}")
    bases = [root / sub for sub in _FOLDERS_OF_A_ROOT if (root / sub).is_dir()]
    held = [len(folders.intersection(_names(base))) for base in bases]
    if not any(held):
        raise UserError(
            f"{benchmark}: no sequence folder (such as {root / min(folders)}) in {root} or in its subfolder OTB or "
            f"OTB100; {_how_to_get(root)}"
        )
    return bases[int(np.argmax(held))]


def _how_to_get(root: Path) -> str:
    return (
        f"fetch the sequences from {SITE}, unpack each zip under one folder and name it with --data-root DIR "
        f"(looked for DIR/Basketball/img/0001.jpg with DIR = {root})"
    )


def _names(folder: Path) -> set[str]:
    """Names of the sub-folders, in the benchmark's spelling: copies in lower case are in circulation."""
    spelled = {row.folder.casefold(): row.folder for row in definitions()}
    return {spelled.get(p.name.casefold(), p.name) for p in folder.iterdir()}


def _child(folder: Path, name: str) -> Path | None:
    if (folder / name).is_dir():
        return folder / name
    return next((p for p in folder.iterdir() if p.name.casefold() == name.casefold() and p.is_dir()), None)


def _annotation_file(folder: Path, row: Definition) -> Path:
    marks = ("",) if row.target is None else (f".{row.target}",) + (("",) if row.folder == "Human4" else ())
    candidates = [folder / f"{stem}{mark}.txt" for mark in marks for stem in ("groundtruth_rect", "groundtruth")]
    for path in candidates:
        if path.is_file():
            return path
    raise UserError(
        f"OTB sequence {row.name}: {candidates[0]} is missing (nor is there {candidates[-1].name}); "
        f"unpack {row.folder}.zip of {SITE} again"
    )


def _frames(folder: Path, row: Definition) -> tuple[Path, ...]:
    images = folder / "img"
    if not images.is_dir():
        raise UserError(f"OTB sequence {row.name}: folder {images} is missing; unpack {row.folder}.zip of {SITE} again")
    found = sorted(p for p in images.iterdir() if p.suffix.lower() in _IMAGES and p.stem.isdecimal())
    by_number = {int(p.stem): p for p in found}
    numbers = range(row.first, row.last + 1)
    missing = [number for number in numbers if number not in by_number]
    if missing:
        width = len(found[0].stem) if found else 4
        example = images / f"{missing[0]:0{width}d}.jpg"
        raise UserError(
            f"{example}: image missing ({len(missing)} of the {len(numbers)} images {row.first} to {row.last} of "
            f"{row.name}); unpack {row.folder}.zip of {SITE} again"
        )
    return tuple(by_number[number] for number in numbers)
