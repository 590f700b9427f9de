"""Start boxes in COCO JSON: the first box of each track; where there are no tracks, the boxes of the first image.

A track is what shares a `track_id` or `instance_id`, also among `attributes`. An image's frame is its `frame_id`, else
the place of its file among the video's, else its place among all images in the order of their file names. Names come
from `tracks`, else from the category.
"""

from pathlib import PurePath
from typing import Any

from drol_jax.errors import UserError
from drol_jax.tracks.starts.fields import box_of, field, integer, objects, parsed
from drol_jax.tracks.starts.start import Kind, Source, Start, distinct, same_size
from drol_jax.tracks.table import Video

TOP = "COCO"


def _recognises(text: str) -> bool:
    content = parsed(text)
    return isinstance(content, dict) and "annotations" in content and "images" in content


def _read(source: Source) -> list[Start]:
    content = parsed(source.text)
    frames = _frames(objects(TOP, content, "images"), source.video)
    found = []
    for annotation in objects(TOP, content, "annotations"):
        where = f"annotation {annotation.get('id')!r}"
        image = _key(field(where, annotation, "image_id"))
        if image not in frames:
            raise UserError(f"{where}: there is no image with the id {image!r}; export it again")
        start = Start(frames[image], None, box_of(where, field(where, annotation, "bbox")), where)
        found.append((start, annotation))
    found.sort(key=lambda pair: pair[0].frame)
    tracks: dict[Any, tuple[Start, dict[str, Any]]] = {}
    for start, annotation in found:
        track = _track(annotation)
        if track is not None:
            tracks.setdefault(track, (start, annotation))
    if not tracks:
        tracks = {number: pair for number, pair in enumerate(found) if pair[0].frame == found[0][0].frame}
    labels = _labels(content, tracks)
    return [
        Start(start.frame, name, start.box, start.where)
        for (start, _), name in zip(tracks.values(), labels, strict=True)
    ]


def _frames(images: list[dict[str, Any]], video: Video) -> dict[Any, int]:
    """Frames of images, by id."""
    places = {PurePath(name).name: place for place, name in enumerate(video.images)}
    order = {name: place for place, name in enumerate(sorted(str(image.get("file_name")) for image in images))}
    frames = {}
    for image in images:
        where = f"image {image.get('id')!r}"
        if "width" in image and "height" in image:
            same_size(where, image["width"], image["height"], video)
        name = str(image.get("file_name"))
        if image.get("frame_id") is not None:
            frame = integer(where, "frame_id", image["frame_id"])
        else:
            frame = places.get(PurePath(name).name, order[name])
        frames[_key(field(where, image, "id"))] = frame
    return frames


def _track(annotation: dict[str, Any]) -> Any:
    attributes = annotation.get("attributes")
    for holder in (annotation, attributes if isinstance(attributes, dict) else {}):
        for key in ("track_id", "instance_id"):
            if holder.get(key) is not None:
                return _key(holder[key])
    return None


def _labels(content: Any, tracks: dict[Any, tuple[Start, dict[str, Any]]]) -> list[str | None]:
    """Names of the tracks, in their order."""
    categories, own = (
        {_key(entry.get("id")): entry.get("name") for entry in _listed(content, key)}
        for key in ("categories", "tracks")
    )
    labels = [own.get(track) or categories.get(_key(a.get("category_id"))) for track, (_, a) in tracks.items()]
    if all(isinstance(label, str) and label for label in labels):
        return [*distinct([str(label) for label in labels])]
    return [None] * len(labels)


def _listed(content: Any, key: str) -> list[dict[str, Any]]:
    return objects(TOP, content, key) if key in content else []


def _key(value: Any) -> int | str:
    """An id that can be looked up."""
    return value if isinstance(value, int | str) else str(value)


KIND = Kind("COCO", _recognises, _read)
