"""What a plug-in adds to an evaluation beside a tracker's parts: datasets by name, and measures."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from drol_jax import datasets
from drol_jax.datasets.source import select
from drol_jax.errors import UserError
from drol_jax.eval.commands import Load
from drol_jax.eval.own_metrics import Metrics


@dataclass(frozen=True)
class Plugged:
    """How datasets are listed and measured with a plug-in, or without one."""

    load: Load
    """As `drol_jax.datasets.load`, for the plug-in's datasets too."""
    own: frozenset[str] = frozenset()
    """Names of these."""
    metrics: Metrics = field(default_factory=dict)

    def dataset(self, name: str) -> str:
        """The canonical name of a dataset.

        Raises:
          UserError: there is none of that name.
        """
        return name if name in self.own else datasets.canonical(name)


def plugged(plugin: str | None, load: Load) -> Plugged:
    """What a plug-in adds.

    Args:
      plugin: as a user names it; None for none.
      load: lists the other datasets.

    Raises:
      UserError: there is no such plug-in.
    """
    if plugin is None:
        return Plugged(load)
    from drol_jax.settings.plugins import load_plugin  # takes a while, and few want one

    found = load_plugin(plugin).plugin

    def with_own(
        name: str, root: Path | None = None, only: Sequence[str] | None = None, seed: int = 0, *, images: bool = True
    ) -> list[datasets.SequenceEntry]:
        if name not in found.datasets:
            return load(name, root, only, seed, images=images) if not images else load(name, root, only, seed)
        sequences = found.datasets[name](root)
        if wrong := [type(one).__name__ for one in sequences if not isinstance(one, datasets.Sequence)]:
            raise UserError(f"--plugin {plugin}: dataset {name} gives {wrong[0]}, wanted drol_jax.datasets.Sequence")
        entries = [datasets.SequenceEntry(one.name, lambda one=one: one, one.attributes) for one in sequences]
        return entries if only is None else select(entries, only, name)

    return Plugged(with_own, frozenset(found.datasets), found.metrics)
