"""The paper's ablation study (table 5): which settings each line changes, and what was published. Needs no jax."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from drol_jax.errors import UserError
from drol_jax.eval.tracker_runs import Backend, TrackerRun, check_seeds, tracker_run
from drol_jax.system.resources import data_path

Pipeline = Literal["Cmp", "Cmp-Att", "Att-Cmp"]

_PIPELINES = {
    "Cmp": {"attention": "none"},
    "Cmp-Att": {"attention": "dual", "order": "compress_attend"},
    "Att-Cmp": {"attention": "dual", "order": "attend_compress"},
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table."""

    group: str
    fusion: float
    """Weight of the online score map, lambda."""
    pipeline: Pipeline
    """Compression and dual attention in their order, or compression alone."""
    interval: int | None
    """Frames between renewals of the short-term template; None without one."""
    published: Mapping[str, tuple[float, float]]
    """Success AUC and normalised precision by benchmark."""

    @property
    def name(self) -> str:
        """Name in folders, e.g. "G3_0.8_Cmp-Att_5"."""
        return f"{self.group}_{self.fusion:g}_{self.pipeline}" + (f"_{self.interval}" if self.interval else "")

    @property
    def changes(self) -> dict[str, dict[str, Any]]:
        """Settings that make a configuration this line, by section of its file. The rest of it stays."""
        interval = {"template_interval": self.interval} if self.interval else {}
        return {
            "online": _PIPELINES[self.pipeline],
            "template": {"update": self.interval is not None},
            "hyper": {"fusion": self.fusion, **interval},
        }


@cache
def groups() -> dict[str, str]:
    """What each group of the study varies, by its name."""
    return _data()["groups"]


def rows(wanted: Sequence[str] | None = None) -> list[Row]:
    """The lines of the table.

    Args:
      wanted: names of groups, in any case; None for all.

    Raises:
      UserError: there is no such group.
    """
    known = {name.casefold(): name for name in groups()}
    for name in wanted or ():
        if name.casefold() not in known:
            raise UserError(f"the study has no group {name!r}; choose from {', '.join(groups())}")
    chosen = {known[name.casefold()] for name in wanted} if wanted is not None else set(groups())
    table = (Row(**{**row, "published": {k: tuple(v) for k, v in row["published"].items()}}) for row in _data()["rows"])
    return [row for row in table if row.group in chosen]


def load_runs(
    backend: Backend, config: str, weights: str | None, chosen: Sequence[Row], seeds: int
) -> list[TrackerRun]:
    """One tracker a line, called "<configuration>_<line>". Lines that differ by scalars share compiled code.

    Raises:
      UserError: what loading raises; seeds < 1; the configuration has no online subnet.
    """
    check_seeds(seeds)
    variants = backend.vary(config, weights, {row.name: row.changes for row in chosen})
    return [
        tracker_run(tracker, runner, seeds=seeds, label=row.name)
        for row, (tracker, runner) in zip(chosen, variants, strict=True)
    ]


@cache
def _data() -> dict[str, Any]:
    return json.loads((data_path("eval") / "ablation.json").read_text(encoding="utf-8"))
