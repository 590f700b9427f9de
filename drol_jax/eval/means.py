"""From what was judged, sequence by sequence, to a result: means, attributes, curves, the other dialects."""

from collections.abc import Mapping, Sequence
from typing import Any

from drol_jax.eval.scorers import Scorer
from drol_jax.report.columns import Numbers
from drol_jax.report.result import BenchmarkResult
from drol_jax.report.scores import Refusal, TrackerScores
from drol_jax.results.layout import TrackerResults

Judged = Mapping[tuple[str, str], Mapping[str, Any]]
"""What a scorer made of a result, by (dialect, tracker) and sequence."""


def result_of_judged(
    dataset: str,
    scorers: Sequence[Scorer],
    judged: Judged,
    trackers: Sequence[TrackerResults],
    carried: Mapping[str, tuple[str, ...]],
    refusals: Sequence[Refusal],
) -> BenchmarkResult:
    """Put together what was judged, without comparing the trackers.

    Args:
      scorers: the first is the one asked for.
      carried: attributes by name of every sequence asked for, in order.
    """
    scorer = scorers[0]
    tables = {tracker.name: judged.get((scorer.dialect, tracker.name), {}) for tracker in trackers}
    sequences = tuple(carried)
    covered = tuple(name for name in sequences if all(name in table for table in tables.values()))
    every, remarks = [], {}
    for tracker in trackers:
        table = tables[tracker.name]
        inside = {name: table[name] for name in covered}
        remarks |= dict.fromkeys(scorer.remarks(list(inside.values())) if inside else ())
        every.append(
            TrackerScores(
                name=tracker.name,
                folder=str(tracker.folder),
                mean=scorer.numbers(list(inside.values())) if inside else {},
                sequences={name: scorer.numbers([table[name]]) for name in sequences if name in table},
                attributes=scorer.attributes(inside, carried) if inside else {},
                curves=scorer.curves(list(inside.values())) if inside else {},
                files=tracker.files,
                parts=scorer.parts(list(inside.values())) if len(inside) > 1 else None,
            )
        )
    return BenchmarkResult(
        dataset=dataset,
        dialect=scorer.dialect,
        convention=scorer.convention,
        columns=scorer.columns,
        sequences=sequences,
        covered=covered,
        trackers=tuple(every),
        refusals=tuple(refusals),
        dialects=_dialects(scorers, judged, trackers, covered),
        attributes=carried,
        notes=(*remarks, *_strays(trackers)),
    )


def _dialects(
    scorers: Sequence[Scorer], judged: Judged, trackers: Sequence[TrackerResults], covered: Sequence[str]
) -> dict[str, dict[str, Numbers]]:
    tables: dict[str, dict[str, Numbers]] = {}
    for scorer in scorers:
        tables[scorer.dialect] = {}
        for tracker in trackers:
            table = judged.get((scorer.dialect, tracker.name), {})
            if covered and all(name in table for name in covered):
                tables[scorer.dialect][tracker.name] = scorer.numbers([table[name] for name in covered])
    return tables


def _strays(trackers: Sequence[TrackerResults]) -> tuple[str, ...]:
    deeper = (
        f"note: {', '.join(map(str, one.deeper[:3]))}{', ...' if len(one.deeper) > 3 else ''}: results, deeper than "
        "those that are scored; name the folder with --results to score them"
        for one in trackers
        if one.deeper
    )
    strays = (
        f"note: {tracker.folder} holds {len(tracker.stray)} files of no sequence: {', '.join(tracker.stray[:3])}"
        + (", ..." if len(tracker.stray) > 3 else "")
        for tracker in trackers
        if tracker.stray
    )
    return (*deeper, *strays)
