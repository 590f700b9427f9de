"""Trackers of this library for the command line. Imports jax only when trackers are loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from drol_jax.errors import UserError
from drol_jax.eval import contestants
from drol_jax.eval.commands import tell
from drol_jax.eval.running import Runner
from drol_jax.results import environment

Fidelity = Literal["published", "exact"]  # that of drol_jax.config, which imports jax
DEFAULT_CACHE = Path("~/.cache/drol_jax")


@dataclass(frozen=True, kw_only=True)
class TrackingArguments:
    """What all commands that track can be told, besides what is tracked."""

    cache_dir: Path | None = None
    """Where compiled code is kept between runs. Default: ~/.cache/drol_jax."""
    no_cache: bool = False
    """Keep no compiled code."""
    fidelity: Fidelity | None = None
    """In place of the configuration's own: published keeps the quirks behind the published scores, exact has the
    method's geometry right. Results go to a folder of their own."""


class JaxBackend:
    """Trackers of this library. Imports jax when it is made, so that arguments are checked without it."""

    def __init__(self, arguments: TrackingArguments):
        self.fidelity: Fidelity | None = arguments.fidelity
        if arguments.no_cache and arguments.cache_dir is not None:
            raise UserError("--cache-dir and --no-cache exclude each other; drop one")
        folder = None if arguments.no_cache else _cache_folder(arguments.cache_dir)
        if folder is not None:
            import jax

            jax.config.update("jax_compilation_cache_dir", str(folder))
            # Every program counts: tracking compiles dozens of small ones beside the few large ones.
            jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)

    def load(self, config: str, weights: str | None, *, online: bool | None) -> tuple[contestants.Tracker, Runner]:
        from drol_jax.api import load
        from drol_jax.run import Runner

        tracker = load(config, weights, online=online, fidelity=self.fidelity)
        return tracker, Runner(tracker)

    def environment(self) -> Mapping[str, Any]:
        return environment()

    def vary(
        self, config: str, weights: str | None, variants: Mapping[str, Mapping[str, Mapping[str, Any]]]
    ) -> list[tuple[contestants.Tracker, Runner]]:
        from drol_jax.api import load
        from drol_jax.run import Runner
        from drol_jax.settings import from_dict, to_dict

        tracker = load(config, weights, online=True, fidelity=self.fidelity)
        made: list[Any] = []
        for name, changes in variants.items():
            tree = to_dict(tracker.settings)
            for section, values in changes.items():
                tree[section] = {**tree[section], **values}
            settings = from_dict({**tree, "name": f"{tracker.name}_{name}"}, source=f"{tracker.name}, {name}")
            variant = replace(tracker, settings=settings, hyper=settings.hyper.on_device())
            made.append((variant, Runner(variant, like=made[0][1] if made else None)))
        return made


def _cache_folder(asked: Path | None) -> Path | None:
    """The cache's folder, made where it does not exist; None, and a note, where the default one cannot be."""
    folder = (asked or DEFAULT_CACHE).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        trouble = f"cannot make the cache folder {folder} ({error.strerror})"
        if asked is not None:
            raise UserError(f"{trouble}; choose another --cache-dir or pass --no-cache") from error
        tell(f"note: {trouble}; compiled code is not kept (--cache-dir chooses a folder, --no-cache silences this)")
        return None
    return folder
