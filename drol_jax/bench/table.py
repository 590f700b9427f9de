"""What was measured, as terminal tables."""

from collections.abc import Callable, Iterator
from typing import IO, Any

from rich.console import Console

from drol_jax.bench.plan import OF_VIDEO, REPEATED, Plan, spread
from drol_jax.bench.recipe import SIZE
from drol_jax.system import terminal

NONE = "-"
NOTES = {
    "compile": "Tracing + compiling. Cold: a process with none of it in the cache; cached: the next one, for which "
    "compiling is reading.",
    "step": "Each step is waited for; the image's way to the device counts, decoding does not.",
    "loop": "Frames lie decoded in memory; the first number is of tracking alone. Refits: of the subnet, in one "
    "run; they are what its mean frame rate depends on.",
    "split": "Each piece is compiled and timed alone, so that their sum is not the step's time: inside it they overlap "
    "and fuse. Refit and renewal happen in few frames. Step: the median without a refit.",
    "kernels": "Every kind of layer that a search goes through in a form of its own, rows x columns x channels and "
    "kernel; each compiled and timed alone, in turns with the plain form.",
    "disk": "As the loop, with JPEG files decoded by the library's reader on the way.",
    "memory": "Peak of a process that tracks with compiled code from the cache; start: before it loads weights.",
    "against": "In turns: ours, then theirs, on the same frames; with the same weights where theirs has any: the "
    "published PyTorch code, TrackerNano, and onnxruntime: from search region to maps, and a NanoTrack's whole frame, "
    "around it OpenCV and NumPy. Faster: their time over ours in the same repetition, median and extremes. The first "
    "run of each is not counted, nor is compilation. Theirs starts from the box rounded to pixels where it is "
    "OpenCV's.",
    "lanes": "Targets on one frame in a pool, init off; target-frames/s and their ratio to one target alone.",
    "scores": "One pass over each sequence, means over sequences; with the subnet of so many draws, median and "
    "extremes. Change: of the median AUC from that of the configuration's first precision.",
}
Cells = tuple[str, ...]

WEIGHTS = {
    "recipe": "random weights of the recipe",
    "bundled": "bundled weights",
    "fetched": "fetched weights",
    "given": "weights as given",
}
"""What `Subject.source` says, in words."""


def show(rows: list[dict[str, Any]], compared: list[dict[str, Any]], plan: Plan, file: IO[str] | None = None) -> None:
    """Print a table for each part.

    Args:
      rows: of `measuring.run`.
      compared: of `against.run`.
      file: default is standard output.
    """
    console = terminal.console(file)
    for words in _opening(rows, compared, plan):
        console.print(words, soft_wrap=True)
    for part in plan.parts:
        heads, lines = TABLES[part]
        _table(console, part, heads, [(row, row["parts"].get(part)) for row in rows], lines)
    if compared:
        _table(console, "against", AGAINST, [(row, row) for row in compared], _against)
    for row in (*rows, *compared):
        for part, found in ({"tracker": row} | row.get("parts", {})).items():
            if "error" in found:
                console.print(f"FAILED {label(row)} ({part}): {found['error']}", soft_wrap=True)


def _table(
    console: Console,
    part: str,
    heads: Cells,
    measured: list[tuple[dict[str, Any], dict[str, Any] | None]],
    lines: Callable[[dict[str, Any]], Iterator[Cells]],
) -> None:
    table = terminal.table([""], heads)
    table.title, table.title_justify, table.title_style = part, "left", "bold"
    for row, found in measured:
        if found is not None and "error" not in found:
            for cells in lines(found):
                table.add_row(f"{label(row)}{cells[0]}", *cells[1:])
    if table.row_count:
        console.print(table)
        if part in NOTES:
            console.print(NOTES[part], soft_wrap=True)


def label(row: dict[str, Any]) -> str:
    """The case in a few words."""
    return " ".join(word for word in (row["config"], row.get("plugin"), row.get("platform"), row["precision"]) if word)


def _opening(rows: list[dict[str, Any]], compared: list[dict[str, Any]], plan: Plan) -> Iterator[str]:
    threads = "all cores" if plan.threads is None else f"{plan.threads} cores"
    measured = {*plan.parts, *(("against",) if compared else ())}
    said = []
    if measured & set(OF_VIDEO):
        name, (height, width) = ("", SIZE) if plan.own is None else (f"{plan.own.video}, ", plan.own.size)
        said = [f"{plan.frames} frames of {name}{width}x{height}"]
    if plan.workload is not None:
        share = "" if plan.workload_scale == 1 else f"{plan.workload_scale:g} of "
        said.append(f"{share}a workload like {plan.workload}")
    said += [plan.scored.dataset] if plan.scored is not None else []
    said += [f"{plan.repeat} repetitions"] if measured & set(REPEATED) else []
    yield f"{', '.join(said)}, {threads}"
    for row in (*rows, *compared):
        if "device" in row:
            yield f"  {label(row)}: {row['device']}, {WEIGHTS[row['weights']]}"


def number(value: float | None, digits: int = 3) -> str:
    """So many significant digits, no exponent."""
    if value is None:
        return NONE
    if value == 0 or abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:.{digits}g}" if abs(value) >= 1e-3 else f"{value:.1g}"


def middle(found: dict[str, float]) -> str:
    """A median with its extremes, where they differ."""
    low, high = number(found["low"]), number(found["high"])
    return number(found["median"]) + (f" ({low} to {high})" if low != high else "")


def _by_variant(found: dict[str, Any], cells: Callable[[dict[str, Any]], Cells]) -> Iterator[Cells]:
    for variant, values in found.items():
        yield (f", subnet {variant}", *cells(values))


def _compile(found: dict[str, Any]) -> Iterator[Cells]:
    def cells(values: dict[str, Any]) -> Cells:
        pairs = [values[how][name] for name in ("init", "step") for how in ("cold", "cached")]
        return tuple(f"{number(pair['trace_s'])} + {number(pair['compile_s'])}" for pair in pairs)

    return _by_variant(found, cells)


def _step(found: dict[str, Any]) -> Iterator[Cells]:
    def cells(values: dict[str, Any]) -> Cells:
        times = (number(values["step_ms"][name]) for name in ("p50", "p95", "mean"))
        return (middle(values["init_s"]), *times, f"{values['refits']} in {values['steps']}")

    return _by_variant(found, cells)


def _loop(found: dict[str, Any]) -> Iterator[Cells]:
    return _by_variant(
        found,
        lambda values: (
            middle(values["fps"]),
            middle(values["whole_fps"]),
            NONE if values["refits"] is None else str(values["refits"]),
        ),
    )


def _split(found: dict[str, Any]) -> Iterator[Cells]:
    names = ("crop", "network", "head", "online", "refit", "full_refit", "renewal", "step")
    yield ("", *(number(found[f"{name}_ms"]) for name in names), str(found["filled"] or NONE))


def _kernels(found: dict[str, Any]) -> Iterator[Cells]:
    for shape in found["shapes"]:
        rows, columns, channels = shape["image"][1:]
        high, wide, _, outputs = shape["kernel"]
        stride = f" / {shape['stride']}" if shape["stride"] > 1 else ""
        yield (
            f", {shape['form']}",
            f"{rows}x{columns}x{channels}",
            f"{high}x{wide}x{outputs}{stride}",
            str(shape["layers"]),
            *(middle(shape[name]) for name in ("fast_ms", "plain_ms", "faster")),
        )


def _memory(found: dict[str, Any]) -> Iterator[Cells]:
    names = ("host_peak_mib", "host_start_mib", "device_peak_mib")
    return _by_variant(found, lambda values: tuple(number(values[name], 4) for name in names))


def _lanes(found: dict[str, Any]) -> Iterator[Cells]:
    for variant, rows in found.items():
        for row in rows:
            yield (
                f", subnet {variant}",
                str(row["lanes"]),
                middle(row["step_ms"]),
                middle(row["target_fps"]),
                f"{row['ratio']:.2f}",
                number(row["init_s"]),
            )


def _scaling(found: dict[str, Any]) -> Iterator[Cells]:
    time, memory, area = found["time"], found["memory"], found["area"]
    few, many = time["frames"]
    yield (f", {few} to {many} frames", "seconds", *map(number, time["seconds"]), f"{time['ratio']:.2f}")
    first, last = memory[0], memory[-1]
    span = f", frame {first['frame']} to {last['frame']}"
    yield (f"{span}", "resident MiB", *(number(m["rss_mib"], 4) for m in (first, last)), _ratio(first, last, "rss_mib"))
    yield (f"{span}", "live MiB", *(number(m["live_mib"], 4) for m in (first, last)), _ratio(first, last, "live_mib"))
    for row in area[1:]:
        sizes = f", {area[0]['width']}x{area[0]['height']} to {row['width']}x{row['height']}"
        yield (sizes, "step ms", number(area[0]["step_ms"]), number(row["step_ms"]), f"{row['ratio']:.2f}")


def _ratio(first: dict[str, Any], last: dict[str, Any], name: str) -> str:
    return NONE if not first[name] else f"{last[name] / first[name]:.2f}"


def _workload(found: dict[str, Any]) -> Iterator[Cells]:
    yield (
        "",
        str(found["sequences"]),
        str(found["frames"]),
        number(found["seconds"]),
        number(found["fps"]),
        number(found["compile_s"]),
    )


def _scores(found: dict[str, Any]) -> Iterator[Cells]:
    return _by_variant(
        found,
        lambda values: (
            middle(values["auc"]),
            NONE if values["change"] is None else f"{values['change']:+.3f}",
            middle(values["precision"]),
            str(values["draws"]),
            str(values["sequences"]),
            f"{values['frames']:,}",
        ),
    )


AGAINST = ("init, s", "theirs", "faster", "frames/s", "theirs", "faster", "refits", "theirs", "boxes apart, px")


def _against(found: dict[str, Any]) -> Iterator[Cells]:
    for runs in found["variants"].values():
        ours, theirs, followed = runs["ours"], runs["theirs"], runs["frames"] - 1
        cells: list[str] = []
        for name in ("init_s", "track_s"):
            for side in (ours, theirs):
                seconds = [run[name] for run in side]
                cells.append(middle(spread(seconds if name == "init_s" else [followed / s for s in seconds])))
            cells.append(middle(spread([b[name] / a[name] for a, b in zip(ours, theirs, strict=True)])))
        refits = [NONE if side[-1]["refits"] is None else str(side[-1]["refits"]) for side in (ours, theirs)]
        yield (f", {runs['spoken']}", *cells, *refits, number(runs["largest_box_difference"]))


TABLES: dict[str, tuple[tuple[str, ...], Callable[[dict[str, Any]], Iterator[Cells]]]] = {
    "compile": (("init cold, s", "init cached, s", "step cold, s", "step cached, s"), _compile),
    "step": (("init, s", "p50, ms", "p95, ms", "mean, ms", "refits"), _step),
    "loop": (("frames/s", "with init", "refits"), _loop),
    "split": (
        (
            "crop, ms",
            "network, ms",
            "head, ms",
            "online, ms",
            "refit, ms",
            "refit, memory full, ms",
            "renewal, ms",
            "step, ms",
            "samples",
        ),
        _split,
    ),
    "kernels": (("image", "kernel", "layers", "ms", "plain, ms", "faster"), _kernels),
    "disk": (("frames/s", "with init", "refits"), _loop),
    "memory": (("host peak, MiB", "at start, MiB", "device peak, MiB"), _memory),
    "lanes": (("lanes", "step, ms", "target-frames/s", "ratio", "init, s"), _lanes),
    "scaling": (("what", "from", "to", "ratio"), _scaling),
    "workload": (("sequences", "frames", "s", "frames/s", "compiling, s"), _workload),
    "scores": (("success AUC", "change", "precision at 20 px", "draws", "sequences", "frames"), _scores),
}
"""Layout of each part's table: the column heads, and the lines of a case: its label's end, then a cell for each
head."""
