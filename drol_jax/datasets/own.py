"""Datasets that drol_jax does not know by name: any folder of sequences, a user's definition, PySOT's JSON form."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from drol_jax.datasets.benchmarks import definitions_in
from drol_jax.datasets.definitions import Benchmark, Layout
from drol_jax.datasets.text import read_json
from drol_jax.errors import UserError
from drol_jax.system import reading

FOLDERS = "folders"
"""Name of the dataset that is whatever sequences lie under the root."""
IMAGES = ("{folder}/img", "{folder}", "{folder}/imgs", "{folder}/images", "{folder}/frames", "{folder}/color")
IMAGES += ("{folder}/rgb", "{folder}/img1")
TRUTH = ("{folder}/groundtruth.txt", "{folder}/groundtruth_rect.txt", "{folder}/gt.txt")
DEFINITION = 'a definition {"benchmarks": {NAME: {...}}} as in eval/*.json, or PySOT\'s {SEQUENCE: {"gt_rect": [...]}}'


def is_own(name: str) -> bool:
    """Whether a dataset is named by a path, or is any folder of sequences."""
    return name.casefold() == FOLDERS or name.casefold().endswith(".json")


def own(name: str) -> Benchmark:
    """What is known of such a dataset.

    Args:
      name: FOLDERS, or the path of a JSON file.

    Raises:
      UserError: the file cannot be read, or is neither a definition nor of PySOT's form; names the key.
    """
    return plain() if name.casefold() == FOLDERS else _defined(Path(name))


def plain(name: str = FOLDERS, **known: Any) -> Benchmark:
    """Any folder of sequences: a folder each, one or two deep, with annotation and images.

    Boxes are (x, y, w, h), 0-based. Where the annotation is the first box alone, sequences are tracked and not scored.

    Args:
      known: fields that are known otherwise.
    """
    layouts = tuple(Layout(groundtruth=TRUTH, images=IMAGES, depth=depth, loose=True) for depth in (1, 2))
    fields: dict[str, Any] = {
        "aliases": (),
        "site": "its publisher",
        "download": "the dataset",
        "origin": 0,
        "protocol": "ope",
        "server": True,
        "reader": "boxes",
        "fps": None,
        "folders": ("",),
        "layouts": layouts,
        "pysot": (),
        "probe": {},
        "attribute_file": None,
        "attribute_names": (),
        "count": None,
        "rows": (),
    }
    return Benchmark(name=name, **fields | known)


@cache
def _defined(path: Path) -> Benchmark:
    data = read_json(path)
    if not isinstance(data, dict):
        raise UserError(f"{path} is no dataset: wanted {DEFINITION}")
    if "benchmarks" in data:
        return replace(_definition(path, data), home=path.resolve().parent)
    sequences = [item for item in data.values() if isinstance(item, dict) and isinstance(item.get("gt_rect"), list)]
    if not sequences or len(sequences) != len(data):
        name, item = next(iter(data.items()), ("nothing", None))
        held = f", which holds {', '.join(map(str, [*item][:3]))}" if isinstance(item, dict) else ""
        raise UserError(f"{path} is no dataset (it begins with {name!r}{held}): wanted {DEFINITION}")
    return plain(path.stem, file=path)


def _definition(path: Path, data: dict[str, Any]) -> Benchmark:
    try:
        found = definitions_in(data)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"key {error} is missing" if isinstance(error, KeyError) else str(error)
        told = f"{path}{_line(path, what)}: {what}; docs/extend/dataset.md has every key of a definition"
        raise UserError(told) from None
    if len(found) != 1:
        raise UserError(f"{path} defines {', '.join(found) or 'no dataset'}; give each a file of its own")
    (of,) = found.values()
    return of


def _line(path: Path, what: str) -> str:
    """Where the key that a message begins with stands, in words; nothing where no one line is sure."""
    key = what.removeprefix("unknown key ").partition(" ")[0].strip("\"',;:")
    lines = [at for at, line in enumerate(reading.text(path).splitlines(), 1) if f'"{key}":' in line]
    return f", line {lines[0]}" if len(lines) == 1 else ""
