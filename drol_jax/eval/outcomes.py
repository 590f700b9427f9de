"""What a finished run came to: tables and files of scores, and archives for evaluation servers."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from drol_jax import datasets
from drol_jax.errors import UserError
from drol_jax.eval.benchmark import Finished
from drol_jax.eval.run_page import write_run_page
from drol_jax.eval.running import Kind
from drol_jax.eval.scoring import Request, score_folders
from drol_jax.report.board import Board, Column, Refusal, Standing
from drol_jax.report.board_files import write_board
from drol_jax.report.board_table import show_board
from drol_jax.report.export import write_tables
from drol_jax.report.files import write_summary
from drol_jax.report.summary import Outcome, Summary
from drol_jax.report.table import show
from drol_jax.results import Timing
from drol_jax.results.submit import takes, write_submission

_SCORED_AS = {"restart": "vot", "multistart": "vot"}


def show_scores(
    finished: Finished, kind: Kind, everything: Sequence[datasets.SequenceEntry], folder: Path, *, report: bool
) -> None:
    """Print the table and write its numbers beside the results.

    Args:
      everything: as in `board_of`.
      report: write the page and the tables for papers, too.

    Raises:
      UserError: a file cannot be written.
    """
    if len(finished.unscored) == len(finished.entries) or kept_by_server(finished.dataset):
        show_board(server_board(finished))
        print(f"Results: {folder}")
        return
    if finished.unscored:
        print(f"Without annotation but the first box, and left out: {', '.join(sorted(finished.unscored))}.")
    if kind == "ope":
        summary = summary_of(finished)
        show(summary)
        write_summary(summary, folder)
        print(f"Results, summary.json and summary.csv: {folder}")
        if report:
            print(f"To look at: {write_run_page(summary, folder, finished.entries)}")
        return
    board = board_of(finished, kind, everything)
    if board is None:
        print("No scores: no sequence was tracked.")
        for failure in finished.failures:
            print(f"FAILED {failure.sequence}: {failure.message}")
        return
    show_board(board)
    write_board(board, folder)
    print(f"Results, scores.json and scores.csv: {folder}")
    if report:
        from drol_jax.report.page import write_page  # loads matplotlib, which takes a second

        write_tables(board, folder)
        print(f"To look at: {write_page(board, folder, finished.entries)}")


def kept_by_server(dataset: str) -> bool:
    """Whether the benchmark's groundtruth cannot be had."""
    known = datasets.benchmark(dataset)
    return known is not None and known.protocol == "server"


def summary_of(finished: Finished) -> Summary:
    """The scores of one-pass runs; sequences whose groundtruth is the first box alone are left out."""
    return Summary(
        dataset=finished.dataset,
        sequences=tuple(entry.name for entry in finished.entries if entry.name not in finished.unscored),
        attributes=dict(finished.attributes),
        entrants=tuple(contestant.entrant for contestant in finished.contestants),
        outcomes=tuple(
            Outcome(ran.entrant, ran.seed, ran.sequence, ran.scores, ran.timing)
            for ran in finished.runs
            if ran.scores is not None
        ),
        failures=finished.failures,
    )


def board_of(
    finished: Finished, kind: Kind, everything: Sequence[datasets.SequenceEntry], *, dialects: bool = True
) -> Board | None:
    """The trackers side by side, scored from their files; None where nothing was tracked.

    Args:
      kind: how the sequences were run.
      everything: entries of the whole dataset, by which files of other sequences are known.
      dialects: score by the other protocols too.
    """
    ran = {(run.entrant, run.seed) for run in finished.runs}
    folders = [folder.path for key, folder in finished.folders.items() if key in ran]
    if not folders:
        return None
    board = score_folders(
        Request(
            dataset=finished.dataset,
            entries=everything,
            wanted=[entry.name for entry in finished.entries if entry.name not in finished.unscored],
            folders=folders,
            dialects=dialects,
            failed=_failed(finished),
            kind=_SCORED_AS.get(kind, kind),
        )
    )
    return replace(board, notes=(*board.notes, *_speeds(finished)))


def server_board(finished: Finished) -> Board:
    """What takes the place of scores where a server keeps the groundtruth: how much of the benchmark is tracked."""
    wanted = [entry.name for entry in finished.entries]
    standings = []
    for contestant in finished.contestants:
        for seed in contestant.entrant.seeds:
            runs = [run for run in finished.runs if (run.entrant, run.seed) == (contestant.entrant.name, seed)]
            folder = finished.folders[contestant.entrant.name, seed].path
            numbers = {"tracked": float(len(runs)), "frames": float(sum(run.timing.frames for run in runs))}
            standings.append(Standing(contestant.folder(seed), str(folder), numbers, {}, {}))
    return Board(
        dataset=finished.dataset,
        protocol="server",
        convention="its server keeps the groundtruth and gives the score: there is none here",
        columns=(
            Column("tracked", "tracked", f"of {len(wanted)} sequences", share=False),
            Column("frames", "frames", "frames tracked, all repetitions together", share=False),
        ),
        sequences=tuple(wanted),
        covered=tuple(name for name in wanted if not any(name == failure.sequence for failure in finished.failures)),
        standings=tuple(standings),
        refusals=tuple(Refusal(*key, words) for key, words in _failed(finished).items()),
        notes=_speeds(finished),
    )


def check_submission(dataset: str, kind: Kind) -> None:
    """Raise a UserError where results of a benchmark, run that way, cannot be packed for its server."""
    if not takes(dataset) or kind == "multistart":
        raise UserError(
            f"the form of submissions of {dataset}, run as {kind}, is not known here; drop --submit and pack the "
            "results by hand"
        )


def pack(
    finished: Finished, kind: Kind, everything: Sequence[datasets.SequenceEntry], output: Path
) -> tuple[list[Path], list[str]]:
    """Write each tracker's archive for the evaluation server, ``<tracker>.zip``, where it has tracked every sequence.

    Returns:
      The archives, and what is in the way of the others.

    Raises:
      UserError: the benchmark takes no submissions, or not of this kind of run; a file cannot be written.
    """
    check_submission(finished.dataset, kind)
    archives, trouble = [], []
    for contestant in finished.contestants:
        for seed in contestant.entrant.seeds:
            name, folder = contestant.folder(seed), finished.folders[contestant.entrant.name, seed]
            runs = {
                run.sequence: run for run in finished.runs if (run.entrant, run.seed) == (contestant.entrant.name, seed)
            }
            missing = [entry.name for entry in everything if entry.name not in runs]
            if missing:
                trouble.append(
                    f"{name}: not packed, {len(missing)} of {len(everything)} sequences are not tracked: "
                    f"{', '.join(missing[:3])}{', ...' if len(missing) > 3 else ''}"
                )
                continue
            results = {seq: [folder.run(seq, number) for number in run.numbers] for seq, run in runs.items()}
            frames = {seq: len(several[0].regions) for seq, several in results.items()}
            path = output / f"{name}.zip"
            write_submission(
                path, finished.dataset, results, frames, experiment=folder.experiment, manifest={"tracker": name}
            )
            archives.append(path)
    return archives, trouble


def _failed(finished: Finished) -> dict[tuple[str, str], str]:
    """By (results folder's name, sequence) why it could not be tracked."""
    folders = {(c.entrant.name, seed): c.folder(seed) for c in finished.contestants for seed in c.entrant.seeds}
    return {
        (name, failure.sequence): failure.message
        for failure in finished.failures
        for key, name in folders.items()
        if failure.entrant is None or (failure.entrant, failure.seed) == key
    }


def _speeds(finished: Finished) -> tuple[str, ...]:
    words = []
    for contestant in finished.contestants:
        total = Timing.total(run.timing for run in finished.runs if run.entrant == contestant.entrant.name)
        if total.seconds > 0:
            words.append(
                f"{contestant.entrant.name}: {total.frames} frames at {total.frames / total.seconds:.1f} a second, "
                f"{total.compile_seconds:.1f} s of compilation apart."
            )
    return tuple(words)
