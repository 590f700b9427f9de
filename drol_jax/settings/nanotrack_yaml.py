"""NanoTrack's own configuration files (models/config/*.yaml of HonglinChu/SiamTrackers), translated into our layout.

They are PySOT's with other sections. Its files of version 1 and 2 describe one and the same network, though the heads
differ: what tells them apart is the tracker's numbers, as published. What a tracker never reads is accepted and has no
effect; absent keys have the defaults of its `nanotrack/core/config.py`.
"""

from collections.abc import Mapping
from typing import Any

from drol_jax.settings.places import Source
from drol_jax.system.names import hint

TRACKER = "NanoTracker"
TRACK: dict[str, tuple[str, Any]] = {
    "EXEMPLAR_SIZE": ("search.exemplar_size", 127),
    "INSTANCE_SIZE": ("search.instance_size", 255),
    "CONTEXT_AMOUNT": ("search.context_amount", 0.5),
    "PENALTY_K": ("hyper.penalty_k", 0.16),
    "WINDOW_INFLUENCE": ("hyper.window_influence", 0.46),
    "LR": ("hyper.size_lr", 0.34),
}
"""Key of the section TRACK -> (our path, its default)."""
READ = {"TRACK": {*TRACK, "TYPE", "BASE_SIZE", "OUTPUT_SIZE"}, "POINT": {"STRIDE"}, "BAN": {"BAN", "TYPE", "KWARGS"}}
"""Keys of the sections that a tracker reads; BASE_SIZE only beside OUTPUT_SIZE, which says the same."""
SECTIONS = (*READ, "META_ARC", "CUDA", "BACKBONE", "ADJUST", "TRAIN", "DATASET", "MASK")
VERSIONS = {(0.148, 0.462, 0.39): "points_v1", (0.15, 0.49, 0.385): "points_v2"}
"""Penalty, window and rate of the published files -> the head that they are of."""
NAMES = {"model.backbone": "BACKBONE.TYPE", "model.head": "BAN.TYPE", "search.stride": "POINT.STRIDE"}
"""Our path -> NanoTrack's key, for messages."""


def is_nanotrack(tree: Mapping[str, Any]) -> bool:
    """Whether a file in PySOT's layout is NanoTrack's: it has a BAN head, or its tracker."""
    track = tree.get("TRACK")
    return "BAN" in tree or (isinstance(track, Mapping) and track.get("TYPE") == TRACKER)


def translate_nanotrack(tree: Mapping[str, Any], source: Source) -> tuple[dict[str, Any], dict[str, str]]:
    """A configuration of NanoTrack in our layout, and for messages its key of every path.

    Raises:
      UserError: an unknown key, another tracker of that kind, or a head whose version cannot be told.
    """
    for section in tree:
        if section not in SECTIONS:
            raise source.error((section, f"unknown key {section}{hint(section, SECTIONS)}"))
    for section, keys in READ.items():
        for key in _section(tree, section, source):
            if key not in keys:
                raise source.error((f"{section}.{key}", f"unknown key {section}.{key}{hint(key, keys)}"))
    track = _section(tree, "TRACK", source)
    if track.get("TYPE", TRACKER) != TRACKER:
        raise source.error(("TRACK.TYPE", f"TRACK.TYPE is {track['TYPE']!r}; with a BAN head only {TRACKER} is here"))
    stride = _section(tree, "POINT", source).get("STRIDE", 8)
    backbone = _section(tree, "BACKBONE", source).get("TYPE")
    values = {path: track.get(key, default) for key, (path, default) in TRACK.items()}
    ours: dict[str, Any] = {
        "model": {"backbone": backbone, "head": _head(backbone, values, source)},
        "search": {"stride": stride},
        "hyper": {},
        "online": {"enabled": False},
    }
    for path, value in values.items():
        section, _, key = path.partition(".")
        ours[section][key] = value
    numbers = (values["search.exemplar_size"], values["search.instance_size"], stride, track.get("OUTPUT_SIZE", 16))
    if all(type(number) is int and number > 0 for number in numbers):
        exemplar, instance, stride, output = numbers
        ours["search"]["base_size"] = output - ((instance - exemplar) // stride + 1)
    return ours, NAMES | {path: f"TRACK.{key}" for key, (path, _) in TRACK.items()}


def _head(backbone: Any, values: Mapping[str, Any], source: Source) -> str:
    if backbone == "mobilenetv3_small_v3":
        return "points_v3"
    if backbone != "mobilenetv3_small":
        known = "mobilenetv3_small, mobilenetv3_small_v3"
        raise source.error(("BACKBONE.TYPE", f"BACKBONE.TYPE is {backbone!r}; supported: {known}"))
    numbers = tuple(values[f"hyper.{key}"] for key in ("penalty_k", "window_influence", "size_lr"))
    if numbers not in VERSIONS:
        told = (
            "NanoTrack's files do not say whether a head is of version 1 or 2, and these numbers are of neither; take "
            "--config nanotrack_v1 or nanotrack_v2, and change the numbers in a copy of its file"
        )
        raise source.error(("TRACK", told))
    return VERSIONS[numbers]


def _section(tree: Mapping[str, Any], name: str, source: Source) -> Mapping[str, Any]:
    content = tree.get(name, {})
    if not isinstance(content, Mapping):
        raise source.error((name, f"{name} is {content!r}, wanted a mapping of settings"))
    return content
