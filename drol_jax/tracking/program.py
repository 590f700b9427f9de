"""``drol-jax track``: source, start boxes, tracker and files brought together, and the last lines told."""

import itertools
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from fractions import Fraction
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drol_jax.api import Tracker, load
from drol_jax.errors import UserError
from drol_jax.follow import snapshot
from drol_jax.results.environments import noted
from drol_jax.results.settings import environment
from drol_jax.system.atomic import spare
from drol_jax.system.code import code_hash
from drol_jax.system.names import in_utf8
from drol_jax.system.program import make_ready, tell
from drol_jax.system.resources import version
from drol_jax.tracking.cli import Arguments
from drol_jax.tracking.described import video_of
from drol_jax.tracking.engine import Engine
from drol_jax.tracking.job import Job, plain_starts, starts_of
from drol_jax.tracking.kept import identity, kept_beside
from drol_jax.tracking.outputs import TABLE, Outputs, Wanted
from drol_jax.tracking.run import Earlier, Tally, run
from drol_jax.tracking.watching import Watch, watching
from drol_jax.tracks.formats import FORMATS, parse_save
from drol_jax.tracks.starts import Start, checked, parse_box, read_starts
from drol_jax.tracks.table import Row, Video
from drol_jax.video.ahead import ahead
from drol_jax.video.frame import VideoFrame, VideoInfo, VideoSource
from drol_jax.video.open import open_source
from drol_jax.video.options import ReadOptions
from drol_jax.video.writers.open import KINDS, film_suffix

if TYPE_CHECKING:
    from drol_jax.show.live import LivePage

FILMS = tuple(suffix.removeprefix(".") for suffix in KINDS)
"""Films that --save knows."""


def track_all(arguments: Arguments, clock: Callable[[], float] = time.monotonic) -> int:
    """Run the command.

    Args:
      clock: seconds that grow, by which a run is kept now and then.

    Returns:
      The exit code: 0 done, 1 ended early or in part.

    Raises:
      UserError: misuse, or what stopped the run; what was tracked is written.
    """
    make_ready(arguments)
    with ExitStack() as stack:
        source = ahead(open_source(arguments.source, _reading(arguments)))
        stack.callback(source.close)
        frames, video = iter(source), video_of(source.info, arguments.source)
        job = _job(arguments, source.info)
        page = _live_page(arguments, stack)
        tracker = load(arguments.config, arguments.weights, online=False if arguments.no_online else None, cache=False)
        _check_masks(job.wanted, tracker)
        first = next(frames)
        before = job.begun()
        starts = starts_of(before) if before is not None and arguments.pick else _starts(arguments, first, video, page)
        engine = Engine(tracker, starts, scale=source.info.scale, alone=True)
        engine.check(first.number)
        shows = stack.enter_context(watching(_watch(arguments), source.info, page, engine.looked))
        spare(job.wanted.paths(), [Path(arguments.source), *([] if arguments.boxes is None else [arguments.boxes])])
        stack.callback(job.alone(before).release)  # from here on files are written
        anew = job.prepare(settings_of(arguments, tracker, starts))
        if job.kept is not None and (apart := noted(job.kept.folder, environment())):
            tell(f"note: {apart}: what was tracked so far was made under others; --overwrite tracks anew")
        earlier = _earlier(job, engine) if before is not None else None
        rows = [row for some in earlier.rows.values() for row in some] if earlier else [] if anew else None
        outputs = Outputs(job.wanted, video, source.info, rows)
        whole = arguments.end is None and arguments.every == 1
        every = itertools.chain([first], frames)
        try:
            tally = run(every, engine, outputs, kept=job.kept, earlier=earlier, show=shows, whole=whole, clock=clock)
        except KeyboardInterrupt as stop:
            if job.again:
                stop.add_note(job.again)
            raise
        if job.kept is not None and not tally.ended:
            job.kept.forget()
    return _tell(arguments, job, tally, engine, source)


def _reading(arguments: Arguments) -> ReadOptions:
    rate = Fraction(25) if arguments.rate is None else Fraction(arguments.rate).limit_denominator(1001)
    return ReadOptions(
        start=arguments.start,
        end=arguments.end,
        every=arguments.every,
        max_size=arguments.max_size,
        reader=arguments.reader,
        rate=rate,
    )


def _watch(arguments: Arguments) -> Watch:
    return Watch(
        quiet=arguments.quiet,
        window=arguments.show,
        lines=arguments.json,
    )


def _job(arguments: Arguments, info: VideoInfo) -> Job:
    words = parse_save(arguments.save, FILMS)
    films = []
    for word in words:
        if word in FILMS:
            suffix, note = film_suffix(word)
            films.append(suffix)
            if note:
                tell(f"note: {note}")
    tables = tuple(name for name in FORMATS if name in words or name == TABLE)
    stem = in_utf8(info.name).replace("/", "_") or "video"
    wanted = Wanted(folder=arguments.output, stem=stem, formats=tables, films=tuple(dict.fromkeys(films)))
    kept = None if info.live else kept_beside(arguments.output, stem)
    return Job(wanted=wanted, kept=kept, overwrite=arguments.overwrite)


def _check_masks(wanted: Wanted, tracker: Tracker) -> None:
    if "masks" in wanted.formats and not tracker.config.model.mask:
        raise UserError(f"--save masks: {tracker.name} makes no masks; leave it out, or take a SiamMask configuration")


def _live_page(arguments: Arguments, stack: ExitStack) -> "LivePage | None":
    """The page to watch the run on, if asked for; there before boxes are drawn, as their page leads on to it."""
    if not arguments.live:
        return None
    from drol_jax.show.live import LivePage  # brings a server, which few runs want

    return stack.enter_context(LivePage(host=arguments.host, port=arguments.port))


def _starts(arguments: Arguments, first: VideoFrame, video: Video, page: "LivePage | None") -> list[Start]:
    """The start boxes of all options, with names."""
    given = [parse_box(text) for text in arguments.box]
    if arguments.boxes is not None:
        given += read_starts(arguments.boxes, video)
    if arguments.pick:
        from drol_jax.show.pick import pick  # brings a server, which few runs want

        scale = first.image.shape[1] / video.width
        names = [start.name for start in given if start.name is not None]
        # The port that was asked for is the live page's, where there is one: it stays open longer.
        port, next_page = (arguments.port, "") if page is None else (0, page.address)
        drawn = pick(first.image, host=arguments.host, port=port, names=names, next_page=next_page)
        given += [Start(0, name, tuple(side / scale for side in box), "the page") for name, box in drawn]
    return checked(given, video)


def settings_of(arguments: Arguments, tracker: Tracker, starts: Sequence[Start]) -> dict[str, Any]:
    """What makes a run what it is: two of the same give the same files, and no other goes on from it."""
    told = {
        "source": arguments.source,
        "content": identity(arguments.source),
        "starts": plain_starts(starts),
        "tracker": tracker.name,
        "weights": tracker.weights_hash,
        "configuration": sha256(repr(tracker.settings).encode()).hexdigest(),
        "samples": tracker.config.online.samples,  # which its settings may leave to the device
        "code": code_hash(),
        "online": not arguments.no_online,
        "save": arguments.save,
        "drol_jax": version(),
    }
    told |= {name: getattr(arguments, name) for name in ("start", "end", "every", "max_size", "rate", "reader")}
    return told


def _earlier(job: Job, engine: Engine) -> Earlier | None:
    """What the run goes on from; the engine's follower is then as it was there."""
    if job.kept is None or not job.kept.snapshot.exists():
        return None
    frame = snapshot.restore(engine.follower, job.kept.snapshot)
    engine.waiting = [start for start in engine.waiting if start.name not in engine.follower.targets]
    rows: dict[int, tuple[Row, ...]] = {}
    for row in job.rows_until(frame, engine.follower.targets):
        rows[row.frame] = (*rows.get(row.frame, ()), row)
    tell(f"going on after frame {frame}")
    return Earlier(frame=frame, rows=rows)


def _tell(arguments: Arguments, job: Job, tally: Tally, engine: Engine, source: VideoSource) -> int:
    """The last lines, and the exit code."""
    for note in (*source.notes, *tally.notes):
        tell(f"note: {note}")
    never = list(engine.waiting)
    for start in never:
        tell(f"error: {start.name}: its frame {start.frame} never came, the last was {tally.last}")
    if tally.ended:
        tell("; ".join(filter(None, (tally.ended, job.again))))
    if not arguments.quiet:
        for name, rows in tally.rows.items():
            tell(f"{name}: in sight in {tally.seen[name]} of {rows} frames")
        for path in job.wanted.existing():
            tell(str(path))
    return 1 if never or tally.ended or source.cut else 0
