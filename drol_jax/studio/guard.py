"""`Guard`: which requests the studio lets through, and how it refuses the others: one word of JSON and a status."""

import base64
import binascii
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from drol_jax.show import hosts

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY = 64 * 1024
"""Bytes of a request, but of those that may be larger."""
HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""Of every answer. The page loads nothing from elsewhere, is kept nowhere, and tells nobody its address."""


class Guard:
    """An ASGI application in front of another one, which lies below the token."""

    def __init__(
        self, app: App, *, token: str, host: str, password: str | None = None, larger: Mapping[str, int] | None = None
    ):
        """Guard an application.

        Args:
          token: first part of every path.
          host: the address that is listened on, in numbers.
          password: that browsers must ask their user for; None for none.
          larger: bytes that a request may have, by path below the token.
        """
        self._app, self._token, self._host = app, token, host
        self._password, self._larger = password, dict(larger or {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        path = str(scope["path"])
        token, _, below = path.removeprefix("/").partition("/")
        most = self._larger.get(below, LARGEST_BODY)
        refusal = self._stranger(headers, token) or _bad_body(str(scope["method"]), headers, most)
        if refusal is not None:
            await refuse(send, *refusal)
            return
        scope = {**scope, "path": f"/{below}", "raw_path": f"/{below}".encode()}
        await self._app(scope, _bounded(receive, most), _with_headers(send))

    def _stranger(self, headers: list[tuple[str, str]], token: str) -> tuple[int, str, str] | None:
        """The refusal of a request that does not come from our page."""
        named = [value for name, value in headers if name == "host"]
        if len(named) != 1 or not hosts.may_name(named[0], self._host):
            return 403, "host", "the Host header is not this server's"
        origins = [value for name, value in headers if name == "origin"]
        if any(origin != f"http://{named[0]}" for origin in origins):
            return 403, "origin", "the request comes from another site's page"
        if not hmac.compare_digest(token.encode(), self._token.encode()):
            return 403, "token", "open the whole address that the terminal shows"
        if self._password is not None and not _knows(self._password, headers):
            return 401, "password", "the studio asks for a password"
        return None


async def refuse(send: Send, status: int, word: str, why: str) -> None:
    """Answer with a refusal, after which the connection is closed, whatever of a body is left unread."""
    body = json.dumps({"refused": word, "why": why}).encode()
    fields = {**HEADERS, "content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    if status == 401:
        fields["www-authenticate"] = 'Basic realm="drol-jax studio", charset="UTF-8"'
    listed = [(name.encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": listed})
    await send({"type": "http.response.body", "body": body})


def _bad_body(method: str, headers: list[tuple[str, str]], most: int) -> tuple[int, str, str] | None:
    """The refusal of a body, before any of it is read."""
    if method not in ("GET", "POST"):
        return 405, "method", "only GET and POST are answered"
    lengths = [value for name, value in headers if name == "content-length"]
    if any(name == "transfer-encoding" for name, _ in headers) or (method == "POST" and not lengths):
        return 411, "length", "the request must tell its length"
    if len(lengths) > 1 or not all(length.isascii() and length.isdecimal() for length in lengths):
        return 400, "length", "the request's length is no number"
    if lengths and (len(lengths[0]) > 15 or int(lengths[0]) > most):
        return 413, "large", f"more than {most} bytes"
    kinds = [value.partition(";")[0].strip().lower() for name, value in headers if name == "content-type"]
    if method == "POST" and kinds != ["application/json"]:
        return 415, "type", "the body must be application/json"
    return None


def _knows(password: str, headers: list[tuple[str, str]]) -> bool:
    given = next((value for name, value in headers if name == "authorization"), "")
    kind, _, coded = given.partition(" ")
    if kind.lower() != "basic":
        return False
    try:
        told = base64.b64decode(coded, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(told, password.encode())


def _bounded(receive: Receive, most: int) -> Receive:
    """Takes no more than a request may have, whatever its length says."""
    taken = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        return {"type": "http.disconnect"} if taken > most else message

    return bounded


def _with_headers(send: Send) -> Send:
    extra = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            added = [(name, value) for name, value in extra if name not in own]
            message = {**message, "headers": [*message["headers"], *added]}
        await send(message)

    return sending
