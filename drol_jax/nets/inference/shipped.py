"""Surveys of the networks of configurations that come with drol_jax: what a first start would trace to learn."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from drol_jax.config import ModelConfig
from drol_jax.nets.inference.facts import ConvFacts, Survey
from drol_jax.system.code import code_hash
from drol_jax.system.resources import PACKAGE

FOLDER = Path(__file__).with_name("surveys")
CODE = "code.txt"
"""Beside the surveys: a hash of what describes and builds networks."""


def shipped(config: ModelConfig, folder: Path = FOLDER) -> Survey | None:
    """The survey of a network that ships; None of another, and where the networks' code is not what it was made of."""
    with suppress(Exception):  # lost or damaged in any way it is as good as none: the trace tells the same
        if (folder / CODE).read_text(encoding="utf-8") == _code():
            return _survey(json.loads(_file(config, folder).read_text(encoding="utf-8")))
    return None


def ship(surveys: Mapping[ModelConfig, Survey], folder: Path = FOLDER) -> None:
    """Have these surveys ship, and no others: a file of each."""
    folder.mkdir(exist_ok=True)
    (folder / CODE).write_text(_code(), encoding="utf-8")
    for earlier in folder.glob("*.json"):
        earlier.unlink()
    for config, survey in surveys.items():
        told = {
            "shapes": {"/".join(path): shape for path, shape in survey.shapes.items()},
            "norms": {"/".join(path): "/".join(norm) for path, norm in survey.norms.items()},
            "searched": {"/".join(path): asdict(facts) for path, facts in survey.searched.items()},
        }
        _file(config, folder).write_text(json.dumps(told) + "\n", encoding="utf-8")


def _survey(told: Any) -> Survey:
    return Survey(
        shapes={_path(name): tuple(shape) for name, shape in told["shapes"].items()},
        norms={_path(name): _path(norm) for name, norm in told["norms"].items()},
        searched={_path(name): ConvFacts(**facts) for name, facts in told["searched"].items()},
    )


def _file(config: ModelConfig, folder: Path) -> Path:
    return folder / f"{hashlib.sha256(repr(config).encode()).hexdigest()[:16]}.json"


def _code() -> str:
    return "".join(f"{room} {code_hash(package=PACKAGE / room)}\n" for room in ("config", "nets"))


def _path(name: str) -> tuple[str, ...]:
    return tuple(name.split("/"))
