"""Which sequences a search sees, and which tell what it gains."""

from collections.abc import Sequence
from dataclasses import dataclass

from drol_jax import datasets
from drol_jax.datasets.source import select
from drol_jax.errors import UserError


@dataclass(frozen=True)
class Split:
    """The sequences of a search."""

    searched: tuple[datasets.SequenceEntry, ...]
    held_out: tuple[datasets.SequenceEntry, ...]


def split(
    entries: Sequence[datasets.SequenceEntry],
    wanted: Sequence[str] | None,
    held_out: Sequence[str] | None,
    dataset: str,
) -> Split:
    """Divide a dataset; by default every second sequence is searched on, and all others are held out.

    Args:
      wanted, held_out: names; None for the default.

    Raises:
      UserError: there is no such sequence, or one is in both parts.
    """
    apart = select(list(entries), held_out, dataset) if held_out is not None else None
    if wanted is not None:
        searched = select(list(entries), wanted, dataset)
    else:
        kept = {entry.name for entry in apart or ()}
        searched = [entry for entry in entries if entry.name not in kept] if kept else list(entries[::2])
    names = {entry.name for entry in searched}
    rest = [entry for entry in entries if entry.name not in names] if apart is None else apart
    if both := next((entry.name for entry in rest if entry.name in names), None):
        raise UserError(f"{both} is searched on and held out; name it once")
    return Split(tuple(searched), tuple(rest))
