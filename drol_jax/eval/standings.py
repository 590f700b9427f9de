"""From what was judged, sequence by sequence, to the board: means, attributes, differences, repeats."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from drol_jax.eval.scorers import Scorer
from drol_jax.metrics.spread import Difference, Spread, over_seeds, paired
from drol_jax.report.board import Board, Column, Numbers, Refusal, Standing
from drol_jax.results.layout import TrackerResults

_REPEAT = re.compile(r"^(?P<name>.+?)(_s\d+|_\d{3})$")

Judged = Mapping[tuple[str, str], Mapping[str, Any]]
"""By (protocol, tracker) and sequence what a scorer made of the result."""


def board(
    dataset: str,
    scorers: Sequence[Scorer],
    judged: Judged,
    trackers: Sequence[TrackerResults],
    carried: Mapping[str, tuple[str, ...]],
    refusals: Sequence[Refusal],
) -> Board:
    """Put together what was judged.

    Args:
      scorers: the first is the one asked for.
      carried: attributes by name of every sequence asked for, in order.
    """
    scorer = scorers[0]
    tables = {tracker.name: judged.get((scorer.protocol, tracker.name), {}) for tracker in trackers}
    sequences = tuple(carried)
    covered = tuple(name for name in sequences if all(name in table for table in tables.values()))
    standings, remarks = [], {}
    for tracker in trackers:
        table = tables[tracker.name]
        inside = {name: table[name] for name in covered}
        remarks |= dict.fromkeys(scorer.remarks(list(inside.values())) if inside else ())
        standings.append(
            Standing(
                tracker=tracker.name,
                folder=str(tracker.folder),
                overall=scorer.numbers(list(inside.values())) if inside else {},
                sequences={name: scorer.numbers([table[name]]) for name in sequences if name in table},
                attributes=scorer.attributes(inside, carried) if inside else {},
                curves=scorer.curves(list(inside.values())) if inside else {},
                files=tracker.files,
            )
        )
    done = Board(
        dataset=dataset,
        protocol=scorer.protocol,
        convention=scorer.convention,
        columns=scorer.columns,
        sequences=sequences,
        covered=covered,
        standings=tuple(standings),
        refusals=tuple(refusals),
        dialects=_dialects(scorers, judged, trackers, covered),
        notes=(*remarks, *_notes(trackers)),
    )
    compared, differences = _differences(done)
    return replace(done, compared=compared, differences=differences, repeats=_repeats(done))


def _dialects(
    scorers: Sequence[Scorer], judged: Judged, trackers: Sequence[TrackerResults], covered: Sequence[str]
) -> dict[str, dict[str, Numbers]]:
    tables: dict[str, dict[str, Numbers]] = {}
    for scorer in scorers:
        tables[scorer.protocol] = {}
        for tracker in trackers:
            table = judged.get((scorer.protocol, tracker.name), {})
            if covered and all(name in table for name in covered):
                tables[scorer.protocol][tracker.name] = scorer.numbers([table[name] for name in covered])
    return tables


def _differences(board: Board) -> tuple[Column | None, dict[tuple[str, str], Difference]]:
    """The best tracker against each other one, by the first column that single sequences have a number in.

    Repeats of a tracker count as one, with the mean of its scores on each sequence.
    """
    groups = _groups(board)
    if len(groups) < 2 or len(board.covered) < 2:
        return None, {}
    for column in board.columns:
        scores = {name: _scores(members, column, board.covered) for name, members in groups.items()}
        rows = {name: row for name, row in scores.items() if row is not None}
        if len(rows) == len(groups):
            best, *others = groups
            return column, {(best, name): paired(rows[best], rows[name]) for name in others}
    return None, {}


def _scores(members: Sequence[Standing], column: Column, covered: Sequence[str]) -> list[float] | None:
    """Means over a tracker's repeats, sequence by sequence; None where one has no number."""
    table = [[one.sequences[name].get(column.key) for one in members] for name in covered]
    known = [[value for value in row if value is not None] for row in table]
    return [fmean(row) for row in known] if all(len(row) == len(members) for row in known) else None


def _groups(board: Board) -> dict[str, list[Standing]]:
    """Trackers from the best to the worst; those whose names differ by a seed's or run's number alone are one: NAME_s0,
    NAME_s1 or NAME_000, NAME_001."""
    groups: dict[str, list[Standing]] = {}
    for standing in board.ranked:
        match = _REPEAT.match(standing.tracker)
        groups.setdefault(match["name"] if match else standing.tracker, []).append(standing)
    named = {name if len(members) > 1 else members[0].tracker: members for name, members in groups.items()}
    column = board.columns[0]

    def place(name: str) -> tuple[bool, float]:
        values = [one.overall.get(column.key) for one in named[name]]
        known = [value for value in values if value is not None]
        return not known, (-1 if column.larger_is_better else 1) * fmean(known or [0.0])

    return {name: named[name] for name in sorted(named, key=place)}


def _repeats(board: Board) -> dict[str, tuple[int, dict[str, Spread]]]:
    result = {}
    for name, members in _groups(board).items():
        members = [one for one in members if one.overall]
        rows = {c.key: [v for m in members if (v := m.overall[c.key]) is not None] for c in board.columns}
        if len(members) > 1:
            spreads = {key: over_seeds(row) for key, row in rows.items() if len(row) == len(members)}
            result[name] = (len(members), spreads)
    return result


def _notes(trackers: Sequence[TrackerResults]) -> tuple[str, ...]:
    return tuple(
        f"note: {tracker.folder} holds {len(tracker.stray)} files of no sequence: {', '.join(tracker.stray[:3])}"
        + (", ..." if len(tracker.stray) > 3 else "")
        for tracker in trackers
        if tracker.stray
    )
