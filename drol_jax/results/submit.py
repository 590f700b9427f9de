"""Zip files as the evaluation servers want them, checked before they are written: servers reject without a word.

| benchmark | in the zip | a line |
| --- | --- | --- |
| TrackingNet | `SEQ.txt` | 2 decimals |
| GOT-10k | `SEQ/SEQ_001.txt` ..., `SEQ/SEQ_time.txt` | 3 decimals; seconds, a column a repetition |
| LaSOT, VisDrone-SOT | `SEQ.txt` | 4 decimals |
| VideoCube | `result/TRACKER_SEQ.txt`, `time/TRACKER_SEQ.txt` | whole numbers; seconds |
| OxUvA | `VIDEO_OBJECT.csv` | presence, and corners in shares of the image |
| VOT | `EXPERIMENT/SEQ/SEQ_001.txt`, `.._time.value`, `.._confidence.value`, `manifest.yml` | code, box or polygon |
"""

import io
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from drol_jax.datasets.sequence import Sequence as Track
from drol_jax.errors import UserError, reason
from drol_jax.results.formats import FORMATS, write_run
from drol_jax.results.oxuva import spelled
from drol_jax.results.runs import Run
from drol_jax.system.atomic import write_bytes, write_text

BENCHMARKS = {"TrackingNet": "trackingnet", "GOT-10k": "got10k-test", "LaSOT": "lasot", "VOT": "vot"}
BENCHMARKS |= {"VisDrone-SOT": "visdrone", "VideoCube": "videocube", "OxUvA": "oxuva"}
"""Formats by benchmark."""
_FAMILIES = ("vot", "got10k", "visdronesot", "videocube", "oxuva")
"""Benchmarks of several parts, by how their names begin."""

_DATE = (1980, 1, 1, 0, 0, 0)  # the same results make the same bytes


def write_submission(
    path: Path,
    benchmark: str,
    results: Mapping[str, Sequence[Run]],
    frames: Mapping[str, int],
    *,
    experiment: str = "baseline",
    manifest: Mapping[str, Any] | None = None,
    opened: Callable[[str], Track] | None = None,
) -> Path:
    """Write a benchmark's submission.

    Args:
      path: the zip file; its folder exists.
      benchmark: one of BENCHMARKS or one of its parts, in any case; "VOT2022" is VOT, "GOT-10k-test" GOT-10k.
      results: by sequence name the repetitions, at least one; all but VOT's and GOT-10k's have one.
      frames: by sequence name how many frames the benchmark has; says what has to be there.
      experiment: VOT's folder.
      manifest: what VOT's ``manifest.yml`` says beside the experiment: tracker, toolkit, stack. VideoCube's names tell
        the tracker too.
      opened: the benchmark's sequence of a name, whose numbers and size OxUvA's files tell.

    Returns:
      The path.

    Raises:
      UserError: an unknown benchmark; a sequence is missing, unknown or of another length; a frame holds what the
        format cannot say; GOT-10k's times are missing; the file cannot be written.
    """
    form = form_of(benchmark)
    _check(results, frames, benchmark)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            for sequence in frames:
                runs = results[sequence]
                if form == "got10k-test" and any(run.times is None for run in runs):
                    raise UserError(f"{sequence} has no times a frame, which GOT-10k's server asks for; track it again")
                if (form == "oxuva" or "{run" not in FORMATS[form].path) and len(runs) > 1:
                    raise UserError(
                        f"{sequence} has {len(runs)} repetitions, of which {benchmark} takes one; choose it"
                    )
                if form == "oxuva" and opened is not None:
                    write_text(folder / f"{sequence}.csv", spelled(opened(sequence), runs[0].regions))
                    continue
                tracker = str((manifest or {}).get("tracker", "tracker"))
                for number, run in enumerate(runs, 1):
                    write_run(folder, sequence, run, form, number=number, experiment=experiment, tracker=tracker)
            if form == "vot":
                content = {"experiment": experiment, "sequences": len(frames), **(manifest or {})}
                (folder / "manifest.yml").write_text(yaml.safe_dump(content, sort_keys=True), encoding="utf-8")
            write_bytes(path, _zipped(folder))
    except OSError as error:
        told = f"cannot write temporary files: {reason(error)}; free space, or name another folder by TMPDIR"
        raise UserError(told) from error
    return path


def takes(benchmark: str) -> bool:
    """Whether the form of the benchmark's submissions is known."""
    try:
        return bool(form_of(benchmark))
    except UserError:
        return False


def form_of(benchmark: str) -> str:
    """The form of the benchmark's submissions, one of `FORMATS` or oxuva.

    Raises:
      UserError: it takes none that are known.
    """
    folded = benchmark.casefold().replace("-", "")
    for name, form in BENCHMARKS.items():
        known = name.casefold().replace("-", "")
        if folded == known or (known in _FAMILIES and folded.startswith(known)):
            return form
    raise UserError(f"{benchmark} takes no submissions that are known here; choose one of {', '.join(BENCHMARKS)}")


def check_complete(benchmark: str, results: Mapping[str, Sequence[Run]], names: Sequence[str]) -> None:
    """Raise a UserError where a sequence has no result."""
    missing = [name for name in names if not results.get(name)]
    if missing:
        words = f"{len(missing)} of {len(names)} sequences of {benchmark} have no result: {_some(missing)}"
        raise UserError(f"{words}; track them first")


def _check(results: Mapping[str, Sequence[Run]], frames: Mapping[str, int], benchmark: str) -> None:
    check_complete(benchmark, results, list(frames))
    unknown = [name for name in results if name not in frames]
    if unknown:
        raise UserError(f"{benchmark} has no sequences {_some(unknown)}; leave them out or check the names")
    for name, count in frames.items():
        for run in results[name]:
            if len(run.regions) != count:
                raise UserError(f"{name}: {len(run.regions)} boxes for {count} frames; track it again")


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _DATE)
                info.compress_type = zipfile.ZIP_DEFLATED
                archive.writestr(info, path.read_bytes())
    return content.getvalue()
