"""The published weights that are known here: `registry.json` as entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, Literal

from drol_jax.errors import UserError
from drol_jax.system import reading
from drol_jax.system.names import hint

FILE = Path(__file__).with_name("registry.json")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One published network with its weights."""

    name: str
    """What `drol-jax weights get` and `--weights` call it."""
    about: str
    """Tracker and variant, in words."""
    page: str
    """Where the authors publish it."""
    licence: str
    """SPDX name of the weights' licence, or "not stated"."""
    configurations: tuple[str, ...]
    """Bundled configurations that track with it, that of its publication first."""
    converter: Literal["pysot", "siammask", "siamfc"]
    """The command of `drol-jax convert` that reads the file."""
    alternative: bool = False
    """Whether a configuration takes it only where it is asked for by name: its own weights are others."""
    published: Mapping[str, float]
    """Scores by benchmark and measure, as its authors tell them."""
    file: str
    """The published file's name."""
    addresses: tuple[str, ...] = ()
    """Where the file lies, the same at each; none where only a browser gets it."""
    browser: str = ""
    """The page to open in a browser, where the file has no address of its own."""
    size: int | None = None
    """The file's bytes, where known."""
    sha256: str | None = None
    """The file's hash, where known."""
    same: tuple[str, ...] = ()
    """Hashes of other files with the same numbers."""
    onnx: tuple[str, ...] = ()
    """Hashes of its backbone and head as ONNX files, where it has them."""
    weights_sha256: str | None = None
    """The hash of the converted numbers, where known; that of the ONNX files' is another."""


@dataclass(frozen=True)
class Registry:
    """All entries, by name."""

    entries: Mapping[str, Entry] = field(default_factory=dict)

    def find(self, name: str) -> Entry:
        """The entry of a name.

        Raises:
          UserError: there is none; names the nearest.
        """
        if name not in self.entries:
            raise UserError(
                f"no published weights {name!r} are known{hint(name, self.entries.keys())}, and there is no such file; "
                "drol-jax weights list tells of all"
            )
        return self.entries[name]

    def of_configuration(self, name: str) -> Entry | None:
        """The entry that a configuration takes unasked."""
        known = (entry for entry in self.entries.values() if name in entry.configurations)
        return next((entry for entry in known if not entry.alternative), None)

    def of_hash(self, sha256: str) -> Entry | None:
        """The entry that a file of this hash is, alone or as a part of a pair."""
        known = ((entry, (entry.sha256, *entry.same, *entry.onnx)) for entry in self.entries.values())
        return next((entry for entry, hashes in known if sha256 in hashes), None)


@cache
def published() -> Registry:
    """The registry that comes with drol_jax."""
    return read(FILE)


def read(path: Path) -> Registry:
    """A registry from a file of JSON: entries by name, with the fields of `Entry`.

    Raises:
      UserError: it cannot be read, or an entry has another field, or lacks one.
    """
    try:
        tree: Any = reading.document(path)
        several = {one.name for one in fields(Entry) if str(one.type).startswith("tuple")}
        entries = {name: _entry(name, facts, several) for name, facts in tree.items()}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{path} is no registry of weights ({error}); reinstall drol_jax") from error
    return Registry(entries)


def _entry(name: str, facts: Mapping[str, Any], several: set[str]) -> Entry:
    known: dict[str, Any] = {key: tuple(value) if key in several else value for key, value in facts.items()}
    return Entry(name=name, **known)
