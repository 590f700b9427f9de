"""YAML read strictly: no key twice, `1e-4` is a number, every mistake one line that names file and place."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from drol_jax.errors import UserError, reason
from drol_jax.settings.places import Source, lines_of
from drol_jax.system import reading

MOST = 2**18
"""Bytes of a configuration; the longest known has a few thousand."""
DEEPEST = 20
MOST_VALUES = 10_000


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, less two traps: a key given twice silently won, and `1e-4` was read as text."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is not text", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"key {key!r} is given twice", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)

    def fetch_flow_collection_start(self, TokenClass: type) -> None:
        if self.flow_level >= DEEPEST:  # PyYAML looks ahead in time that grows with the square of the levels
            raise yaml.MarkedYAMLError(None, None, f"nested more than {DEEPEST} deep", self.get_mark())
        super().fetch_flow_collection_start(TokenClass)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if len(node.value) > reading.MOST_DIGITS:
            problem = f"an integer of more than {reading.MOST_DIGITS} digits"
            raise yaml.constructor.ConstructorError(None, None, problem, node.start_mark)
        return super().construct_yaml_int(node)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)

# PyYAML follows YAML 1.1, whose floats need a dot and a signed exponent. The resolver table is the subclass's own.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def _tree(text: str) -> tuple[Any, dict[str, int]]:
    """The data of a text and the lines of its keys, once it is known to be bounded: an alias may hold itself, or stand
    for many others."""
    loader = _Loader(text)  # a SafeLoader: it builds plain data and nothing else
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        _count(node, {}, ())
        lines = dict(lines_of(node))  # before it is built: merged keys are unfolded then
        return loader.construct_document(node), lines
    finally:
        loader.dispose()


def _count(node: yaml.Node, known: dict[int, int], above: tuple[int, ...]) -> int:
    """How many values a node stands for, aliases written out.

    Raises:
      yaml.MarkedYAMLError: too many, nested too deeply, or without end.
    """
    if id(node) in above:
        raise yaml.MarkedYAMLError(problem="an alias holds itself", problem_mark=node.start_mark)
    if len(above) >= DEEPEST:
        raise yaml.MarkedYAMLError(problem=f"nested more than {DEEPEST} deep", problem_mark=node.start_mark)
    if id(node) not in known:
        inner = node.value if isinstance(node, yaml.CollectionNode) else ()
        parts = [part for item in inner for part in (item if isinstance(item, tuple) else (item,))]
        known[id(node)] = 1 + sum(_count(part, known, (*above, id(node))) for part in parts)
    if known[id(node)] > MOST_VALUES:
        problem = f"it stands for more than {MOST_VALUES} values"
        raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
    return known[id(node)]


def read_mapping(
    path: Path, wanted: str = "a configuration is a YAML mapping with at least model and hyper"
) -> tuple[dict[str, Any], Source]:
    """The mapping that a YAML file holds, and where each of its keys stands.

    Args:
      wanted: what it should be, for the message.

    Raises:
      UserError: the file cannot be read, is not YAML, holds a key twice or a key that is not text, or no mapping.
    """
    try:
        tree, lines = _tree(reading.text(path, MOST))
    except OSError as error:
        raise UserError(f"{path} cannot be read ({reason(error)}); check the path and its permissions") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not a text file; give a configuration in YAML") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{place}: not valid YAML, {error.problem}; mend that line") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        first = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{path} is not valid YAML ({first}); mend the file") from error
    if not isinstance(tree, dict):
        raise UserError(f"{path} holds no settings: {wanted}")
    return tree, Source(str(path), lines)


def unfit(tree: Any, path: str = "") -> list[tuple[str, str]]:
    """Keys of values that no setting has, such as infinity and YAML's dates, each with what is wrong with it."""
    if isinstance(tree, dict):
        odd = [(path, f"has the key {key!r}, which is not text") for key in tree if not isinstance(key, str | int)]
        return odd + [one for key, value in tree.items() for one in unfit(value, f"{path}.{key}" if path else str(key))]
    if isinstance(tree, list | tuple):
        return [one for i, value in enumerate(tree) for one in unfit(value, f"{path}[{i}]")]
    if isinstance(tree, float) and not math.isfinite(tree):
        return [(path, "is not a finite number; give one")]
    if tree is None or isinstance(tree, str | int | float):
        return []
    return [(path, f"is a {type(tree).__name__}; use numbers, text, true or false and lists")]


def plain(value: Any) -> Any:
    """A setting as YAML and JSON have it: dataclasses as mappings, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple | list) else value
