"""README and docs hold what they promise: their Python runs, and files, links and options that they name are there."""

import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from drol_jax import datasets
from drol_jax.image.frames import read

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "BENCHMARKS.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "drol_jax" / "weights").glob("*/README.md")),
]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: [^>]+ -->\n\Z")
DEEP = "<!-- run by --deep -->\n"
LINK = re.compile(r"\]\(([^)#\s]+)")
INLINE = re.compile(r"`([^`]+)`")
FILE = re.compile(r"(?:drol_jax|docs|tests|configs|eval|convert)/[\w./-]+")
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
COMMAND = re.compile(
    r"(?:python -m drol_jax\.([\w.]+)|drol-jax (\w+)|make (eval|bench)\b|python (convert/\w+\.py))"
    r"(?: (ablate|doctor|film|pack|render|score|trax|pysot|siamfc|siammask|onnx|to-pysot|to-opencv|get|stablehlo)\b)?"
)
TEST_OPTIONS = {"--deep"}


def relative(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def python_blocks() -> dict[str, tuple[str, bool]]:
    """Every block of Python that a page does not exempt, by its first place, and whether it is deep; the same code is
    run once."""
    found: dict[str, tuple[str, bool]] = {}
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in FENCED.finditer(text):
            language, code = match.groups()
            if language == "python" and not NOT_RUN.search(text[: match.start()]):
                line = text[: match.start()].count("\n") + 2
                found.setdefault(code, (f"{relative(page)}:{line}", text[: match.start()].endswith(DEEP)))
    return {place: (code, deep) for code, (place, deep) in found.items()}


BLOCKS = python_blocks()


@pytest.fixture(scope="session")
def video(tmp_path_factory) -> Path:
    """A video of 101 frames, of the built-in benchmark."""
    path = tmp_path_factory.mktemp("video") / "video.mp4"
    frames = [read(source) for source in datasets.load("Synth")[0].open().frames]
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), 25, (width, height))
    for i in range(101):
        writer.write(cv2.cvtColor(np.ascontiguousarray(frames[i % len(frames)]), cv2.COLOR_RGB2BGR))
    writer.release()
    return path


@pytest.fixture(scope="module")
def quick_compilation():
    """None: the bundled tracker runs here, as compiled for the programs of other tests."""


@pytest.mark.parametrize(
    "place", [pytest.param(place, marks=[pytest.mark.deep] if deep else []) for place, (_, deep) in BLOCKS.items()]
)
def test_python_in_the_docs_runs_by_itself(place, video, tmp_path, monkeypatch):
    (tmp_path / "video.mp4").symlink_to(video)
    monkeypatch.chdir(tmp_path)
    page, line = place.split(":")
    code = "\n" * (int(line) - 1) + BLOCKS[place][0]  # tracebacks tell the page's own lines
    exec(compile(code, str(ROOT / page), "exec"), {"__name__": "docs"})


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_lead_to_files(page):
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in LINK.findall(prose) if not re.match(r"[a-z]+:", target)]
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_files_that_are_named_are_there(page):
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    named = [
        name for name in INLINE.findall(prose) if FILE.fullmatch(name) and not re.search("[A-Z]{3}", Path(name).stem)
    ]
    assert [name for name in named if not (ROOT / name).exists()] == []


def commands(page: Path) -> list[tuple[tuple[str, ...], list[str]]]:
    """Every command in a page's code with the options that are shown for it."""
    text = page.read_text(encoding="utf-8")
    blocks = [block for language, block in FENCED.findall(text) if language == ""]
    lines = [*re.sub(r"\\?\n +", " ", "\n".join(blocks)).split("\n"), *INLINE.findall(FENCED.sub("", text))]
    found = []
    for line in lines:
        if match := COMMAND.search(line):
            module, program, target, script, command = match.groups()
            if script:
                start = (script,)
            else:
                start = ("-m", "drol_jax", program) if program else ("-m", f"drol_jax.{module or target}")
            options = OPTION.findall(line[match.end() :].split("   #")[0])
            found.append(((*start, command) if command else start, options))
    return found


@cache
def offered(command: tuple[str, ...]) -> set[str]:
    """Options in a command's --help."""
    environment = os.environ | {"COLUMNS": "200", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command, "--help"], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    return set(OPTION.findall(done.stdout))


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any(options for _, options in commands(page))], ids=relative
)
def test_commands_offer_the_options_shown(page):
    shown = {(command, option) for command, options in commands(page) for option in options}
    assert {(command, option) for command, option in shown if option not in offered(command)} == set()


def test_options_named_alone_belong_to_a_command():
    every = set().union(*(offered(command) for page in PAGES for command, options in commands(page) if options))
    prose = [FENCED.sub("", page.read_text(encoding="utf-8")) for page in PAGES]
    alone = {name.split()[0] for text in prose for name in INLINE.findall(text) if name.startswith("--")}
    assert alone <= every | TEST_OPTIONS
