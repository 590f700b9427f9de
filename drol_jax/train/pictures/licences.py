"""The licence of a file by Debian's machine-readable copyright file (format 1.0)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Paragraph:
    """Files and their licence."""

    patterns: tuple[str, ...]
    licence: str


def paragraphs(text: str) -> list[Paragraph]:
    """The paragraphs about files, in order."""
    found = []
    for part in re.split(r"\n\s*\n", text):
        fields = {key.lower(): value for key, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", part, re.M)}
        if "files" in fields and "license" in fields:
            licence = fields["license"].strip().splitlines()[0].strip()
            found.append(Paragraph(tuple(fields["files"].split()), licence))
    return found


def licence_of(member: str, about: Sequence[Paragraph]) -> str | None:
    """The licence of an installed file; None where nothing is said.

    Patterns name files of the source, which are installed elsewhere: the last that ends like the installed path counts,
    or else the last that names the file itself, or else what is said of all.
    """
    inside = member.rpartition(".rcc/")[2]
    base = inside.rsplit("/", 1)[-1]
    tests = (
        lambda pattern: pattern != "*" and (fnmatchcase(inside, pattern) or fnmatchcase(inside, f"*/{pattern}")),
        lambda pattern: "*" not in pattern and pattern.rsplit("/", 1)[-1] == base,
        lambda pattern: pattern == "*",
    )
    for test in tests:
        matching = [paragraph.licence for paragraph in about if any(map(test, paragraph.patterns))]
        if matching:
            return matching[-1]
    return None
