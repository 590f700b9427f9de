"""What `mkdocs build` does beside the files of docs/: pages from the rest of the repository, and links to them.

Every page is written for the repository, where its links lead from file to file. Files outside docs/ have a place on
the site here, and links to them are turned on the way; a link to any other file the strict build refuses.
"""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[1]
PLACES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "CONTRIBUTING.md": "contributing.md"}
PLACES["BENCHMARKS.md"] = "benchmarks.md"
PLACES |= {name: name for name in ("LICENSE", "CITATION.cff")}
WEIGHTS = "drol_jax/weights/"
SHOWN = {".md", ".jpg", ".png"}

_LINK = re.compile(r"(\]\()([^)#\s]+)")
_HOME = {place: name for name, place in PLACES.items()}


def place(name):
    """Where a file of the repository lies on the site, both as paths with slashes."""
    if name.startswith(WEIGHTS):
        return "cards/" + name.removeprefix(WEIGHTS)
    return PLACES.get(name, name.removeprefix("docs/"))


def home(site):
    """The file of the repository that a page of the site is made from."""
    if site.startswith("cards/"):
        return WEIGHTS + site.removeprefix("cards/")
    return _HOME.get(site, "docs/" + site)


def on_files(files, config):
    """Take the pages outside docs/ along."""
    cards = (ROOT / WEIGHTS).glob("*/*")
    names = [*PLACES, *(p.relative_to(ROOT).as_posix() for p in sorted(cards) if p.suffix in SHOWN)]
    for name in names:
        files.append(File.generated(config, place(name), abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown, page, **_):
    """Turn links between files of the repository into links between pages."""
    here = page.file.src_uri
    folder = posixpath.dirname(home(here))

    def turned(match):
        opening, target = match.groups()
        if re.match(r"[a-z]+:", target):
            return match[0]
        there = place(posixpath.normpath(posixpath.join(folder, target)))
        return opening + posixpath.relpath(there, posixpath.dirname(here) or ".")

    return _LINK.sub(turned, markdown)
