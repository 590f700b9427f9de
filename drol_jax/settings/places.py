"""Where a setting stands: the file and the line of each key, for messages."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import yaml

from drol_jax.errors import UserError

MOST_TOLD = 20
"""Mistakes that one message tells of."""
LONGEST = 400
"""Letters of what is told of one."""


@dataclass(frozen=True)
class Source:
    """What settings were read from."""

    name: str
    """Path of the file, or what else to call it."""
    lines: Mapping[str, int] = field(default_factory=dict)
    """Lines, from 1, by dotted key as the file spells it; a list's items in brackets: "online.blurs[1]"."""

    def __str__(self) -> str:
        return self.name

    def line(self, key: str) -> int | None:
        """The line of a key, or of the nearest one above it that the file has; None where there is none.

        Args:
          key: a list's items in brackets or after dots.
        """
        key = re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", key)
        while key:
            if key in self.lines:
                return self.lines[key]
            key = key[: max(key.rfind("."), key.rfind("["), 0)]
        return None

    def error(self, *clauses: tuple[str, str]) -> UserError:
        """The error that tells of mistakes, in one line.

        Args:
          clauses: of each mistake the key and what is to be said; at least one.
        """
        found = [(self.line(key), _shortened(words)) for key, words in clauses]
        told = "; ".join(words if line is None else f"line {line}: {words}" for line, words in found[:MOST_TOLD])
        if len(found) > MOST_TOLD:
            told += f"; and {len(found) - MOST_TOLD} more"
        return UserError(f"{self.name}{': ' if found[0][0] is None else ', '}{told}")


def _shortened(words: str) -> str:
    half = LONGEST // 2
    return words if len(words) <= LONGEST else f"{words[:half]} ... {words[-half:]}"


def lines_of(node: yaml.Node, path: str = "") -> Iterator[tuple[str, int]]:
    """The line of every key and item below a node, the node's own not.

    Args:
      node: of a tree without cycles, of which keys are text.
    """
    if isinstance(node, yaml.MappingNode):
        items: Iterable[tuple[str, yaml.Node, yaml.Node]] = (
            (f"{path}.{key.value}" if path else str(key.value), key, value) for key, value in node.value
        )
    elif isinstance(node, yaml.SequenceNode):
        items = ((f"{path}[{index}]", value, value) for index, value in enumerate(node.value))
    else:
        return
    for inner, mark, value in items:
        yield inner, mark.start_mark.line + 1
        yield from lines_of(value, inner)
