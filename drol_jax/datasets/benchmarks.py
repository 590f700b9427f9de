"""Files of definitions, ``eval/*.json`` and a user's own, read and checked."""

import json
from dataclasses import fields, replace
from functools import cache
from string import Formatter
from typing import Any, get_args

from drol_jax.datasets.bounds import Bounds
from drol_jax.datasets.definitions import LOOSE, Benchmark, Layout, Measures, Protocol, Reader, Row
from drol_jax.system.names import hint
from drol_jax.system.resources import data_path

KEYS: dict[type, tuple[str, ...]] = {
    str: ("site", "download", "protocol", "reader", "measures", "sequences", "numbered", "in", "tag_file", "restarts"),
    int: ("origin", "count", "every", "fps"),
    bool: ("lengths", "server"),
    list: ("spellings", "aliases", "folders", "layouts", "pysot", "absent"),
    dict: ("probe", "attributes", "tags"),
}
"""What a definition may say of a benchmark, by its kind."""
_KINDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list", dict: "a mapping"}
_PLACES = ("folder", "name", "category", "mark")
"""What can be filled in where a path has it in braces."""


@cache
def benchmarks() -> dict[str, Benchmark]:
    """Every benchmark on disk, by name."""
    found = {}
    for path in sorted(data_path("eval").glob("*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        if "benchmarks" in data:
            found |= definitions_in(data)
    return found


def definitions_in(data: dict[str, Any]) -> dict[str, Benchmark]:
    """Benchmarks by name, from the content of a file of definitions.

    Raises:
      KeyError, TypeError, ValueError, AttributeError: it is of another form.
    """
    groups = data.get("sequences", {})
    return {name: _benchmark(name, row, groups) for name, row in data["benchmarks"].items()}


def _benchmark(name: str, data: dict[str, Any], groups: dict[str, Any]) -> Benchmark:
    kinds = {key: kind for kind, keys in KEYS.items() for key in keys}
    for key, value in data.items():
        if key not in kinds:
            raise ValueError(f"unknown key {key!r}{hint(key, list(kinds))}")
        if type(value) is not kinds[key]:
            raise ValueError(f"{key} is {value!r}, wanted {_KINDS[kinds[key]]}")
    choices = {"origin": (0, 1), "protocol": get_args(Protocol), "reader": get_args(Reader)}
    choices |= {"measures": get_args(Measures)}
    for key, known in choices.items():
        if data.get(key, known[0]) not in known:
            raise ValueError(f"{key} is {data[key]!r}, wanted one of {', '.join(map(repr, known))}")
    if data.get("tags") and "{tag}" not in data.get("tag_file", ""):
        raise ValueError("tags without tag_file, which says with {tag} where their numbers stand")
    layouts = tuple(_layout(row) for row in data["layouts"])
    attributes = data.get("attributes", {})
    for form in (*data.get("absent", ()), data.get("restarts", ""), attributes.get("file", "")):
        _check_form(form, *_PLACES)
    _check_form(data.get("tag_file", ""), *_PLACES, "tag")
    for form in (form for layout in layouts for form in layout.groundtruth):
        if data.get("reader") != "oxuva" and "{folder}" not in form and "{name}" not in form:
            raise ValueError(f"{form!r} holds neither {{folder}} nor {{name}}, which stand for a sequence")
    return Benchmark(
        name=name,
        aliases=tuple(data.get("aliases", ())),
        site=data.get("site", "its publisher"),
        download=data.get("download", name),
        origin=data["origin"],
        protocol=data.get("protocol", "ope"),
        server=data.get("server", False),
        reader=data.get("reader", "boxes"),
        measures=data.get("measures", "overlap"),
        fps=data.get("fps"),
        folders=tuple(dict.fromkeys((*data.get("folders", ("",)), name))),
        layouts=(*layouts, replace(LOOSE, digits=layouts[0].digits)),
        pysot=tuple(data.get("pysot", ())),
        probe=data.get("probe", {}),
        attribute_file=attributes.get("file"),
        attribute_names=tuple(attributes.get("names", "").split()),
        absent=tuple(data.get("absent", ())),
        tag_file=data.get("tag_file", ""),
        tags={tag: _checked(Bounds, bounds, f"tag {tag}") for tag, bounds in data.get("tags", {}).items()},
        restarts=data.get("restarts"),
        count=data.get("count"),
        rows=tuple(_rows(data, groups)),
    )


def _layout(data: dict[str, Any]) -> Layout:
    given: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
    layout = _checked(Layout, given, "layout")
    for form in (*layout.groundtruth, *layout.images):
        _check_form(form, *_PLACES)
    return layout


def _checked(kind: Any, given: dict[str, Any], what: str) -> Any:
    """One of a dataclass, of keys that it has."""
    known = [one.name for one in fields(kind)]
    for key in given:
        if key not in known:
            raise ValueError(f"{what}: unknown key {key!r}{hint(key, known)}")
    return kind(**given)


def _check_form(form: str, *known: str) -> None:
    """Raise a ValueError where a path holds another place to fill in than those that are known."""
    try:
        places = [place for _, place, _, _ in Formatter().parse(form) if place is not None]
    except ValueError as error:
        raise ValueError(f"{form!r} is no path: {error}") from None
    for place in places:
        if place not in known:
            choice = ", ".join(f"{{{one}}}" for one in known)
            raise ValueError(f"{form!r} holds {{{place}}}, where {choice} can stand")


def _rows(data: dict[str, Any], groups: dict[str, Any]) -> list[Row]:
    if "numbered" in data:
        table: Any = [data["numbered"] % number for number in range(1, data["count"] + 1)]
    else:
        table = groups.get(data.get("sequences", ""), {})
    if isinstance(table, list):
        table = {name: {} for name in table}
    return [_row(name, row, data) for name, row in table.items() if "in" not in data or data["in"] in row["in"].split()]


def _row(name: str, row: dict[str, Any], data: dict[str, Any]) -> Row:
    folder, target = row.get("folder", name), row.get("target")
    aliases = [*row.get("aliases", ()), *(form.format(name=name) for form in data.get("spellings", ()))]
    if target is not None:
        # got10k's dot, pytracking's underscore, vot-toolkit's nothing.
        aliases += [f"{folder}{mark}{target}" for mark in "-_."] + [f"{folder}{target}"]
    if row.get("alone"):
        aliases.append(folder)
    first, last = row.get("frames", (None, None))
    if first is not None and "every" in data:
        step = data["every"]
        count = -(-(last - first + 1) // step)
        first = (first - 1) // step + 1
        last = first + count - 1
    length = row.get("length") if data.get("lengths", True) else None
    return Row(
        name=name,
        folder=folder,
        mark="" if target is None else f".{target}",
        alone=row.get("alone", False),
        first=first,
        last=last,
        annotated_from=row.get("annotated_from"),
        length=last - first + 1 if first is not None else length,
        attributes=tuple(row.get("attributes", "").split()),
        aliases=tuple(alias for alias in aliases if alias != name),
    )
