"""A stand-in for the package `trax`: what our server uses of it, and a client's side as a list of requests."""

from collections import namedtuple
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np

Request = namedtuple("Request", "type image objects properties")


class TraxException(Exception):
    pass


@dataclass
class Rectangle:
    box: tuple
    type = "rectangle"

    @classmethod
    def create(cls, *box):
        return cls(box)

    def bounds(self):
        return self.box


@dataclass
class Polygon:
    points: list
    type = "polygon"

    @classmethod
    def create(cls, points):
        assert all(isinstance(point, tuple) for point in points)
        return cls(points)

    def __iter__(self):
        return iter(self.points)


@dataclass
class FileImage:
    place: str

    def type(self):
        return "path"

    def path(self):
        return self.place


@dataclass
class MemoryImage:
    pixels: np.ndarray

    def type(self):
        return "memory"

    def array(self):
        return self.pixels


@dataclass
class FakeTrax:
    """The module. `asked` is what the client sends; `answers` and `left` what it gets."""

    asked: list = field(default_factory=list)
    refused: str | None = None
    """Why the server cannot be made."""
    broken: str | None = None
    """Why the connection ends after what was asked, in place of a quit."""
    greeted: dict | None = None
    answers: list = field(default_factory=list)
    left: list = field(default_factory=list)
    """Reasons of the server's quits."""

    Region = SimpleNamespace(RECTANGLE="rectangle", POLYGON="polygon")
    Image = SimpleNamespace(PATH="path", MEMORY="memory")
    TraxStatus = SimpleNamespace(QUIT="quit", INITIALIZE="initialize", FRAME="frame")
    TraxException = TraxException
    Rectangle = Rectangle
    Polygon = Polygon

    def Server(self, regions, images, **about):
        if self.refused:
            raise TraxException(self.refused)
        self.greeted = {"regions": regions, "images": images, **about}
        return self

    def wait(self) -> Request:
        if self.asked:
            return self.asked.pop(0)
        if self.broken:
            raise TraxException(self.broken)
        return Request("quit", None, None, {})

    def status(self, objects) -> None:
        assert isinstance(objects, list)
        self.answers.append(objects)

    def quit(self, reason=None) -> None:
        self.left.append(reason)


def initialize(image: Any, *regions: Any) -> Request:
    return Request("initialize", {"color": image}, [(region, {}) for region in regions], {})


def frame(image: Any, *regions: Any) -> Request:
    return Request("frame", {"color": image}, [(region, {}) for region in regions] or None, {})
