"""What made a tracker's results, and how fast: from its manifests, or the files of times that other toolkits keep."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from drol_jax.errors import UserError
from drol_jax.report.scores import TrackerScores
from drol_jax.results.formats import read_times
from drol_jax.results.manifest import manifest_of

FACTS = ("tracker", "seed", "weights_hash")


@dataclass(frozen=True)
class Speed:
    """Over all timed frames."""

    frames: int
    seconds: float
    compile_seconds: float | None
    """None where nobody wrote it down."""

    @property
    def fps(self) -> float:
        """Frames a second, compilation excluded."""
        return self.frames / self.seconds


@dataclass(frozen=True)
class Origin:
    """One folder's manifest."""

    folder: str
    facts: tuple[tuple[str, str], ...]
    """Seed, weights' hash, versions, device, as (what, value); several environments follow each other."""
    settings: str
    """All settings, as JSON."""


def origins(scores: TrackerScores) -> list[Origin]:
    """The manifests of a tracker's folders; folders of other programs have none."""
    found = []
    for folder in scores.folders:
        manifest = manifest_of(Path(folder))
        if manifest is None:
            continue
        settings = manifest["settings"]
        facts = [(key, str(settings[key])) for key in FACTS if key in settings]
        # The process that hands out work to others is noted too, and may have tracked nothing.
        used = {row["environment"] for row in manifest["sequences"].values()}
        environments = [one for number, one in enumerate(manifest["environments"]) if number in used]
        for number, environment in enumerate(environments):
            mark = f" ({number + 1})" if len(environments) > 1 else ""
            facts += [(key + mark, str(value)) for key, value in environment.items()]
        hosts = Counter(row["host"] for row in manifest["sequences"].values() if "host" in row)
        if len(hosts) > 1:
            facts += [(f"runs on {host}", str(count)) for host, count in sorted(hosts.items())]
        found.append(Origin(folder, tuple(facts), json.dumps(settings, indent=1, sort_keys=True)))
    return found


def speed(scores: TrackerScores) -> Speed | None:
    """How fast a tracker was, by its manifests or else its files of times; None where neither says."""
    manifests = [m for f in scores.folders if (m := manifest_of(Path(f))) is not None]
    rows = [row for manifest in manifests for row in manifest["sequences"].values()]
    frames, seconds = sum(row["frames"] for row in rows), sum(row["track_seconds"] for row in rows)
    if seconds > 0:
        return Speed(frames, seconds, sum(row["compile_seconds"] for row in rows))
    frames, seconds = 0, 0.0
    for path in (path for runs in scores.files.values() for path in runs.values()):
        try:
            times = read_times(path)
        except UserError:  # a broken file of times costs no score, and no page
            continue
        if times is not None:
            # Zero is what toolkits write where nothing ran.
            times = times[np.isfinite(times) & (times > 0)]
            frames, seconds = frames + len(times), seconds + float(times.sum())
    return Speed(frames, seconds, None) if seconds > 0 else None
