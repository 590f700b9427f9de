"""What makes a run of `drol-jax track` what it is, so that a repeated command goes on from it or is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from drol_jax.api import Tracker
from drol_jax.errors import UserError
from drol_jax.settings import load_settings
from drol_jax.tracking.cli import Arguments
from drol_jax.tracking.job import Job
from drol_jax.tracking.kept import kept_beside
from drol_jax.tracking.outputs import Wanted
from drol_jax.tracking.program import settings_of
from drol_jax.tracks.starts import Start

SETTINGS = load_settings("siamrpn_alex_tiny")
STARTS = [Start(0, "a", (10.0, 10.0, 20.0, 20.0))]


def tracker(settings=SETTINGS, weights="0123"):
    """One that is asked for its settings alone."""
    return Tracker(settings=settings, variables={}, hyper=settings.hyper, weights_hash=weights)


def begun(folder: Path) -> Job:
    """A run under way."""
    wanted = Wanted(folder=folder, stem="film", formats=("jsonl",), films=())
    job = Job(wanted=wanted, kept=kept_beside(folder, "film"), overwrite=False)
    job.prepare(settings_of(Arguments(source="film.mp4"), tracker(), STARTS))
    return job


def changed_network():
    return replace(SETTINGS, config=replace(SETTINGS.config, online=replace(SETTINGS.config.online, enabled=False)))


CHANGES = {
    "configuration": {"by": tracker(changed_network())},
    "weights": {"by": tracker(weights="4567")},
    "starts": {"starts": [Start(0, "a", (10.0, 10.0, 20.0, 21.0))]},
    "every": {"arguments": Arguments(source="film.mp4", every=2)},
    "source": {"arguments": Arguments(source="other.mp4")},
    "save": {"arguments": Arguments(source="film.mp4", save="csv")},
}


def test_the_same_command_goes_on(tmp_path):
    job = begun(tmp_path)
    before = job.begun()
    job.prepare(settings_of(Arguments(source="film.mp4"), tracker(load_settings("siamrpn_alex_tiny")), STARTS))
    assert job.begun() == before


@pytest.mark.parametrize(
    ("live", "overwrite", "words"),
    [
        (False, False, "the same command goes on from there"),
        (False, True, "the same command without --overwrite goes on from there"),
        (True, False, ""),
    ],
)
def test_what_goes_on_is_told_where_something_does(tmp_path, live, overwrite, words):
    wanted = Wanted(folder=tmp_path, stem="film", formats=("jsonl",), films=())
    kept = None if live else kept_beside(tmp_path, "film")
    assert Job(wanted=wanted, kept=kept, overwrite=overwrite).again == words


@pytest.mark.parametrize("name", CHANGES)
def test_a_run_of_other_settings_is_not_gone_on_with(tmp_path, name):
    job, change = begun(tmp_path), CHANGES[name]
    arguments = change.get("arguments", Arguments(source="film.mp4"))
    now = settings_of(arguments, change.get("by", tracker()), change.get("starts", STARTS))
    with pytest.raises(UserError, match=rf"with other settings \({name}\); choose another --output"):
        job.prepare(now)


def test_a_run_of_other_code_is_not_gone_on_with(tmp_path):
    job = begun(tmp_path)
    now = settings_of(Arguments(source="film.mp4"), tracker(), STARTS)
    with pytest.raises(UserError, match=r"with other settings \(code\)"):
        job.prepare({**now, "code": "another"})
    job.kept.begin({key: value for key, value in now.items() if key != "code"})  # as before code was told
    with pytest.raises(UserError, match=r"with other settings \(code\)"):
        job.prepare(now)
