"""Named configurations: YAML on disk -> `Settings`, read strictly.

A file has the keys name, seed, weights, fidelity, precision, published, model, search, online, template, long_term,
confidence and hyper; `model` and `hyper` are required, whatever is absent has the default of `drol_jax.config`. PySOT's
and DROL's own YAML files load as they are (`drol_jax.settings.pysot_yaml`).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from pathlib import Path
from typing import Annotated, Any, get_args

from annotated_types import Interval
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from drol_jax.config import (
    ConfidenceConfig,
    Config,
    Fidelity,
    Hyper,
    LongTermConfig,
    ModelConfig,
    OnlineConfig,
    Precision,
    SearchConfig,
    TemplateConfig,
)
from drol_jax.errors import UserError
from drol_jax.settings.checks import Complaint, complaints, model_complaints
from drol_jax.settings.places import Source
from drol_jax.settings.pysot_yaml import is_pysot, translate, translate_model
from drol_jax.settings.yaml_file import plain, read_mapping, unfit
from drol_jax.system.names import hint
from drol_jax.system.resources import configurations as available
from drol_jax.system.resources import data_path


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A configuration as its file gives it: everything about a tracker but its weights' numbers."""

    name: str
    config: Config
    hyper: Hyper  # plain Python numbers
    seed: int = 0
    weights: str | None = None
    """Bundled weights by name, or a folder; used where the caller names none."""
    published: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Published scores by benchmark, such as {"OTB100": {"auc": 0.689, "precision": 0.914}}."""


LIMITS = {
    "greater_than": "more than {gt:g}",
    "greater_than_equal": "{ge:g} or more",
    "less_than": "less than {lt:g}",
    "less_than_equal": "at most {le:g}",
    "too_short": "{min_length} or more of them",
}
"""Pydantic's complaints about limits, as what is wanted."""
_STRICT = ConfigDict(extra="forbid", strict=True)
# `Hyper` takes arrays too: what a file may hold, and within which limits, is the second part of its annotations.
_HyperFile: type[BaseModel] = create_model(
    "_HyperFile",
    __config__=_STRICT,
    **{  # pyright: ignore[reportArgumentType, reportCallIssue]
        f.name: (get_args(f.type)[1], ... if f.default is MISSING else f.default) for f in fields(Hyper)
    },
)


class _File(BaseModel):
    """The YAML layout. The strict configuration also governs the nested plain dataclasses."""

    model_config = _STRICT
    name: str | None = None
    seed: Annotated[int, Interval(ge=0, le=2**32 - 1)] = 0
    weights: str | None = None
    fidelity: Fidelity = "published"
    precision: Precision = "float32"
    published: dict[str, dict[str, float]] = {}
    model: ModelConfig
    search: SearchConfig = SearchConfig()
    online: OnlineConfig = OnlineConfig()
    template: TemplateConfig = TemplateConfig()
    long_term: LongTermConfig = LongTermConfig()
    confidence: ConfidenceConfig | None = None
    hyper: _HyperFile  # pyright: ignore[reportInvalidTypeForm]


class _ModelFile(BaseModel):
    model_config = _STRICT
    model: ModelConfig


_SECTIONS: dict[str, list[str]] = {
    "model": [f.name for f in fields(ModelConfig)],
    "search": [f.name for f in fields(SearchConfig)],
    "online": [f.name for f in fields(OnlineConfig)],
    "template": [f.name for f in fields(TemplateConfig)],
    "long_term": [f.name for f in fields(LongTermConfig)],
    "confidence": [f.name for f in fields(ConfidenceConfig)],
    "hyper": [f.name for f in fields(Hyper)],
}


def load_settings(name_or_path: str | Path) -> Settings:
    """A bundled configuration by name, or one from a YAML file (ours, PySOT's or DROL's).

    A bundled name wins over a file of that very name in the working directory; write ./name for the file.

    Raises:
      UserError: no such configuration; an unknown key; a value of the wrong type, out of range or not supported.
    """
    path = _find(name_or_path)
    # PySOT calls every file config.yaml and tells them apart by folder.
    default_name = path.absolute().parent.name if path.stem == "config" else path.stem
    tree, source = read_mapping(path)
    return from_dict(tree, default_name=default_name, source=source)


def load_model(name_or_path: str | Path) -> ModelConfig:
    """The network alone of a configuration, whose tracker may be one that is not here: for converting weights.

    Args:
      name_or_path: as in `load_settings`.

    Raises:
      UserError: as `load_settings`, for what concerns the network.
    """
    path = _find(name_or_path)
    (tree, source), names = read_mapping(path), {}
    if is_pysot(tree):
        tree, names = translate_model(tree, source)
    model = _parsed(_ModelFile, {"model": tree["model"]} if "model" in tree else {}, names, source).model
    _complain(model_complaints(model), names, source)
    return model


def _find(name_or_path: str | Path) -> Path:
    path = Path(name_or_path)
    if str(name_or_path) in available():
        return data_path("configs") / f"{name_or_path}.yaml"
    if str(name_or_path).startswith("hf://"):
        raise UserError(
            f"{name_or_path} is an address of weights; give the configuration that they are of before it, as in "
            f'load("siamrpn_alex_tiny", "{name_or_path}"), or --config NAME --weights {name_or_path}'
        )
    if not path.exists():
        names = ", ".join(available())
        if path.suffix.lower() in (".yaml", ".yml") or len(path.parts) > 1:
            raise UserError(f"no configuration file {path}: check the path, or name a bundled one: {names}")
        raise UserError(
            f"no configuration named {str(name_or_path)!r}{hint(str(name_or_path), available())} "
            f"(all: {names}); a path to a YAML file works too"
        )
    if path.is_dir():
        raise UserError(f"{path} is a folder; give a YAML file, or name a bundled configuration")
    return path


def from_dict(tree: Mapping[str, Any], default_name: str = "unnamed", source: str | Source = "settings") -> Settings:
    """Settings from the content of a YAML file, or from what `to_dict` gave.

    Args:
      tree: plain data in our layout or PySOT's.
      default_name: the name where the tree holds none.
      source: what to call the tree in messages, or where its keys stand.

    Raises:
      UserError: as `load_settings`.
    """
    source = source if isinstance(source, Source) else Source(source)
    names: Mapping[str, str] = {}
    if is_pysot(tree):
        tree, names = translate(tree, source)
    parsed = _parsed(_File, tree, names, source)
    config = Config(
        model=parsed.model,
        search=parsed.search,
        online=parsed.online,
        template=parsed.template,
        long_term=parsed.long_term,
        confidence=parsed.confidence,
        fidelity=parsed.fidelity,
        precision=parsed.precision,
    )
    hyper = Hyper(**parsed.hyper.model_dump())
    _complain(complaints(config, hyper), names, source)
    return Settings(
        name=parsed.name or default_name,
        config=config,
        hyper=hyper,
        seed=parsed.seed,
        weights=parsed.weights,
        published=parsed.published,
    )


def to_dict(settings: Settings) -> dict[str, Any]:
    """The settings as plain data for manifests: JSON-able, and `from_dict` or a YAML file of it gives them back."""
    config = plain(replace(settings.config, parts=None))
    del config["parts"]  # no file can hold a function
    return {
        "name": settings.name,
        "seed": settings.seed,
        "weights": settings.weights,
        "fidelity": config.pop("fidelity"),
        "precision": config.pop("precision"),
        "published": plain(settings.published),
        **config,
        "hyper": plain(settings.hyper),
    }


def without_online(settings: Settings) -> Settings:
    """The same tracker without the online subnet, and so without the short-term template that it chooses."""
    config = replace(
        settings.config,
        online=replace(settings.config.online, enabled=False),
        template=replace(settings.config.template, update=False),
    )
    return replace(settings, config=config)


def _parsed(kind: type[BaseModel], tree: Any, names: Mapping[str, str], source: Source) -> Any:
    """The tree as the layout has it; every mistake in one line."""
    if bad := unfit(tree):
        found = [(names.get(key, key), words) for key, words in bad]
        raise source.error(*((key, f"{key} {words}") for key, words in found))
    try:
        # Through JSON, because pydantic's strict mode takes a list for a tuple there.
        return kind.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        raise source.error(*(_explain(detail, names) for detail in error.errors(include_url=False))) from error


def _complain(found: Iterable[Complaint], names: Mapping[str, str], source: Source) -> None:
    named = [(names.get(key, key), value, wanted) for key, value, wanted in found]
    if named:
        raise source.error(*((key, f"{key} is {value!r}, wanted {wanted}") for key, value, wanted in named))


def _explain(detail: Any, names: Mapping[str, str]) -> tuple[str, str]:
    """One of pydantic's complaints: the key, and a clause that names it, the value and what is wanted."""
    place = [str(part) for part in detail["loc"]]
    key = _key(place, names)
    return key, _clause(detail, place, key)


def _clause(detail: Any, place: list[str], key: str) -> str:
    if detail["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key {key}{_nearest_key(place)}"
    if detail["type"] == "missing":
        return f"key {key} is missing; add it"
    if detail["type"] in LIMITS:
        return f"{key} is {detail['input']!r}, wanted {LIMITS[detail['type']].format(**detail['ctx'])}"
    wanted = str(detail["msg"]).removeprefix("Input should be ").removesuffix("an object")
    wanted = wanted or "a mapping of settings"
    return f"{key} is {detail['input']!r}, wanted {wanted}"


def _key(place: list[str], names: Mapping[str, str]) -> str:
    """A setting's path under the name that the file has for it; the place in a list in brackets."""
    whole = [part for part in place if not part.isdigit()]
    path = ".".join(whole)
    return names.get(path, path) + "".join(f"[{part}]" for part in place if part.isdigit())


def _nearest_key(place: list[str]) -> str:
    if len(place) < 2:
        return hint(place[-1], [*_File.model_fields])
    # A key that exists, but in another section, is what was meant.
    for section, keys in _SECTIONS.items():
        if place[-1] in keys:
            return hint(place[-1], {place[-1]: f"{section}.{place[-1]}"})
    keys = _SECTIONS.get(place[0], place[-1:])
    return hint(place[-1], {key: f"{place[0]}.{key}" for key in keys})
