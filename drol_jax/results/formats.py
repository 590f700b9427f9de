"""The result files of the field's toolkits, written as each writes its own.

| format | file, below the tracker's folder | a line | times |
| --- | --- | --- | --- |
| `pysot` | `SEQ.txt` | `x,y,w,h`, 4 decimals | |
| `pysot-longterm` | `longterm/SEQ/SEQ_001.txt`, `.._confidence.value` | a code, then boxes | `SEQ_time.txt` |
| `got10k` | `SEQ.txt` | 3 decimals | `times/SEQ_time.txt` |
| `got10k-test` | `SEQ/SEQ_001.txt` | 3 decimals | `SEQ/SEQ_time.txt`, a column a repetition |
| `pytracking` | `SEQ.txt` | tabs, truncated to integers | `SEQ_time.txt` |
| `trackingnet` | `SEQ.txt` | 2 decimals | |
| `lasot`, `visdrone` | `SEQ.txt` | 4 decimals | |
| `videocube` | `result/TRACKER_SEQ.txt`, `result/init_TRACKER_SEQ.txt` | whole numbers | `time/TRACKER_SEQ.txt` |
| `r-ope` | `SEQ.txt`, `init_SEQ.txt` | 4 decimals | |
| `vot` | `baseline/SEQ/SEQ_001.txt` (or `.bin`) | code, box or polygon | `SEQ_001_time.value` |
| `vot-multistart` | `baseline/SEQ/SEQ_00000050.txt`, the anchor's frame | the same | `SEQ_00000050_time.value` |

PySOT's VOT files are the same as `vot`'s. Reading needs no format: `layout` finds the files, any of the usual
separators separate, and OTB's own toolkits' files are read too (`otb`).
"""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.metrics.regions import Regions
from drol_jax.results import otb
from drol_jax.results.numbers import read_table, read_values
from drol_jax.results.regions import read_regions, write_regions
from drol_jax.results.runs import Run
from drol_jax.system.atomic import write_text


@dataclass(frozen=True, kw_only=True)
class Format:
    """A toolkit's place for a sequence's boxes, and its spelling of them."""

    path: str
    """Path below the tracker's folder; {seq}, {run} (from 1) and {tracker} are filled in."""
    decimals: int | None = 4
    """Digits after the point; None: truncated towards zero to integers."""
    separator: str = ","
    times: str | None = None
    """File of seconds a frame; None where the toolkit keeps none."""
    time_decimals: int = 8
    confidence: str | None = None
    """File of confidences; a format with them holds a code in the first frame."""
    starts: str | None = None
    """File of the frames in which the tracker was started again, a line each."""
    regions: bool = False
    """Lines are codes, boxes or polygons."""

    @property
    def shared_times(self) -> bool:
        """One file of times holds those of all repetitions."""
        return self.times is not None and "{run" in self.path and "{run" not in self.times


STARTS = "init_"
"""What stands before a box file's name where VideoCube's toolkit notes in which frames a tracker was started again."""
_VOT = "{experiment}/{seq}/{seq}_{run:03d}"
_ANCHOR = "{experiment}/{seq}/{seq}_{run:08d}"
FORMATS = {
    "pysot": Format(path="{seq}.txt"),
    "pysot-longterm": Format(
        path="longterm/{seq}/{seq}_{run:03d}.txt",
        times="longterm/{seq}/{seq}_time.txt",
        time_decimals=6,
        confidence="longterm/{seq}/{seq}_{run:03d}_confidence.value",
        regions=True,
    ),
    "got10k": Format(path="{seq}.txt", decimals=3, times="times/{seq}_time.txt"),
    "got10k-test": Format(path="{seq}/{seq}_{run:03d}.txt", decimals=3, times="{seq}/{seq}_time.txt"),
    "pytracking": Format(path="{seq}.txt", decimals=None, separator="\t", times="{seq}_time.txt", time_decimals=6),
    "trackingnet": Format(path="{seq}.txt", decimals=2),
    "lasot": Format(path="{seq}.txt"),
    "visdrone": Format(path="{seq}.txt"),
    "videocube": Format(
        path="result/{tracker}_{seq}.txt",
        decimals=0,
        times="time/{tracker}_{seq}.txt",
        starts="result/init_{tracker}_{seq}.txt",
    ),
    "r-ope": Format(path="{seq}.txt", starts=STARTS + "{seq}.txt"),
    "vot-multistart": Format(path=_ANCHOR + ".txt", times=_ANCHOR + "_time.value", regions=True),
    "vot": Format(path=_VOT + ".txt", times=_VOT + "_time.value", confidence=_VOT + "_confidence.value", regions=True),
}


def read_run(path: Path, *, regions: bool = False) -> Run:
    """Read a box file of any of these formats, with the times and confidences that lie where a toolkit puts them.

    Args:
      regions: lines may be codes, boxes or polygons, as in VOT's files; otherwise each is a box.

    Raises:
      UserError: a file is unreadable or holds something else.
    """
    first = None
    if path.suffix.lower() in otb.SUFFIXES:
        boxes, first = otb.read_otb(path)
        read = Regions.from_boxes(boxes)
    elif regions or path.suffix == ".bin":
        read = read_regions(path)
    else:
        read = Regions.from_boxes(read_table(path, 4, "x,y,w,h"))
    stem, folder = path.stem, path.parent
    confidence = (folder / f"{stem}_confidence.value", folder / f"{stem}_object_presence_scores.txt")
    return Run(
        read, times=read_times(path), confidence=_first_values(confidence), first=first, starts=_starts_beside(path)
    )


def read_times(path: Path) -> np.ndarray | None:
    """Seconds a frame [T] that lie where a toolkit puts them for a box file; None where there are none.

    Raises:
      UserError: the file is unreadable or holds something else.
    """
    stem, folder = path.stem, path.parent
    times = (folder / "times" / f"{stem}_time.txt", folder / f"{stem}_time.txt", folder / f"{stem}_time.value")
    if folder.name == "result":
        times = (*times, folder.parent / "time" / path.name)
    repetition = re.fullmatch(r"(.+)_(\d{3})", stem)
    column = 0
    if repetition and not any(path.is_file() for path in times):
        # One file for all repetitions, with a column for each.
        times, column = (folder / f"{repetition[1]}_time.txt",), int(repetition[2]) - 1
    return _first_values(times, column)


def _starts_beside(path: Path) -> np.ndarray | None:
    """Frames in which the tracker was started again, int64 [N], as a file beside tells; None where there is none.

    Raises:
      UserError: the file is unreadable or holds something else.
    """
    beside = path.with_name(STARTS + path.name)
    if not beside.is_file():
        return None
    values = read_values(beside) if beside.stat().st_size else np.zeros(0)
    if (np.isnan(values) | (values % 1 != 0)).any():
        raise UserError(f"{beside}: holds something else than numbers of frames, a line each; track it again")
    return values.astype(np.int64)


def _first_values(paths: tuple[Path, ...], column: int = 0) -> np.ndarray | None:
    return next((read_values(path, column) for path in paths if path.is_file()), None)


def write_run(
    folder: Path,
    sequence: str,
    run: Run,
    form: str = "pysot",
    *,
    number: int = 1,
    experiment: str = "baseline",
    tracker: str = "tracker",
) -> Path:
    """Write one run in a toolkit's format; folders are made as needed.

    Args:
      folder: the tracker's.
      form: one of FORMATS.
      number: of the repetition, from 1; of the anchor's frame, from 0.
      experiment: VOT's; other formats ignore it.
      tracker: its name, which stands in VideoCube's names.

    Returns:
      The box file's path.

    Raises:
      UserError: no such format; codes or polygons in a format of boxes; a file cannot be written.
    """
    if form not in FORMATS:
        raise UserError(f"unknown result format {form!r}; choose one of {', '.join(FORMATS)}")
    chosen = FORMATS[form]
    names = {"seq": sequence, "run": number, "experiment": experiment, "tracker": tracker}
    path = _made(folder / chosen.path.format(**names))
    if chosen.confidence is not None and run.confidence is not None:
        values = ("" if np.isnan(value) else f"{value:.6f}" for value in run.confidence)
        write_text(_made(folder / chosen.confidence.format(**names)), "".join(value + "\n" for value in values))
    if chosen.times is not None and run.times is not None:
        _write_times(_made(folder / chosen.times.format(**names)), run.times, chosen, number)
    if chosen.starts is not None and run.starts is not None:
        write_text(_made(folder / chosen.starts.format(**names)), "".join(f"{frame}\n" for frame in run.starts))
    if chosen.regions:
        write_regions(path, run.regions)
    else:
        write_text(path, spelled(run.regions, form, sequence))
    return path


def spelled(regions: Regions, form: str, sequence: str) -> str:
    """The text of a box file.

    Raises:
      UserError: a frame holds no box.
    """
    chosen = FORMATS[form]
    if not regions.is_box.all():
        frame = int(np.argmin(regions.is_box))
        raise UserError(
            f"{sequence}: frame {frame} (counted from 0) holds no box, and the format {form} has no word for that; "
            "choose the format vot"
        )
    if chosen.decimals is None:
        rows = np.trunc(regions.boxes).astype(np.int64).astype(str)
    else:
        # Rounding first, then adding zero, keeps "-0.0000" out of the file.
        rounded = np.round(regions.boxes, chosen.decimals) + 0.0
        rows = [[f"{value:.{chosen.decimals}f}" for value in row] for row in rounded]
    return "".join(chosen.separator.join(row) + "\n" for row in rows)


def _write_times(path: Path, times: np.ndarray, form: Format, number: int) -> None:
    words = [f"{value:.{form.time_decimals}f}" for value in times]
    earlier: list[list[str]] = [[] for _ in words]
    if form.shared_times and path.exists() and any(path.parent.glob("*_[0-9][0-9][0-9].txt")):
        # A column a repetition, in whatever order they end; zero for those that are to come.
        if len(read_values(path)) == len(words):
            earlier = [line.split(",") for line in path.read_text(encoding="utf-8").splitlines()]
        elif number > 1:
            raise UserError(f"{path} holds the times of another number of frames; delete it and write all runs again")
    if form.shared_times:
        nothing = f"{0:.{form.time_decimals}f}"
        padded = [row + [nothing] * (number - len(row)) for row in earlier]
        words = [",".join([*row[: number - 1], word, *row[number:]]) for row, word in zip(padded, words, strict=True)]
    write_text(path, "".join(word + "\n" for word in words))


def _made(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make folder {path.parent}: {reason(error)}; choose another") from error
    return path
