"""`Tracks`: a table of tracks in Python, as arrays, as pandas', as supervision's and as rerun's."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any, overload

import numpy as np

from drol_jax.errors import UserError
from drol_jax.system.names import hint
from drol_jax.system.optional import optional
from drol_jax.tracks import rle
from drol_jax.tracks.formats.layout import by_target, numbered
from drol_jax.tracks.recording import record
from drol_jax.tracks.table import Row, Video


@dataclass(frozen=True)
class Tracks(Sequence[Row]):
    """Rows of a video, in the order of frames: a sequence of `Row`, with its columns as arrays."""

    video: Video
    rows: Sequence[Row] = field(repr=False)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Row | Sequence[Row]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the targets, in the order of their first row."""
        return tuple(numbered(self.rows))

    @cached_property
    def frames(self) -> np.ndarray:
        """int64 [T]: numbers of the frames that have rows, ascending."""
        return np.unique(np.array([row.frame for row in self.rows], np.int64))

    def boxes(self, name: str) -> np.ndarray:
        """Boxes of a target.

        Returns:
          float64 [T, 4], (x, y, w, h) in pixels of the source, a row for each of `frames`; NaN where it is not seen.

        Raises:
          UserError: there is no such target.
        """
        return self._column(name, 4, lambda row: row.box)

    def confidence(self, name: str) -> np.ndarray:
        """Confidences of a target, float64 [T] in [0, 1]; NaN where it has no row.

        Raises:
          UserError: there is no such target.
        """
        return self._column(name, 1, lambda row: (row.confidence,))[:, 0]

    def to_pandas(self, *, load: Callable[[str], Any] = import_module) -> Any:
        """The table as a `pandas.DataFrame`: columns frame, time, name, x, y, w, h, confidence, state and overlap.

        NaN where there is no box; overlap holds tuples of names.

        Args:
          load: imports a module by its name.

        Raises:
          UserError: pandas is not installed.
        """
        pandas = optional("pandas", "pandas", load)
        boxes = np.array([row.box or (np.nan,) * 4 for row in self.rows], np.float64).reshape(-1, 4)
        columns: dict[str, object] = {"frame": np.array([row.frame for row in self.rows], np.int64)}
        columns["time"] = np.array([row.time for row in self.rows], np.float64)
        columns["name"] = [row.name for row in self.rows]
        columns |= dict(zip("xywh", boxes.T, strict=True))
        columns["confidence"] = np.array([row.confidence for row in self.rows], np.float64)
        columns["state"] = [row.state.value for row in self.rows]
        columns["overlap"] = [row.overlap for row in self.rows]
        return pandas.DataFrame(columns)

    def to_supervision(self, frame: int, *, load: Callable[[str], Any] = import_module) -> Any:
        """The boxes of a frame as `supervision.Detections`.

        `xyxy` is (x, y, x + w, y + h), `tracker_id` counts from 1 in the order of `names`, `class_id` is one less, and
        `data["class_name"]` holds the names. Masks are given where all its targets have one.

        Args:
          frame: from 0; one without boxes gives no detections.
          load: imports a module by its name.

        Raises:
          UserError: supervision is not installed.
        """
        supervision = optional("supervision", "'drol_jax[supervision]'", load)
        ids = numbered(self.rows)
        found = [(row, row.box) for row in self.rows if row.frame == frame and row.box is not None]
        numbers = np.array([ids[row.name] for row, _ in found], np.int64)
        corners = np.array([(x, y, x + w, y + h) for _, (x, y, w, h) in found], np.float64).reshape(-1, 4)
        masks = [rle.decode(row.mask, self.video.height, self.video.width) for row, _ in found if row.mask is not None]
        return supervision.Detections(
            xyxy=corners,
            mask=np.stack(masks) if masks and len(masks) == len(found) else None,
            confidence=np.array([row.confidence for row, _ in found], np.float64),
            class_id=numbers - 1,
            tracker_id=numbers,
            data={"class_name": np.array([row.name for row, _ in found], np.str_)},
        )

    def to_rerun(
        self,
        path: str | Path,
        images: Iterable[tuple[int, np.ndarray]] = (),
        *,
        load: Callable[[str], Any] = import_module,
    ) -> None:
        """Write a recording that `rerun PATH` shows: boxes and confidences over the frames.

        Args:
          path: of the .rrd file.
          images: (number, uint8 RGB [H, W, 3]) of the frames to lay under the boxes.
          load: imports a module by its name.

        Raises:
          UserError: rerun is not installed, or the file's folder is not there.
        """
        rerun = optional("rerun", "'drol_jax[rerun]'", load)
        if not Path(path).parent.is_dir():
            raise UserError(f"{path}: there is no folder {Path(path).parent}; make it first")
        record(rerun, Path(path), self.rows, images)

    @cached_property
    def _targets(self) -> dict[str, list[Row]]:
        return by_target(self.rows)

    def _column(self, name: str, width: int, values: Callable[[Row], Iterable[float] | None]) -> np.ndarray:
        """float64 [T, width]: what a target's rows hold; NaN where one holds nothing or there is none."""
        if name not in self._targets:
            known = ", ".join(map(repr, self.names)) or "none"
            raise UserError(f"there is no target {name!r}{hint(name, self.names, 0.5)}; the targets are {known}")
        column = np.full((len(self.frames), width), np.nan)
        for row in self._targets[name]:
            value = values(row)
            if value is not None:
                column[np.searchsorted(self.frames, row.frame)] = tuple(value)
        return column
