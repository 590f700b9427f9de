"""From what was judged, sequence by sequence, to the board: means, attributes, differences, repeats."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
    standings = []
    for tracker in trackers:
        table = tables[tracker.name]
        inside = {name: table[name] for name in covered}
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
        notes=_notes(trackers),
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
    """The best tracker against each other one, by the first column that single sequences have a number in."""
    ranked = board.ranked
    if len(ranked) < 2 or len(board.covered) < 2:
        return None, {}
    for column in board.columns:
        scores = {s.tracker: [s.sequences[name].get(column.key) for name in board.covered] for s in ranked}
        rows = {name: [v for v in values if v is not None] for name, values in scores.items()}
        if all(len(row) == len(board.covered) for row in rows.values()):
            best = ranked[0].tracker
            return column, {(best, s.tracker): paired(rows[best], rows[s.tracker]) for s in ranked[1:]}
    return None, {}


def _repeats(board: Board) -> dict[str, tuple[int, dict[str, Spread]]]:
    """Folders whose names differ by a seed's or run's number alone: NAME_s0, NAME_s1 or NAME_000, NAME_001."""
    groups: dict[str, list[Standing]] = {}
    for standing in board.standings:
        match = _REPEAT.match(standing.tracker)
        if match and standing.overall:
            groups.setdefault(match["name"], []).append(standing)
    result = {}
    for name, members in groups.items():
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
