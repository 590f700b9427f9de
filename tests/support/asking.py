"""Requests to an ASGI application, as a browser makes them or as it never would; no socket is opened."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Answer:
    """What the application said."""

    status: int
    headers: dict[str, str]
    body: bytes
    read: int
    """Bytes of the request's body that the application asked for."""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(app: Any, path: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str]) -> Answer:
    """Make one request. The path may have a query; a body is sent with its length and as JSON unless headers differ."""
    given = dict(headers)
    if body is not None:
        given = {"content-length": str(len(body)), "content-type": "application/json", **given}
    where, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": where,
        "raw_path": where.encode(),
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in given.items() if value != "-"],
        "http_version": "1.1",
        "scheme": "http",
        "root_path": "",
    }
    sent: list[Any] = []
    read, asked = 0, False

    async def receive() -> dict[str, Any]:
        nonlocal read, asked
        if asked:  # nothing more comes while the connection is held
            await asyncio.Event().wait()
        asked = True
        read += len(body or b"")
        return {"type": "http.request", "body": body or b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    fields = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], fields, b"".join(message.get("body", b"") for message in sent[1:]), read)
