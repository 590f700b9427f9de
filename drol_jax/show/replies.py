"""`Request` and `Reply`: what a page asks of its server, and what it gets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

WORDS, JSON = "text/plain; charset=utf-8", "application/json"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Media types by the ends of names."""


@dataclass(frozen=True)
class Request:
    """A request that the server let through."""

    query: Mapping[str, str] = field(default_factory=dict)
    """What follows the question mark; of a name that comes twice the last."""
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """An answer."""

    body: bytes
    kind: str = WORDS
    """Media type."""
    status: int = 200


Route = Callable[[Request], Reply]
"""Answers the requests of one path. Called in a thread of its own for each connection."""


def words(text: str, status: int = 200) -> Reply:
    """A line of plain text."""
    return Reply(f"{text}\n".encode(), status=status)


def told(content: object, status: int = 200) -> Reply:
    """A value as JSON.

    Raises:
      ValueError: it holds NaN or infinity, which JSON lacks.
    """
    return Reply(json.dumps(content, allow_nan=False).encode(), JSON, status)


def assets(page: str, *others: str) -> dict[tuple[str, str], Route]:
    """Routes of the package's own files.

    Args:
      page: file in `static` that is the page itself.
      others: files in `static` that the page loads, by their own names.
    """
    return {("GET", ""): _asset(page)} | {("GET", name): _asset(name) for name in others}


def _asset(name: str) -> Route:
    content = (files("drol_jax.show") / "static" / name).read_bytes()
    reply = Reply(content, KINDS[name[name.rindex(".") :]])
    return lambda request: reply
