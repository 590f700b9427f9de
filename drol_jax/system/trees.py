"""Dicts of dicts as one dict by path, and back: what `flax.traverse_util` has, for modules that start without flax.

Flax takes a quarter of a second to import, which a start does without where its programs are kept on disk.
"""

from collections.abc import Mapping
from typing import Any


def flatten_dict(tree: Mapping[str, Any], sep: str | None = None) -> dict[Any, Any]:
    """The leaves of nested dicts by their paths, in the order of the dicts.

    Args:
      sep: joins a path's names to one; None leaves it a tuple of them.
    """
    found: dict[Any, Any] = {}

    def add(path: tuple[str, ...], node: Any) -> None:
        if isinstance(node, Mapping):
            for name, child in node.items():
                add((*path, name), child)
        else:
            found[path if sep is None else sep.join(path)] = node

    add((), tree)
    return found


def unflatten_dict(leaves: Mapping[Any, Any], sep: str | None = None) -> dict[str, Any]:
    """The nested dicts of such leaves.

    Args:
      sep: as in `flatten_dict`.
    """
    tree: dict[str, Any] = {}
    for path, leaf in leaves.items():
        *above, name = path if sep is None else path.split(sep)
        node = tree
        for part in above:
            node = node.setdefault(part, {})
        node[name] = leaf
    return tree
