"""Where a benchmark's annotations are read from: official folders, or one of PySOT's JSON files."""

from collections.abc import Iterable
from pathlib import Path

from drol_jax.datasets.definitions import Benchmark, pick
from drol_jax.datasets.disk import example, list_place
from drol_jax.datasets.oxuva import find_table, list_tracks
from drol_jax.datasets.place import Place, find_place
from drol_jax.datasets.pysot import find_json, load_pysot
from drol_jax.datasets.sequence import SequenceEntry
from drol_jax.errors import UserError


def find_source(of: Benchmark, root: Path, *, images: bool) -> Place | Path:
    """Folders that hold annotations (and, where they are wanted, images), else a JSON file.

    Args:
      root: the benchmark's folder, the folder around it, or PySOT's JSON file itself.

    Raises:
      UserError: nothing of the benchmark is there; says what was looked for and how to get it.
    """
    if of.file is not None:
        return of.file
    if root.is_file():
        return root
    if not root.is_dir() and of.home is None:
        raise UserError(f"{of.name}: folder {root} does not exist; {_how_to_get(of, root)}")
    roots = [one for one in (root, of.home) if one is not None and one.is_dir()]
    if of.reader == "oxuva":
        table = next((path for one in roots if (path := find_table(one, of))), None)
        if table is None:
            wanted = of.layouts[0].groundtruth[0]
            raise UserError(f"{of.name}: no {wanted} lies under {root}; {_found(root)}; {_how_to_get(of, root)}")
        return table
    places = [place for one in roots if (place := find_place(one, of)) is not None]
    for place in places:
        if place.pictured or not images:
            return place
    source = next((file for one in roots if (file := find_json(one, of))), None) or next(iter(places), None)
    if source is None:
        nothing = f"{of.name}: no annotation of any of its sequences lies under {root}"
        held = "" if _unknown(of) else f" ({_found(root)})"
        raise UserError(f"{nothing}{held}; {_how_to_get(of, root)}")
    return source


def list_entries(source: Place | Path, of: Benchmark, root: Path, *, images: bool) -> list[SequenceEntry]:
    """One entry a sequence, from folders or from a JSON file, whose images may be under the root as well.

    Raises:
      UserError: the JSON file is broken.
    """
    if isinstance(source, Place):
        return list_place(source, of, images=images)
    if of.reader == "oxuva":
        return list_tracks(source, of, images=images)
    return load_pysot(source, of, images=images, root=root)


def select(entries: list[SequenceEntry], only: Iterable[str], dataset: str) -> list[SequenceEntry]:
    """The entries that are named, in any case and in any toolkit's spelling.

    Raises:
      UserError: an unknown sequence (names the nearest).
    """
    spellings = {alias: entry.name for entry in entries for alias in entry.aliases}
    spellings |= {entry.name: entry.name for entry in entries}
    wanted = {pick(given, spellings, f"{dataset} sequence") for given in only}
    return [entry for entry in entries if entry.name in wanted]


def _found(root: Path) -> str:
    """What lies under a folder in place of what was looked for."""
    if not root.is_dir():
        return "there is no such folder"
    told = f"{root} holds {_listed(root) or 'nothing'}"
    first = min((path for path in root.iterdir() if path.is_dir()), default=None)
    inside = _listed(first) if first is not None else ""
    return f"{told}, and {first.name}/ {inside}" if first is not None and inside else told


def _listed(folder: Path) -> str:
    held = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir())
    return f"{', '.join(held[:5])}{', ...' if len(held) > 5 else ''}"


def _unknown(of: Benchmark) -> bool:
    """Whether nobody knows where the dataset is to be had."""
    return not of.pysot and not of.probe and of.site == "its publisher"


def _how_to_get(of: Benchmark, root: Path) -> str:
    json = f", or PySOT's {of.pysot[0]}" if of.pysot else ""
    if _unknown(of):
        truth = ", ".join(dict.fromkeys(path for layout in of.layouts for path in layout.groundtruth))
        pictures = ", ".join(dict.fromkeys(path for layout in of.layouts for path in layout.images))
        return (
            f"looked for {truth} with images in {pictures} (of each sequence's folder); {_found(root)}; name the "
            "folder around the sequences with --data-root DIR"
        )
    return (
        f"fetch {of.download} from {of.site}, unpack it under one folder and name that with --data-root DIR "
        f"(looked for {example(of)} with DIR = {root} and its usual subfolders{json})"
    )
