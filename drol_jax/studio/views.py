"""What the page is told of a session, as plain values."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drol_jax.config import Hyper
from drol_jax.studio.project import Seen, Subject
from drol_jax.studio.session import Session
from drol_jax.studio.trackers import SLIDERS
from drol_jax.tracks.table import TargetState

STATES = [state.value for state in TargetState]
"""States as the page numbers them."""


def view(session: Session, defaults: Hyper) -> dict[str, Any]:
    """All but the tracks: targets, settings, what is under way.

    Args:
      defaults: scalars of the setup's own configuration.
    """
    project = session.project
    video, setup = project.video, project.setup
    return {
        "version": session.version,
        "rows": session.rows_version,
        "video": {
            "name": video.name,
            "width": video.width,
            "height": video.height,
            "rate": float(video.rate or 25),
            "frames": video.frames,
        },
        "targets": [_subject(subject) for subject in project.subjects],
        "setup": {
            "config": setup.config,
            "online": setup.online,
            "hyper": {name: setup.hyper.get(name, float(getattr(defaults, name))) for name in SLIDERS},
            "changed": sorted(setup.hyper),
        },
        "doing": session.doing,
        "at": session.at,
        "trouble": session.trouble,
        "undo": session.can_undo,
        "redo": session.can_redo,
        "run": Path(project.result).parent.name,
        "compared": project.beside if any(subject.beside for subject in project.subjects) else "",
    }


def tracks(session: Session) -> dict[str, Any]:
    """All tracks, and those kept beside them."""
    return {
        "rows": session.rows_version,
        "tracks": {s.name: [_row(seen) for _, seen in sorted(s.track.items())] for s in session.project.subjects},
        "beside": {s.name: [_row(seen) for _, seen in sorted(s.beside.items())] for s in session.project.subjects},
    }


def news(found: list[Mapping[str, Seen]]) -> list[list[Any]]:
    """Rows that a pass added, each with its target's name in front."""
    return [[name, *_row(seen)] for told in found for name, seen in told.items()]


def _subject(subject: Subject) -> dict[str, Any]:
    return {
        "name": subject.name,
        "colour": subject.colour,
        "between": subject.between,
        "keyframes": [
            {"frame": frame, "box": list(one.box), "template": one.template} for frame, one in subject.keyframes.items()
        ],
    }


def _row(seen: Seen) -> list[Any]:
    """[frame, box or null, confidence, state, verdict, online score, refitted, template], rounded."""
    row = seen.row
    return [
        row.frame,
        None if row.box is None else [round(side, 2) for side in row.box],
        round(row.confidence, 4),
        STATES.index(row.state.value),
        seen.verdict,
        None if seen.online_score is None else round(seen.online_score, 4),
        int(seen.refitted),
        seen.template,
    ]
