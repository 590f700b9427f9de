"""Paths below a folder whose spelling may differ in case, looked up without a stat for every file."""

from collections.abc import Iterable
from pathlib import Path


class Tree:
    """A folder on disk. What it holds is read once, as it is asked for."""

    def __init__(self, root: Path):
        self.root = root
        self._names: dict[Path, dict[str, str]] = {}

    def find(self, relative: str) -> Path | None:
        """The file or folder at a relative path with slashes; in other case where it does not exist as spelled."""
        *parents, last = (part for part in relative.split("/") if part)
        place = self.root
        for part in parents:
            name = self._name(place, part)
            if name is None:
                return None
            place /= name
        if (place / last).exists():
            return place / last
        name = self._name(place, last)
        return None if name is None else place / name

    def names(self, folder: Path) -> list[str]:
        """What a folder holds, sorted; nothing where there is none."""
        return sorted(set(self._listed(folder).values()))

    def _name(self, folder: Path, part: str) -> str | None:
        listed = self._listed(folder)
        return listed.get(part) or listed.get(part.casefold())

    def _listed(self, folder: Path) -> dict[str, str]:
        """Names by themselves and, where no other is spelled so, by their lower case."""
        if folder not in self._names:
            try:
                names = sorted(path.name for path in folder.iterdir())
            except OSError:
                names = []
            self._names[folder] = {name.casefold(): name for name in names} | {name: name for name in names}
        return self._names[folder]


def subfolders(root: Path, names: Iterable[str]) -> list[Path]:
    """Those of a folder's subfolders that exist, in any case; "" is the folder itself."""
    tree = Tree(root)
    found = [root if name == "" else tree.find(name) for name in names]
    return list(dict.fromkeys(folder for folder in found if folder is not None and folder.is_dir()))
