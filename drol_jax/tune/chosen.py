"""What a search came to: the chosen settings, and what they gain on sequences that were not searched on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from drol_jax.metrics.spread import Difference, paired
from drol_jax.settings import Settings, to_dict
from drol_jax.system.atomic import write_text
from drol_jax.tune.bench import Bench

SUMMARY, YAML = "tune.json", "chosen.yaml"


@dataclass(frozen=True)
class Gain:
    """The chosen settings against the configuration's own, on sequences that the search did not see."""

    sequences: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    difference: Difference | None
    """After minus before; None of fewer than two sequences."""

    @property
    def words(self) -> str:
        """In a sentence."""
        if self.difference is None:
            return "no gain is told: fewer than two sequences were held out"
        low, high = self.difference.interval
        return (
            f"on {len(self.sequences)} sequences that the search did not see {self.difference.mean:+.4f} "
            f"(95 % interval {low:+.4f} to {high:+.4f}, p {self.difference.p:.3f})"
        )


def gain_of(bench: Bench, sequences: Sequence[str], params: Mapping[str, Any]) -> Gain:
    """Try the chosen settings and the configuration's own on sequences that were held out."""
    scores = bench.scores(sequences, [{}, dict(params)]) if sequences else {}
    rows = [(name, *scores[name]) for name in sequences]
    known = [(name, before, after) for name, before, after in rows if before is not None and after is not None]
    before, after = tuple(row[1] for row in known), tuple(row[2] for row in known)
    difference = paired(after, before) if len(known) > 1 else None
    return Gain(tuple(row[0] for row in known), before, after, difference)


def write_chosen(folder: Path, settings: Settings, header: Sequence[str]) -> Path:
    """Write the settings as a configuration's file.

    Args:
      header: lines that become comments.

    Raises:
      UserError: it cannot be written.
    """
    tree = {key: value for key, value in to_dict(settings).items() if value is not None and value != {}}
    lines = [f"# {line}" for line in header]
    text = "\n".join([*lines, yaml.safe_dump(tree, sort_keys=False, allow_unicode=True)])
    path = folder / YAML
    write_text(path, text)
    return path


def write_summary(folder: Path, told: Mapping[str, Any], gain: Gain) -> None:
    """Write what a search came to as JSON.

    Raises:
      UserError: it cannot be written.
    """
    write_text(folder / SUMMARY, json.dumps({**told, "held_out": asdict(gain)}, indent=2) + "\n")
