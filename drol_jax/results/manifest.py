"""Manifests of our own runs, as those who read results find them."""

import json
from pathlib import Path
from typing import Any

PARTS = {"settings", "environments", "sequences"}
"""What a manifest holds, at the least."""


def manifest_of(folder: Path) -> dict[str, Any] | None:
    """The manifest beside a tracker's box files or, with an experiment's folder between, above it; None of other
    programs' results, or where it cannot be read."""
    for place in (folder, folder.parent):
        try:
            manifest = json.loads((place / "manifest.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(manifest, dict) and set(manifest) >= PARTS:
            return manifest
    return None
