"""`Coarse`: small pictures of a film, kept or made at once, to be shown until the right one is there."""

from pathlib import Path
from threading import Lock

import numpy as np

from drol_jax.studio.jpeg import jpeg
from drol_jax.video.keys import KeyFrames
from drol_jax.video.packets import Listing

WIDTH, QUALITY = 400, 60
"""Pixels and per cent of the pictures."""
ROOM = 64 * 2**20
"""Bytes of the pictures that are kept."""


class Coarse:
    """Small pictures by number of the frame. Calls may come from several threads."""

    def __init__(self, room: int = ROOM):
        """Begin with none."""
        self._room, self._held = room, 0
        self._pictures: dict[int, bytes] = {}
        self._keys: KeyFrames | None = None
        self._lock, self._opening, self._closed = Lock(), Lock(), False

    def put(self, number: int, image: np.ndarray) -> bool:
        """Keep a frame, uint8 RGB [H, W, 3], as a small picture. Returns whether there was room."""
        if number in self._pictures:
            return True
        if self._held > self._room:
            return False
        picture = jpeg(image, WIDTH, QUALITY)
        with self._lock:
            self._held += len(picture) - len(self._pictures.get(number, b""))
            self._pictures[number] = picture
        return True

    def at(self, number: int) -> bytes | None:
        """The picture of a frame; None where none is kept."""
        return self._pictures.get(number)

    def key(self, path: Path, listing: Listing, number: int) -> tuple[int, bytes] | None:
        """That of the last frame up to one that can be decoded by itself, with its number; made where none is kept.

        Raises:
          UserError: the file cannot be opened.
        """
        key = listing.key_before(number)
        if key is None:
            return None
        if (found := self.at(key)) is not None:
            return key, found
        image = self._reader(path, listing).picture(key)
        if image is None:
            return None
        self.put(key, image)
        return key, self.at(key) or jpeg(image, WIDTH, QUALITY)

    def close(self) -> None:
        """Let go of the file."""
        with self._opening:
            self._closed = True
            if self._keys is not None:
                self._keys.close()

    def _reader(self, path: Path, listing: Listing) -> KeyFrames:
        with self._opening:
            if self._keys is None:
                self._keys = KeyFrames(path, listing)
                if self._closed:
                    self._keys.close()
            return self._keys
