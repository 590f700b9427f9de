"""Start boxes in CVAT's XML: the first visible box of each track; of images, the boxes of the first that has any.

Names come from the labels. The frame of an image is its place among the video's files, else its id.
"""

from pathlib import PurePath
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from drol_jax.errors import UserError
from drol_jax.tracks.starts.cells import number, whole
from drol_jax.tracks.starts.start import Box, Kind, Source, Start, distinct, same_size

CURE = "export it again as CVAT XML 1.1"


def _recognises(text: str) -> bool:
    return text.lstrip().startswith("<")


def _read(source: Source) -> list[Start]:
    try:
        root = ElementTree.fromstring(source.text)
    except ElementTree.ParseError as error:
        raise UserError(f"line {error.position[0]}: no XML ({error}); {CURE}") from None
    if root.tag != "annotations":
        raise UserError(f"line 1: the XML begins with <{root.tag}>, wanted <annotations>; {CURE}")
    size = root.find(".//meta//original_size")
    if size is not None:
        width, height = (whole("meta", name, size.findtext(name, "")) for name in ("width", "height"))
        same_size("meta", width, height, source.video)
    found = _of_tracks(root) or _of_images(root, source)
    names = distinct([label for _, label in found])
    return [Start(start.frame, name, start.box, start.where) for (start, _), name in zip(found, names, strict=True)]


def _of_tracks(root: Element) -> list[tuple[Start, str]]:
    found = []
    for track in root.iter("track"):
        where = f"track {track.get('id')}"
        boxes = [box for box in track.iter("box") if box.get("outside") != "1"]
        starts = [
            Start(whole(where, "frame", _told(where, box, "frame")), None, _box(where, box), where) for box in boxes
        ]
        if starts:
            found.append((min(starts, key=lambda start: start.frame), _told(where, track, "label")))
    return found


def _of_images(root: Element, source: Source) -> list[tuple[Start, str]]:
    places = {PurePath(name).name: place for place, name in enumerate(source.video.images)}
    found = []
    for image in root.iter("image"):
        where = f"image {image.get('id')}"
        width, height = (whole(where, name, _told(where, image, name)) for name in ("width", "height"))
        same_size(where, width, height, source.video)
        number_told = whole(where, "id", _told(where, image, "id"))
        frame = places.get(PurePath(image.get("name", "")).name, number_told)
        found += [
            (Start(frame, None, _box(where, box), where), _told(where, box, "label")) for box in image.iter("box")
        ]
    least = min((start.frame for start, _ in found), default=0)
    return [pair for pair in found if pair[0].frame == least]


def _box(where: str, box: Element) -> Box:
    if number(where, "rotation", box.get("rotation", "0")):
        raise UserError(f"{where}: the box is rotated by {box.get('rotation')} degrees; draw an upright one")
    left, top, right, bottom = (number(where, key, _told(where, box, key)) for key in ("xtl", "ytl", "xbr", "ybr"))
    return left, top, right - left, bottom - top


def _told(where: str, element: Element, key: str) -> str:
    value = element.get(key)
    if value is None:
        raise UserError(f"{where}: <{element.tag}> has no {key}; {CURE}")
    return value


KIND = Kind("CVAT", _recognises, _read)
