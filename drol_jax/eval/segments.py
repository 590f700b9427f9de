"""Cutting sequences into the segments that protocols run, and putting what came of them together. Needs no jax."""

import numpy as np

from drol_jax import datasets
from drol_jax.image.shapes import Mask, Shape
from drol_jax.metrics.regions import FAILED, INITIALISED, UNKNOWN, Regions
from drol_jax.results.groundtruth import own_boxes
from drol_jax.results.runs import Timing, Tracked, Trajectory

ANCHOR_DISTANCE = 50


def segment_of(sequence: datasets.Sequence, order: np.ndarray, *, number: int = 1) -> datasets.Sequence:
    """Some frames of a sequence, in an order of their own, as a sequence: what the frame loop runs over.

    Args:
      order: int [L], frames; the box of the first is known.
      number: of the repetition, from 1.
    """
    name = sequence.name
    if number > 1 or order[0] > 0:
        backward = len(order) > 1 and order[1] < order[0]
        name += f", run {number} {'back ' if backward else ''}from frame {order[0]}"
    return datasets.Sequence(name, tuple(sequence.frames[i] for i in order), sequence.boxes[order])


def anchors(sequence: datasets.Sequence) -> np.ndarray:
    """Frames in which runs start: int8 [T], 1 forward, -1 backward, else 0.

    The benchmark's own. Where it has none, the first frame, the last and others evenly between them, about fifty apart;
    each runs towards the farther end. Frames of unknown groundtruth are none.
    """
    if sequence.anchors is not None:
        return sequence.anchors
    last = len(sequence) - 1
    places = np.unique(np.linspace(0, last, max(round(last / ANCHOR_DISTANCE), 1) + 1).round().astype(int))
    marks = np.zeros(len(sequence), np.int8)
    marks[places] = np.where(last - places >= places, 1, -1)
    marks[np.isnan(sequence.boxes[:, 0])] = 0
    return marks


def supervising(sequence: datasets.Sequence) -> Regions:
    """The groundtruth that failures are told by, in the benchmark's own origin. Boxes' corners lie on their outer
    pixels; other shapes count as their bounds."""
    x, y, w, h = own_boxes(sequence).T
    corners = np.stack([x, y, x, y + h - 1, x + w - 1, y + h - 1, x + w - 1, y], 1)
    if sequence.polygons is not None:
        corners = np.where(np.isnan(sequence.polygons), corners, sequence.polygons + sequence.origin)
    return Regions.from_polygons(corners)


def regions_of(reported: np.ndarray, origin: int) -> Regions:
    """What a tracker reports, boxes [n, 4] or polygons [n, 8], 0-based, in the origin of the benchmark's files."""
    if reported.shape[1] == 8:
        return Regions.from_polygons(reported + origin)
    return Regions.from_boxes(np.add(reported, (origin, origin, 0, 0)))


def together(
    sequence: datasets.Sequence, frames: int, parts: list[tuple[int, Trajectory]], failed: list[int]
) -> Tracked:
    """Trajectories, by the frame each starts in, as one run that holds codes where they start, fail or are not.

    Masks are reported where the tracker makes them and the groundtruth has them.
    """
    corners, boxes = np.full((frames, 4, 2), np.nan), np.full((frames, 4), np.nan)
    codes = np.full(frames, UNKNOWN, np.int8)
    scores, online = np.full(frames, np.nan, np.float32), np.full(frames, np.nan, np.float32)
    verdicts, templates = np.full(frames, -1, np.int8), np.zeros(frames, np.int8)
    confidences = np.full(frames, np.nan, np.float32)
    shapes: list[Shape | None] = [None] * frames
    masked = any(isinstance(shape, Mask) for shape in sequence.shapes or ())
    for start, part in parts:
        polygons, masks = (getattr(part, name, None) for name in ("polygons", "masks"))
        regions = regions_of(part.boxes if polygons is None else polygons, sequence.origin)
        if masked and masks is not None:
            regions = Regions.from_rows([mask.moved(sequence.origin) for mask in masks])
            shapes[start : start + len(masks)] = regions.shapes or [None] * len(masks)
        here = slice(start, start + len(part.boxes))
        corners[here], boxes[here], codes[here] = regions.corners, regions.boxes, regions.codes
        scores[here], online[here] = part.scores, part.online_scores
        verdicts[here], templates[here], confidences[here] = part.verdicts, part.templates, part.confidences
    coded = np.array([*failed, *(start for start, _ in parts)], int)
    corners[coded], boxes[coded] = np.nan, np.nan
    for frame in coded.tolist():
        shapes[frame] = None
    codes[failed] = FAILED
    codes[[start for start, _ in parts]] = INITIALISED
    return Tracked(
        regions=Regions(corners, boxes, codes, tuple(shapes) if any(s is not None for s in shapes) else None),
        scores=scores,
        online_scores=online,
        verdicts=verdicts,
        templates=templates,
        confidences=confidences,
        timing=Timing(
            sum(len(part.boxes) for _, part in parts),
            sum(part.seconds for _, part in parts),
            sum(part.compile_seconds for _, part in parts),
        ),
    )
