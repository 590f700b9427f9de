"""YAML read strictly: no key twice, `1e-4` is a number, every mistake one line that names file and place."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import yaml

from drol_jax.errors import UserError


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


# PyYAML follows YAML 1.1, whose floats need a dot and a signed exponent. The resolver table is the subclass's own.
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_mapping(
    path: Path, wanted: str = "a configuration is a YAML mapping with at least model and hyper"
) -> dict[str, Any]:
    """The mapping that a YAML file holds.

    Args:
      wanted: what it should be, for the message.

    Raises:
      UserError: the file cannot be read, is not YAML, holds a key twice or a key that is not text, or no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
        # _Loader is a SafeLoader: it builds plain data and nothing else.
        tree = yaml.load(text, Loader=_Loader)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}); check the path and its permissions") from error
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
    return tree


def not_finite(tree: Any, path: str = "") -> list[str]:
    """Paths of every NaN or infinity in a tree of plain data."""
    if isinstance(tree, dict):
        return [p for key, value in tree.items() for p in not_finite(value, f"{path}.{key}" if path else str(key))]
    if isinstance(tree, list | tuple):
        return [p for i, value in enumerate(tree) for p in not_finite(value, f"{path}[{i}]")]
    return [path] if isinstance(tree, float) and not math.isfinite(tree) else []


def plain(value: Any) -> Any:
    """A setting as YAML and JSON have it: dataclasses as mappings, tuples as lists."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    return [plain(inner) for inner in value] if isinstance(value, tuple | list) else value
