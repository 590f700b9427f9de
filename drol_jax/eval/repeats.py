"""Which of several results folders are repetitions of one tracker. Needs no jax."""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError
from drol_jax.report.columns import mean_of
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import TrackerScores
from drol_jax.results.manifest import manifest_of
from drol_jax.system.names import hint

Groups = Mapping[str, Sequence[str]]
"""Names of the results folders of each tracker, by what the tracker is called."""

_NUMBERED = re.compile(r"^(?P<name>.+?)_(?P<seed>s?)(?P<number>\d+)$")


def repeats(result: BenchmarkResult, asked: Groups | None = None) -> dict[str, list[TrackerScores]]:
    """Trackers from the best to the worst, each with its repetitions.

    Repetitions are told by our manifests, whose settings are equal but for the seed; else by names that count up: ours,
    NAME_s0 and NAME_s1, or run ids from 0 or 1 with equally many digits, NAME_000 and NAME_001. Any other number is
    part of a name: Net_256 and Net_384 are two trackers.

    Args:
      asked: the groups that there are, in place of all that; who is in none stands alone.

    Raises:
      UserError: a group names a tracker that is not there, or one that is in another.
    """
    groups = _told(result) if asked is None else _asked(result, asked)
    column = result.columns[0]

    def place(name: str) -> tuple[bool, float]:
        known = [value for one in groups[name] if (value := one.mean.get(column.key)) is not None]
        return column.place(mean_of(known))

    return {name: groups[name] for name in sorted(groups, key=place)}


def read_groups(words: Sequence[str]) -> Groups | None:
    """The groups that ``--runs`` names: "Net=Net_256,Net_384", or "apart" for none; None where it was not given.

    Raises:
      UserError: something else.
    """
    if not words:
        return None
    if list(words) == ["apart"]:
        return {}
    groups: dict[str, list[str]] = {}
    for word in words:
        name, equals, members = word.partition("=")
        some = [member.strip() for member in members.split(",") if member.strip()]
        if not equals or not name.strip() or not some or name.strip() in groups:
            raise UserError(f"--runs {word!r} names no group; give NAME=FOLDER,FOLDER once a group, or apart")
        groups[name.strip()] = some
    return groups


def _asked(result: BenchmarkResult, asked: Groups) -> dict[str, list[TrackerScores]]:
    by_name = {scores.name: scores for scores in result.ranked}
    groups, taken = {}, set()
    for name, members in asked.items():
        for member in members:
            if member not in by_name:
                raise UserError(f"--runs: there is no tracker {member!r} among the results{hint(member, by_name)}")
            if member in taken:
                raise UserError(f"--runs: {member} is in two groups; name it once")
            taken.add(member)
        groups[name] = [by_name[member] for member in members]
    alone = {name: [scores] for name, scores in by_name.items() if name not in taken}
    if both := groups.keys() & alone.keys():
        raise UserError(f"--runs: {sorted(both)[0]} is a tracker that is in no group; call the group otherwise")
    return groups | alone


def _told(result: BenchmarkResult) -> dict[str, list[TrackerScores]]:
    groups: dict[str, list[TrackerScores]] = {}
    by_settings: dict[str, list[tuple[Any, TrackerScores]]] = {}
    by_name: dict[tuple[str, str, int], list[TrackerScores]] = {}
    for scores in result.ranked:
        manifest, match = manifest_of(Path(scores.folder)), _NUMBERED.match(scores.name)
        if manifest is not None:
            by_settings.setdefault(_but_seed(manifest), []).append((manifest["settings"].get("seed"), scores))
        elif match:
            digits = 0 if match["seed"] else len(match["number"])
            by_name.setdefault((match["name"], match["seed"], digits), []).append(scores)
        else:
            groups[scores.name] = [scores]
    for seeded in by_settings.values():
        members = [scores for _, scores in seeded]
        if len({seed for seed, _ in seeded}) < len(seeded):  # one seed twice: on two machines, or a copy
            groups |= {one.name: [one] for one in members}
            continue
        named = {match["name"] for one in members if (match := _NUMBERED.match(one.name))}
        name = named.pop() if len(members) > 1 and len(named) == 1 else members[0].name
        groups[name if name not in groups else members[0].name] = members
    for (name, seed, _), members in by_name.items():
        numbers = sorted(int(_number(one)) for one in members)
        counted = numbers == list(range(numbers[0], numbers[0] + len(numbers))) and (bool(seed) or numbers[0] in (0, 1))
        if len(members) > 1 and counted and name not in groups:
            groups[name] = members
        else:
            groups |= {one.name: [one] for one in members}
    return groups


def _number(scores: TrackerScores) -> str:
    return scores.name[len(scores.name.rstrip("0123456789")) :]


def _but_seed(manifest: Mapping[str, Any]) -> str:
    """Everything that decides a run's results but the seed, as text to compare."""
    settings = {key: value for key, value in manifest["settings"].items() if key != "seed"}
    codes = sorted({str(environment.get("code")) for environment in manifest["environments"]})
    return json.dumps([settings, codes], sort_keys=True)
