"""A table of tracks as the tracks of a CVAT task, and their upload (cvat-sdk 2.80)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from drol_jax.errors import UserError
from drol_jax.system.names import hint
from drol_jax.tracks.formats.layout import by_target, seen, tidy
from drol_jax.tracks.table import Row, TargetState, Video


@dataclass(frozen=True, kw_only=True)
class TaskVideo:
    """What a task has of its video."""

    size: int
    """Frames of the task."""
    start: int
    """Number in the video of the task's first frame."""
    step: int
    """Frames of the video from one of the task's to the next."""
    width: int
    height: int
    """Pixels."""

    @classmethod
    def of(cls, meta: Any) -> "TaskVideo":
        """From what the server tells (`cvat_sdk.models.DataMetaRead`).

        Raises:
          UserError: the task has no frames yet.
        """
        if not meta.size or not meta.frames:
            raise UserError("the task has no frames; upload its video first")
        step = re.fullmatch(r"step=(\d+)", meta.frame_filter or "")
        first = meta.frames[0]
        return cls(
            size=int(meta.size),
            start=int(meta.start_frame),
            step=int(step[1]) if step else 1,
            width=int(first.width),
            height=int(first.height),
        )


def tracks_of(video: Video, rows: Sequence[Row], task: TaskVideo, labels: Mapping[str, int]) -> list[dict[str, Any]]:
    """The tracks of a task: `LabeledTrackRequest` as plain values, one a target that is seen in its frames.

    Every tracked frame is a keyframe; where a target is lost a shape with `outside` follows its last box. Corners are
    pixels with 2 decimals, 0-based, x2 = x + w; frames are the task's own, from 0.

    Args:
      labels: number of the label of each target, by the target's name.

    Raises:
      UserError: the task's frames have another size than the video's, or none of them was tracked.
    """
    sizes = [f"{one.width} x {one.height}" for one in (video, task)]
    if sizes[0] != sizes[1]:
        raise UserError(f"the tracks are of a video of {sizes[0]} pixels, the task's frames have {sizes[1]}")
    inside = [
        replace(row, frame=at)
        for row in rows
        if (row.frame - task.start) % task.step == 0 and 0 <= (at := (row.frame - task.start) // task.step) < task.size
    ]
    if not any(row.box is not None for row in inside):
        raise UserError(
            f"no target is seen in the task's frames, which are {task.size} from frame {task.start} of the video on, "
            f"one in {task.step}"
        )
    tracks = []
    for name, found in by_target(inside).items():
        shapes = []
        for row, ends in seen(found):
            shapes.append(_shape(row, row.frame, outside=False))
            if ends and row.frame + 1 < task.size:
                shapes.append(_shape(row, row.frame + 1, outside=True))
        if shapes:
            first = shapes[0]["frame"]
            tracks.append({"frame": first, "label_id": labels[name], "group": 0, "source": "auto", "shapes": shapes})
    return tracks


def labels_of(names: Sequence[str], known: Mapping[str, int], label: str | None) -> dict[str, int]:
    """The label of each target: the one asked for, else the one of its name.

    Args:
      known: numbers of the task's labels, by name.

    Raises:
      UserError: the task has no such label.
    """
    wanted = {name: name if label is None else label for name in names}
    for name in wanted.values():
        if name not in known:
            there = ", ".join(map(repr, known)) or "none"
            raise UserError(
                f"the task has no label {name!r}{hint(name, known, 0.6)}, it has {there}; add it there, or give all "
                "targets one of them with --label"
            )
    return {name: known[wanted[name]] for name in names}


def _shape(row: Row, frame: int, *, outside: bool) -> dict[str, Any]:
    x, y, w, h = row.box or (0.0, 0.0, 0.0, 0.0)
    return {
        "type": "rectangle",
        "frame": frame,
        "points": [tidy(value, 2) for value in (x, y, x + w, y + h)],
        "outside": outside,
        "occluded": row.state is TargetState.OCCLUDED,
        "z_order": 0,
        "rotation": 0.0,
        "attributes": [],
    }


def push(task: Any, video: Video, rows: Sequence[Row], label: str | None, sdk: Any) -> list[dict[str, Any]]:
    """Add the tracks to a task; what is annotated there stays.

    Args:
      task: from `client.tasks.retrieve`.
      label: of all targets; None takes each target's name.
      sdk: the module `cvat_sdk`, with `models`.

    Returns:
      The tracks that were added.

    Raises:
      UserError: as `labels_of` and `tracks_of`.
    """
    known = {one.name: one.id for one in task.get_labels()}
    names = list(by_target(rows))
    tracks = tracks_of(video, rows, TaskVideo.of(task.get_meta()), labels_of(names, known, label))
    models = sdk.models
    made = [
        models.LabeledTrackRequest(
            **{**one, "shapes": [_request(models, shape) for shape in one["shapes"]]}, attributes=[]
        )
        for one in tracks
    ]
    data = models.PatchedLabeledDataRequest(tags=[], shapes=[], tracks=made)
    # "update", which the SDK takes by itself, is for annotations that have numbers already.
    task.update_annotations(data, action=sdk.core.proxies.annotations.AnnotationUpdateAction.CREATE)
    return tracks


def _request(models: Any, shape: dict[str, Any]) -> Any:
    return models.TrackedShapeRequest(**{**shape, "type": models.ShapeType(shape["type"])})
