"""`Handler`: which requests a page's server lets through, and how it refuses the others."""

import hmac
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from drol_jax.show import hosts
from drol_jax.show.replies import JSON, Reply, Request, words

if TYPE_CHECKING:
    from drol_jax.show.server import Server

LARGEST_BODY = 64 * 1024
"""Bytes of a request."""
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""Of every answer. Pages load nothing from elsewhere, are kept nowhere, and tell nobody their address."""


class Handler(BaseHTTPRequestHandler):
    """Answers one connection's requests."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "drol_jax", ""
    timeout = 30
    """Seconds that a connection may be silent."""

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Refuse what is no request that the server knows, in the same way as the others."""
        self._send(words(f"refused: {message or self.responses.get(code, ('request',))[0]}", code), last=True)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is the tracker's."""

    def _answer(self) -> None:
        server = cast("Server", self.server)
        server.answering(1)
        try:
            where, _, query = self.path.partition("?")
            token, _, path = where.removeprefix("/").partition("/")
            refusal = self._stranger(server, token)
            route = server.routes.get((self.command, path))
            if refusal is None and route is None:
                other = any(known == path for _, known in server.routes)
                refusal = words("refused: not with this method", 405) if other else words("refused: no such page", 404)
            refusal = refusal or self._bad_body()
            if refusal is not None or route is None:
                self._send(refusal or words("refused: no such page", 404), last=True)
                return
            length = int(self.headers.get("Content-Length", "0"))
            body = self.rfile.read(length)
            if len(body) == length:  # else the browser went away
                self._send(route(Request(dict(parse_qsl(query)), body)))
        finally:
            server.answering(-1)

    def _stranger(self, server: "Server", token: str) -> Reply | None:
        """The refusal of a request that does not come from our page."""
        named = self.headers.get_all("Host", [])
        if len(named) != 1 or not hosts.may_name(named[0], server.host):
            return words("refused: the Host header is not this server's", 403)
        if self.headers.get("Origin", f"http://{named[0]}") != f"http://{named[0]}":
            return words("refused: the request comes from another site's page", 403)
        if not hmac.compare_digest(token.encode(), server.token.encode()):
            return words("refused: open the whole address that the terminal shows", 403)
        return None

    def _bad_body(self) -> Reply | None:
        """The refusal of a body, before any of it is read."""
        lengths = self.headers.get_all("Content-Length", [])
        if "Transfer-Encoding" in self.headers or (self.command == "POST" and not lengths):
            return words("refused: the request must tell its length", 411)
        if len(lengths) > 1 or not all(length.isascii() and length.isdecimal() for length in lengths):
            return words("refused: the request's length is no number", 400)
        if lengths and (len(lengths[0]) > 9 or int(lengths[0]) > LARGEST_BODY):
            return words(f"refused: more than {LARGEST_BODY} bytes", 413)
        if self.command == "POST" and self.headers.get_content_type() != JSON:
            return words(f"refused: the body must be {JSON}", 415)
        return None

    def _send(self, reply: Reply, last: bool = False) -> None:
        """Send an answer; after the last one the connection is closed, whatever of a body is left unread."""
        self.send_response(reply.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(reply.body)))
        if last:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(reply.body)
