"""Requests to our own pages, as a browser makes them or as it never would; rows to show."""

import http.client
import json
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from drol_jax.tracks.table import Row, TargetState


@dataclass(frozen=True)
class Answer:
    """What a server said."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


def ask(address: str, path: str = "", *, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
    """Make one request below a page's address; underscores in names of headers are hyphens."""
    parts = urlsplit(address)
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        named.setdefault("Content-Type", "application/json")
    connection.request(method, parts.path + path, body, named)
    response = connection.getresponse()
    answer = Answer(response.status, dict(response.getheaders()), response.read())
    connection.close()
    return answer


def raw(address: str, request: bytes) -> bytes:
    """Send bytes to a page's server, and give what comes back before it closes."""
    parts = urlsplit(address)
    with socket.create_connection((str(parts.hostname), parts.port or 80), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


def address_in(line: str) -> str:
    """The address that a line tells."""
    found = re.search(r"http://\S+", line)
    assert found is not None, line
    return found[0]


def row(
    name: str,
    box: tuple[float, float, float, float] | None = None,
    state: TargetState = TargetState.TRACKED,
    *,
    confidence: float = 0.87,
    mask: str | None = None,
    polygon: tuple[float, ...] | None = None,
) -> Row:
    """A row of frame 0."""
    return Row(frame=0, time=0.0, name=name, box=box, confidence=confidence, state=state, mask=mask, polygon=polygon)
