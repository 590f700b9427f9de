"""The formats that tracks are written in, by the name that `--save` knows them by.

Streams grow with each frame; documents are made of all rows at once. `jsonl` is first among the streams: what it holds
all others can be made of again.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from drol_jax.errors import UserError
from drol_jax.system.names import hint
from drol_jax.tracks.formats import coco, csv, cvat, jsonl, labelstudio, mot
from drol_jax.tracks.formats.interface import Document, Format, Stream

__all__ = ["FORMATS", "Document", "Format", "Stream", "parse_save"]

FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "jsonl": jsonl.FORMAT,
        "csv": csv.FORMAT,
        "mot": mot.FORMAT,
        "coco": coco.BOXES,
        "cvat": cvat.FORMAT,
        "labelstudio": labelstudio.FORMAT,
        "masks": coco.MASKS,
    }
)
"""Every format, by name."""


def parse_save(text: str, others: Collection[str] = ()) -> tuple[str, ...]:
    """The names in the value of `--save`, such as "mp4,csv,mot".

    Args:
      text: names parted by commas; case and blanks do not matter.
      others: names of what is saved elsewhere, such as films.

    Returns:
      Names in the order given, each once.

    Raises:
      UserError: an unknown name, or none.
    """
    known = (*others, *FORMATS)
    names = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip().casefold())))
    if not names:
        raise UserError(f"--save names nothing; give some of {', '.join(known)}, parted by commas")
    for name in names:
        if name not in known:
            raise UserError(f"--save: {name!r} is unknown{hint(name, known, 0.5)}; choose of {', '.join(known)}")
    return names
