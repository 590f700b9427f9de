"""Manifests of our own runs, as those who read results find them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError, reason
from drol_jax.system import reading

PARTS = {"settings", "environments", "sequences"}
"""What a manifest holds, at the least."""


CLAIMS = ".claims"
"""Folder of what processes claim, inside a tracker's results; there while they run."""
EARLIER = "earlier"
"""Folder beside the trackers' for results that other code made; nobody looks for trackers in it."""


def other_code(manifest: Mapping[str, Any], code: str | None) -> str | None:
    """Which other code tracked some of a manifest's sequences, in words; None where all are this code's.

    Args:
      code: hash of this code; None for unknown, as in manifests that say nothing of it.
    """
    numbers = {row["environment"] for row in manifest["sequences"].values()}
    codes = {manifest["environments"][number].get("code") for number in sorted(numbers)} - {code}
    if not codes:
        return None
    return "other code (" + ", ".join(sorted(f"hash {one}" if one else "hash unknown" for one in codes)) + ")"


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """The manifest beside a tracker's box files or, with an experiment's folder between, above it; None of other
    programs' results, or where it cannot be read."""
    for place in (folder, folder.parent):
        try:
            manifest = reading.document(place / "manifest.json")
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and set(manifest) >= PARTS:
            return manifest
    return None


def read_manifest(path: Path, *, forgive: bool) -> dict[str, Any] | None:
    """The manifest, or None where there is none; a broken one counts as none where `forgive` is set."""
    try:
        manifest = reading.document(path)
        if isinstance(manifest, dict) and set(manifest) >= PARTS:
            return manifest
        trouble = "it lacks settings, environments or sequences"
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        trouble = reason(error)
    if forgive:
        return None
    raise UserError(f"cannot read {path}: {trouble}; choose another --output or pass --overwrite to replace results")


def differences(there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, in words, the first three; empty where nothing does."""
    old, new = _flat(there), _flat(now)
    keys = [key for key in {**old, **new} if old.get(key, "unset") != new.get(key, "unset")]
    words = [f"{key} is {_short(old.get(key, 'unset'))} there, {_short(new.get(key, 'unset'))} now" for key in keys[:3]]
    return "; ".join([*words, *([f"and {len(keys) - 3} more"] if len(keys) > 3 else [])])


def _flat(tree: Any, prefix: str = "") -> dict[str, Any]:
    if not isinstance(tree, Mapping):
        return {prefix: tree}
    return {
        key: leaf
        for name, item in tree.items()
        for key, leaf in _flat(item, f"{prefix}.{name}" if prefix else name).items()
    }


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else text[:37] + "..."
