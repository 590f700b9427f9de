"""Scores that papers print, from ``eval/published.json`` and the bundled configurations."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import yaml

from drol_jax.system.resources import data_path

_KEYS = {"precision": "precision_20", "f_score": "f"}
"""What the configurations call some measures of one-pass evaluation and of long-term tracking."""


@dataclass(frozen=True)
class Published:
    """One table."""

    source: str
    about: str
    rows: Mapping[str, Mapping[str, float]]
    """Numbers by tracker and a column's key; "fps" beside them."""


def published(dataset: str) -> list[Published]:
    """What was published on a benchmark: the paper's tables, then what configurations are held to."""
    data = json.loads((data_path("eval") / "published.json").read_text(encoding="utf-8"))["scores"]
    tables = [Published(row["source"], row["about"], row["rows"]) for row in data.get(dataset, [])]
    rows = {name: table[dataset] for name, table in _held_to().items() if dataset in table}
    if rows:
        tables.append(Published("bundled configurations", "what the authors of each published", rows))
    return tables


@cache
def _held_to() -> dict[str, dict[str, dict[str, float]]]:
    """Published scores by configuration, dataset and measure."""
    found = {}
    for path in sorted(data_path("configs").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        found[path.stem] = {
            dataset: {
                (_KEYS.get(key, key) if "LT" not in dataset or key == "f_score" else key): value
                for key, value in row.items()
            }
            for dataset, row in (content.get("published") or {}).items()
        }
    return found
