"""Training files: YAML on disk -> `TrainSettings`, read strictly.

`configs/train/NAME.yaml` names the tracker configuration that is trained, where pairs come from, and how the network
learns. Whatever is absent has its default.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, create_model

from drol_jax.errors import UserError
from drol_jax.settings.places import Source
from drol_jax.settings.yaml_file import plain, read_mapping, unfit
from drol_jax.system.names import hint
from drol_jax.system.resources import data_path
from drol_jax.train.features import FeatureSettings
from drol_jax.train.losses import LossSettings
from drol_jax.train.optimiser import OptimiserSettings, ScheduleSettings
from drol_jax.train.pairs.procedural import ProceduralSettings
from drol_jax.train.pairs.reused import ReuseSettings
from drol_jax.train.sources import SourceSettings, source_complaints
from drol_jax.train.teacher import TeacherSettings


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings:
    """Tracking while training: sequences of Synth, drawn from other seeds than the benchmark's, subnet off."""

    minutes: float = 0.0
    """Minutes between two evaluations; 0: only at the end."""
    seeds: tuple[int, ...] = (1000,)
    """What the sequences are rendered from; none: no evaluation at all."""
    sequences: tuple[str, ...] = ()
    """Names of Synth's sequences; none: all."""


@dataclass(frozen=True, kw_only=True)
class TrainSettings:
    """A run as its file gives it."""

    name: str
    config: str
    """The tracker configuration that is trained: a name or a YAML file, from the working directory."""
    sources: tuple[SourceSettings, ...] = (SourceSettings(procedural=ProceduralSettings()),)
    """Where pairs come from; a batch is of one of them."""
    features: FeatureSettings | None = None
    """Run the backbone once over so many pairs, keep its outputs, and train what stands on it; `schedule.release` is 1
    then. None: pairs are fresh in every step."""
    reuse: ReuseSettings = field(default_factory=ReuseSettings)
    """How often each batch of pairs is used, mirrored and recoloured."""
    teacher: TeacherSettings | None = None
    """Whose answers to the pairs are learned beside the truth; the weights in `loss` say how much the truth counts."""
    batch_size: int = 16
    """Pairs in a step, over all devices."""
    steps: int | None = None
    """Steps of the optimiser. One of steps and budget is given."""
    budget: str | None = None
    """Wall time, such as 2h, 90m or 1h30m, from which the number of steps is worked out once, at the beginning."""
    seed: int = 0
    """Seed of the first weights, the pairs and the draws."""
    initial: str | None = None
    """Weights to begin with: bundled ones by name, a folder or a file; none: random ones."""
    initial_backbone: str | None = None
    """Weights whose backbone alone to begin with, in place of `initial`; their head may be of any kind."""
    loss: LossSettings = field(default_factory=LossSettings)
    optimiser: OptimiserSettings = field(default_factory=OptimiserSettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
    average: float = 0.999
    """Share of the averaged weights, which are what is saved, that a step keeps; 0: the last step's weights."""
    evaluation: EvaluationSettings = field(default_factory=EvaluationSettings)
    log_steps: int = 20
    """Steps that a line of the log is the mean of."""
    checkpoint_minutes: float = 5.0
    """Minutes between two checkpoints."""


UNCOUNTED = ("name", "steps", "budget", "evaluation", "log_steps", "checkpoint_minutes")
"""Settings that may change when a run goes on, or that the run's folder holds by another name."""

_STRICT = ConfigDict(extra="forbid", strict=True)
_FACTORIES = {f.name: f.default_factory for f in fields(TrainSettings) if callable(f.default_factory)}
_File: type[BaseModel] = create_model(
    "_File",
    __config__=_STRICT,
    **{  # pyright: ignore[reportArgumentType, reportCallIssue]
        f.name: (
            (str | None, None)
            if f.name == "name"
            else (f.type, _FACTORIES[f.name]() if f.name in _FACTORIES else f.default if f.name != "config" else ...)
        )
        for f in fields(TrainSettings)
    },
)


def available() -> list[str]:
    """Names of the training files that come with drol_jax, sorted."""
    return sorted(path.stem for path in (data_path("configs") / "train").glob("*.yaml"))


def load_train_settings(name_or_path: str | Path) -> TrainSettings:
    """A bundled training file by name, or one by path.

    Raises:
      UserError: no such file; an unknown key; a value of the wrong type or out of range.
    """
    path = Path(name_or_path)
    if str(name_or_path) in available():
        path = data_path("configs") / "train" / f"{name_or_path}.yaml"
    elif not path.is_file():
        names = ", ".join(available())
        raise UserError(f"no training file {str(name_or_path)!r}: name a bundled one ({names}) or a YAML file")
    wanted = "a training file is a YAML mapping with at least config, and steps or budget"
    tree, source = read_mapping(path, wanted)
    return from_dict(tree, path.stem, source)


def from_dict(
    tree: Mapping[str, Any], default_name: str = "unnamed", source: str | Source = "settings"
) -> TrainSettings:
    """Settings from the content of a training file, or from what `plain` gave of them.

    Raises:
      UserError: as `load_train_settings`.
    """
    source = source if isinstance(source, Source) else Source(source)
    if bad := unfit(tree):
        raise source.error(*((key, f"{key} {words}") for key, words in bad))
    try:
        parsed = _File.model_validate_json(json.dumps(tree))
    except ValidationError as error:
        raise source.error(*(_explain(detail) for detail in error.errors(include_url=False))) from error
    values = {name: getattr(parsed, name) for name in type(parsed).model_fields}
    settings = TrainSettings(**{**values, "name": values["name"] or default_name})
    if wrong := list(_complaints(settings)):
        raise source.error(*((words.split()[0].rstrip(":"), words) for words in wrong))  # each begins with its key
    return settings


def seconds_of(budget: str) -> float:
    """Seconds of a span such as 90s, 45m, 2h or 1h30m.

    Raises:
      UserError: it is none, or nothing.
    """
    match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?", budget.strip())
    found = 0.0
    if match is not None:
        found = sum(float(part or 0) * unit for part, unit in zip(match.groups(), (3600, 60, 1), strict=True))
    if found <= 0:
        raise UserError(f"{budget!r} is no span of time; write it as 90s, 45m, 2h or 1h30m")
    return found


def different(theirs: Mapping[str, Any], ours: Mapping[str, Any], path: str = "") -> list[str]:
    """Settings in which two runs differ, each with both values, as a clause."""
    found = []
    for key in {**ours, **theirs}:
        a, b, name = theirs.get(key), ours.get(key), f"{path}{key}"
        if isinstance(a, Mapping) and isinstance(b, Mapping):
            found += different(a, b, f"{name}.")
        elif a != b:
            found.append(f"{name} is {a!r} there, {b!r} here")
    return found


def counted(settings: TrainSettings) -> dict[str, Any]:
    """The settings that decide a run's numbers, as plain data."""
    return {key: value for key, value in plain(settings).items() if key not in UNCOUNTED}


def _complaints(settings: TrainSettings) -> Iterator[str]:
    if (settings.steps is None) == (settings.budget is None):
        yield "steps or budget must be given, and not both"
    if settings.initial is not None and settings.initial_backbone is not None:
        yield "initial and initial_backbone exclude each other; drop one"
    if settings.features is not None and settings.schedule.release != 1:
        yield f"schedule.release is {settings.schedule.release!r}, wanted 1 with features: the backbone cannot learn"
    if settings.features is not None and (settings.teacher is not None or settings.reuse.times > 1):
        yield "features exclude teacher and reuse, which need images; leave one out"
    if settings.budget is not None:
        seconds_of(settings.budget)
    positive = {
        "batch_size": settings.batch_size,
        "steps": 1 if settings.steps is None else settings.steps,
        "optimiser.rate": settings.optimiser.rate,
        "optimiser.clip": settings.optimiser.clip,
        "schedule.final": settings.schedule.final,
        "loss.positives": settings.loss.positives,
        "loss.negatives": settings.loss.negatives,
        "loss.mask_cells": settings.loss.mask_cells,
        "loss.response_scale": settings.loss.response_scale,
        "log_steps": settings.log_steps,
        "reuse.times": settings.reuse.times,
        "reuse.apart": settings.reuse.apart,
        "teacher.temperature": 1 if settings.teacher is None else settings.teacher.temperature,
        "checkpoint_minutes": settings.checkpoint_minutes,
    }
    yield from (f"{key} is {value!r}, wanted a positive number" for key, value in positive.items() if value <= 0)
    shares = {
        "average": settings.average,
        "optimiser.momentum": settings.optimiser.momentum,
        "schedule.warmup": settings.schedule.warmup,
        "schedule.warmup_from": settings.schedule.warmup_from,
        "schedule.final": settings.schedule.final,
        "schedule.release": settings.schedule.release,
        "teacher.by_block": 0 if settings.teacher is None else settings.teacher.by_block,
        "loss.hard": settings.loss.hard,
        "loss.positive_overlap": settings.loss.positive_overlap,
        "loss.negative_overlap": settings.loss.negative_overlap,
    }
    yield from (f"{key} is {value!r}, wanted 0 to 1" for key, value in shares.items() if not 0 <= value <= 1)
    if shares["loss.positive_overlap"] < shares["loss.negative_overlap"]:
        yield "loss.positive_overlap is under loss.negative_overlap: anchors between would be both, wanted no less"
    for key in ("average", "optimiser.momentum"):
        if shares[key] == 1:
            yield f"{key} is 1, wanted less: nothing would ever change"
    rates = {f"optimiser.rates.{key}": value for key, value in settings.optimiser.rates.items()}
    least = {
        **rates,
        "optimiser.weight_decay": settings.optimiser.weight_decay,
        "evaluation.minutes": settings.evaluation.minutes,
        "loss.negatives_without": settings.loss.negatives_without,
        "loss.cls_weight": settings.loss.cls_weight,
        "loss.loc_weight": settings.loss.loc_weight,
        "loss.mask_weight": settings.loss.mask_weight,
        "loss.radius": settings.loss.radius,
    }
    if settings.teacher is not None:
        least |= {f"teacher.{key}": getattr(settings.teacher, key) for key in ("maps", "boxes", "features")}
    yield from (f"{key} is {value!r}, wanted 0 or more" for key, value in least.items() if value < 0)
    if not 0 <= settings.seed < 2**31:
        yield f"seed is {settings.seed!r}, wanted 0 to {2**31 - 1}"
    yield from source_complaints(settings.sources, settings.evaluation.seeds)
    if 0 in settings.evaluation.seeds or min(settings.evaluation.seeds, default=1) < 0:
        yield "evaluation.seeds hold one under 1: seed 0 is the benchmark's own, which training must not look at"


def _explain(detail: Any) -> tuple[str, str]:
    """One of pydantic's complaints: the key, and a clause that names it, the value and what is wanted."""
    place = [str(part) for part in detail["loc"]]
    key = ".".join(place)
    return key, _clause(detail, place, key)


def _clause(detail: Any, place: list[str], key: str) -> str:
    if detail["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"unknown key {key}{_nearest(place)}"
    if detail["type"] == "missing":
        return f"key {key} is missing; add it"
    wanted = str(detail["msg"]).removeprefix("Input should be ").removesuffix("an object")
    return f"{key} is {detail['input']!r}, wanted {wanted or 'a mapping of settings'}"


def _nearest(place: list[str]) -> str:
    kind: Any = TrainSettings
    for part in place[:-1]:
        if not part.isdigit():  # the place in a list: the step before went to its elements
            kind = {f.name: f.type for f in fields(kind)}.get(part)
            kind = next((one for one in get_args(kind) if is_dataclass(one)), kind)
        if not is_dataclass(kind):
            return ""
    return hint(place[-1], {f.name: ".".join([*place[:-1], f.name]) for f in fields(kind)})


def revalidated(settings: TrainSettings) -> TrainSettings:
    """The settings, once more checked after some were replaced.

    Raises:
      UserError: one makes no sense.
    """
    return from_dict(plain(settings), settings.name, f"training file {settings.name} with these arguments")
