"""What is searched: scalars and static settings, each with the values it may have. Needs neither jax nor Optuna."""

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from drol_jax.config import Hyper, OnlineConfig, SearchConfig, TemplateConfig
from drol_jax.errors import UserError
from drol_jax.system.names import hint

SECTIONS = {"hyper": Hyper, "search": SearchConfig, "online": OnlineConfig, "template": TemplateConfig}
UNSCORED = {"hyper.mask_threshold"}
"""Settings that no score of boxes depends on."""
WHOLE = ("refit_interval", "template_interval")
HP_SEARCH = {
    "penalty_k": "hyper.penalty_k",
    "lr": "hyper.size_lr",
    "window_influence": "hyper.window_influence",
    "search_region": "search.instance_size",
}
"""Options of PySOT's ``tools/hp_search.py``, which take START,STOP,STEP, and what they are here."""

Value = float | int | bool | str


@dataclass(frozen=True)
class Dimension:
    """One setting."""

    key: str
    """Section and name: "hyper.fusion", "search.instance_size"."""
    values: tuple[Value, ...] = ()
    """All that are tried; empty for a range."""
    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    """Between two values of a range; None for any number."""

    @property
    def whole(self) -> bool:
        """Whole numbers alone."""
        return self.key.split(".")[1] in WHOLE

    @property
    def static(self) -> bool:
        """Each value is a tracker that is compiled by itself."""
        return not self.key.startswith("hyper.")


@dataclass(frozen=True)
class Space:
    """Every dimension that is searched."""

    dimensions: tuple[Dimension, ...]

    @property
    def scalars(self) -> tuple[str, ...]:
        """Names of the scalars among them."""
        return tuple(one.key.split(".")[1] for one in self.dimensions if not one.static)

    @property
    def grid(self) -> list[dict[str, Value]] | None:
        """Every combination in a stable order, where all dimensions list their values."""
        if not all(one.values for one in self.dimensions):
            return None
        keys = [one.key for one in self.dimensions]
        return [
            dict(zip(keys, some, strict=True)) for some in itertools.product(*(one.values for one in self.dimensions))
        ]


def read_space(words: Sequence[str], hp_search: Mapping[str, str | None]) -> Space:
    """The space that ``--space`` and PySOT's options name.

    Args:
      words: "fusion=0.2,0.5,0.8" lists, "penalty_k=0:0.5" is a range, "refit_interval=2:20:2" one with steps, its end
        included; a static setting has its section before it, "search.instance_size=255,287".
      hp_search: PySOT's options by name, START,STOP,STEP; None where not given.

    Raises:
      UserError: a setting there is not, twice the same, or no values.
    """
    found = [_dimension(word) for word in words]
    for option, text in hp_search.items():
        if text is not None:
            found.append(_arange(option, text))
    if not found:
        raise UserError("nothing to search: give --space NAME=VALUES, such as --space fusion=0.2:0.9")
    keys = [one.key for one in found]
    if twice := next((key for key in keys if keys.count(key) > 1), None):
        raise UserError(f"{twice} is given twice; give all its values at once")
    return Space(tuple(found))


def _dimension(word: str) -> Dimension:
    name, equals, text = word.partition("=")
    key = _key(name.strip())
    parts = [part.strip() for part in re.split(r"[,:]", text)]
    if not equals or not all(parts):
        raise UserError(
            f"--space {word!r}: give NAME=A,B,C for a list, NAME=LOW:HIGH or NAME=LOW:HIGH:STEP for a range"
        )
    if ":" not in text:
        return Dimension(key, tuple(dict.fromkeys(_value(part, word) for part in parts)))
    numbers = [_number(part, word) for part in parts]
    if "," in text or not 2 <= len(numbers) <= 3 or numbers[0] >= numbers[1] or min(numbers[2:], default=1) <= 0:
        raise UserError(f"--space {word!r} is no range; give NAME=LOW:HIGH or NAME=LOW:HIGH:STEP with LOW under HIGH")
    if not key.startswith("hyper."):
        raise UserError(f"--space {word!r}: {key} decides what is compiled; list its values, as {name}=A,B")
    return Dimension(key, (), numbers[0], numbers[1], numbers[2] if len(numbers) == 3 else None)


def _arange(option: str, text: str) -> Dimension:
    """PySOT's START,STOP,STEP, which numpy's `arange` counts out."""
    spelled = f"--{option.replace('_', '-')} {text}"
    parts = [_number(part, spelled) for part in text.split(",")]
    if len(parts) != 3 or parts[2] <= 0 or parts[0] >= parts[1]:
        raise UserError(f"{spelled}: give START,STOP,STEP as to PySOT's hp_search, such as 0.05,0.5,0.05")
    values = np.arange(*parts)
    if option == "search_region":
        return Dimension(HP_SEARCH[option], tuple(int(value) for value in values))
    return Dimension(HP_SEARCH[option], tuple(float(value) for value in values))


def _key(name: str) -> str:
    key = name if "." in name else f"hyper.{name}"
    section, _, field = key.partition(".")
    if section not in SECTIONS:
        raise UserError(f"--space {name}: there is no section {section!r}; choose from {', '.join(SECTIONS)}")
    known = [one.name for one in fields(SECTIONS[section])]
    if field not in known:
        raise UserError(f"--space {name}: there is no setting {key}{hint(field, known)}")
    if key in UNSCORED:
        raise UserError(f"--space {name}: {key} changes masks alone, and boxes are scored; leave it out")
    return key


def _value(text: str, word: str) -> Value:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"[a-z_]+", text) and text not in ("nan", "inf"):
        return text
    number = _number(text, word)
    return int(number) if re.fullmatch(r"[+-]?\d+", text) else number


def _number(text: str, word: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not np.isfinite(number):
        raise UserError(f"{word}: {text!r} is no number")
    return number


def by_section(params: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Values by section of a configuration's file."""
    sections: dict[str, dict[str, Any]] = {}
    for key, value in params.items():
        section, name = key.split(".")
        sections.setdefault(section, {})[name] = value
    return sections
