"""What a run's sequence can be compared with: its groundtruth, and the other runs over it, from their files."""

from pathlib import Path

from drol_jax.errors import UserError
from drol_jax.results.manifest import manifest_of
from drol_jax.studio.film import Film
from drol_jax.studio.places import Places
from drol_jax.studio.project import Project, Track
from drol_jax.studio.runs import GROUNDTRUTH, images_of, is_run, read_result
from drol_jax.video.images import natural


def choices(project: Project, places: Places) -> list[str]:
    """The groundtruth, then the runs that lie in one folder with the project's own and tracked the same sequence.

    Empty where the project began with no run, or that is not in the folders any more.
    """
    own = _own(project, places)
    return [] if own is None else [GROUNDTRUTH, *(run.name for run in _runs(own, places))]


def beside(project: Project, film: Film, places: Places, what: str) -> dict[str, Track]:
    """The track of another run, or the groundtruth, by the target that it is of.

    Args:
      what: of `choices`.

    Raises:
      UserError: it is none of them, its files do not fit, or the run's target was removed or renamed.
    """
    own = _own(project, places)
    runs = [] if own is None else _runs(own, places)
    path = own if what == GROUNDTRUTH else next((run / own.name for run in runs if own and run.name == what), None)
    if path is None:
        known = ", ".join(choices(project, places)) or "nothing, as it was opened from no run"
        raise UserError(f"{what[:80]!r} is not there to be compared with; there is: {known}")
    result = read_result(path, places)
    name = _target(project, result.sequence.name)
    first = 0 if result.rendered is not None else images_of(result.sequence)[1]
    return {name: (result.true_track if what == GROUNDTRUTH else result.track)(film, name, first)}


def _target(project: Project, sequence: str) -> str:
    names = [subject.name for subject in project.subjects]
    if sequence in names or len(names) == 1:
        return sequence if sequence in names else names[0]
    raise UserError(f"none of the targets is called {sequence!r}, as the runs call theirs; undo, or open the run again")


def _own(project: Project, places: Places) -> Path | None:
    """The result file that the project began with; None where there is none in the folders."""
    try:
        path = places.inside(project.result) if project.result else None
    except UserError:
        return None
    return path if path is not None and path.is_file() and is_run(path) else None


def _runs(own: Path, places: Places) -> list[Path]:
    """Folders of the other runs over the sequence of a result file."""
    return [run for run in natural(own.parent.parent.iterdir()) if run != own.parent and _has(run, own, places)]


def _has(run: Path, own: Path, places: Places) -> bool:
    if not (is_run(run) and (run / own.name).is_file() and (run / "details" / f"{own.stem}.csv").is_file()):
        return False
    try:
        places.inside(run / own.name)
    except UserError:
        return False
    datasets = []
    for folder in (run, own.parent):
        manifest = manifest_of(folder)
        told = {} if manifest is None else manifest["settings"].get("dataset", {})
        datasets.append((told.get("name"), told.get("seed") or 0))
    return datasets[0] == datasets[1]
