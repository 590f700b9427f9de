"""A program's arguments out of a dataclass, as all programs read them: with tyro, whose help is told once and short."""

from collections.abc import Sequence
from dataclasses import MISSING, Field, field, fields, make_dataclass
from inspect import cleandoc
from math import isfinite
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import tyro

from drol_jax.errors import UserError

A = TypeVar("A")

TOLD = (str, int, float, Path)
"""Types of defaults that help adds to an option's words. Of a switch, of None and of what is found out at run time
the words themselves tell."""


def parse(kind: type[A], argv: Sequence[str] | None, prog: str, description: str | None = None) -> A:
    """The arguments that a user typed.

    Args:
      kind: frozen dataclass; docstrings of its fields are the help of its options.
      argv: arguments after the program's name; None for the process's own.
      prog: the program's name.
      description: in place of the docstring of `kind`.

    Raises:
      SystemExit: after --help (0) and on arguments that do not parse (2).
      UserError: a number is not finite.
    """
    about = cleandoc(kind.__doc__ or "") if description is None else description
    parsed = tyro.cli(_told(kind), args=argv, prog=prog, description=about, config=(tyro.conf.FlagCreatePairsOff,))
    given = {one.name: getattr(parsed, one.name) for one in fields(parsed)}
    for name, value in given.items():
        if isinstance(value, float) and not isfinite(value):
            raise UserError(f"--{name.replace('_', '-')} {value} is no number to go by; give a finite one")
    return kind(**given)


def _told(kind: type[Any]) -> type[Any]:
    """The dataclass with annotations that shorten tyro's help."""
    hints = get_type_hints(kind, include_extras=True)
    columns = [(one.name, _annotated(one, hints[one.name]), _copy(one)) for one in fields(kind)]
    return make_dataclass(kind.__name__, columns, bases=(kind,), frozen=True, kw_only=True)


def _annotated(one: Field[Any], hint: Any) -> Any:
    how: dict[str, Any] = {}
    default = one.default
    if not (isinstance(default, TOLD) and not isinstance(default, bool)) and not _required(one):
        how["help_behavior_hint"] = ""
    plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
    if get_origin(plain) in (Union, UnionType) and NoneType in get_args(plain):
        kinds = [part for part in get_args(plain) if part is not NoneType]
        if len(kinds) == 1 and isinstance(kinds[0], type):
            how["metavar"] = kinds[0].__name__.upper()
    return Annotated[hint, tyro.conf.arg(**how)] if how else hint


def _required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _copy(one: Field[Any]) -> Any:
    return field(default=one.default, default_factory=one.default_factory)  # pyright: ignore
