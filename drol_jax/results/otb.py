"""Results as OTB's own toolkits keep them: JSON of the Python toolkit, MATLAB files of the tracker benchmark.

Both hold a list of runs, of which one-pass evaluation has one: boxes (x, y, w, h) in ``res`` where the kind of result,
``resType`` or ``type``, is "rect". Other kinds (affine parameters, corners) need the tracker's own template to become
boxes, and are refused. Sources: jwlim/tracker_benchmark, the Visual Tracker Benchmark's ``perfPlot.m``.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from drol_jax.errors import UserError, reason
from drol_jax.system import reading

SUFFIXES = (".json", ".mat")


def read_otb(path: Path) -> tuple[np.ndarray, int | None]:
    """The boxes of a one-pass run, and where it begins.

    Returns:
      (float64 [T, 4], in the benchmark's own origin; the first one's image by its number in the sequence's folder, None
      where the file does not say).

    Raises:
      UserError: the file is unreadable, of another form, holds several runs or none of boxes.
    """
    runs = _json(path) if path.suffix.lower() == ".json" else _mat(path)
    single = [run for run in runs if str(run.get("evalType", "OPE")).upper() == "OPE"]
    if len(single) != 1:
        raise UserError(
            f"{path} holds {len(runs)} runs, {len(single)} of one pass; one alone is scored: give that file"
        )
    kind = str(single[0].get("resType", single[0].get("type", "rect")))
    if kind != "rect":
        raise UserError(f"{path} holds results of the kind {kind!r}, not boxes (rect); convert them to boxes x,y,w,h")
    try:
        boxes = np.array([[np.nan] * 4 if row is None else row for row in single[0]["res"]], np.float64)
    except (KeyError, TypeError, ValueError):
        boxes = np.empty(0)
    if boxes.shape[1:] != (4,):
        raise UserError(f"{path}: its res is no table of four numbers x,y,w,h; get the file again")
    return boxes, _whole(single[0].get("startFrame"))


def _whole(value: object) -> int | None:
    """A whole number as JSON or MATLAB holds it; None where it is none."""
    return int(value) if isinstance(value, int | float | np.number) and float(value).is_integer() else None


def _json(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        content = reading.document(path)
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read result file {path} as JSON: {reason(error)}; get it again") from error
    runs = content if isinstance(content, list) else [content]
    if not runs or not all(isinstance(run, dict) and "res" in run for run in runs):
        raise UserError(f"{path} is no result of OTB's Python toolkit, [{{'res': ...}}]; give boxes as text")
    return runs


def _mat(path: Path) -> Sequence[Mapping[str, Any]]:
    from scipy.io import loadmat  # takes a while, and few results are MATLAB's

    try:
        content = loadmat(path, struct_as_record=False, squeeze_me=True)
    except NotImplementedError as error:
        raise UserError(f"{path} is of MATLAB's version 7.3, which is not read; save it again with -v7") from error
    except Exception as error:  # of a file that is none of MATLAB's, scipy's reader raises whatever happens to it
        raise UserError(f"cannot read result file {path} as MATLAB's: {reason(error)}; get it again") from error
    runs = [vars(run) for run in np.atleast_1d(content.get("results", [])) if hasattr(run, "res")]
    if not runs:
        raise UserError(f"{path} is no result of the tracker benchmark, it lacks results{{1}}.res; give boxes as text")
    return runs
