"""`Server`: our own pages on this machine, for those who have their address."""

import secrets
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from http.server import ThreadingHTTPServer
from threading import Condition, Thread
from typing import cast

from drol_jax.show import hosts
from drol_jax.show.handler import Handler
from drol_jax.show.replies import Route

GRACE_SECONDS = 1.0
"""How long the end waits for answers under way."""


class Server(ThreadingHTTPServer):
    """Serves routes below an address that ends in a random token, until it is closed; in a `with` block."""

    daemon_threads = True

    def __init__(self, routes: Mapping[tuple[str, str], Route], *, host: str = hosts.LOOPBACK, port: int = 0):
        """Start to serve, in a thread of its own.

        Args:
          routes: by method (GET or POST) and path below the token; "" is the page.
          host: address to listen on; `0.0.0.0` lets other devices of the network in.
          port: 0 takes a free one.

        Raises:
          UserError: host or port cannot be listened on.
        """
        listening = hosts.bound(host, port)
        super().__init__(listening.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket, self.server_address = listening, listening.getsockname()
        self.routes, self.token = dict(routes), secrets.token_urlsafe(16)
        self._under_way, self._changed = 0, Condition()
        self._connections = set[socket.socket]()
        self._closed = False
        self._thread = Thread(target=self.serve_forever, args=(0.05,), name="drol-page", daemon=True)
        self._thread.start()

    @property
    def host(self) -> str:
        """The address in numbers that is listened on."""
        return str(self.server_address[0])

    @property
    def addresses(self) -> list[str]:
        """Where browsers find the page; the first one is for other devices where they may come."""
        network = hosts.network_address() if hosts.is_wide(self.host) else None
        return [f"http://{name}:{self.server_address[1]}/{self.token}/" for name in hosts.shown(self.host, network)]

    def close(self) -> None:
        """End, with all connections: answers under way are given first, as far as that takes no longer than a second.

        May be called twice.
        """
        if self._closed:
            return
        self._closed = True
        self.shutdown()
        self._thread.join()
        self.server_close()
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0, GRACE_SECONDS)
            # Browsers keep connections, and would ask this server for the next page on the same port. No answer begins
            # while this is held, so that none is cut off.
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def answering(self, change: int) -> None:
        """Count answers under way."""
        with self._changed:
            self._under_way += change
            self._changed.notify_all()

    def process_request(self, request: object, client_address: object) -> None:
        """Answer a connection, which is remembered until it ends."""
        with self._changed:
            self._connections.add(cast(socket.socket, request))
        super().process_request(request, client_address)  # pyright: ignore[reportArgumentType]

    def shutdown_request(self, request: object) -> None:
        """End a connection."""
        with self._changed:
            self._connections.discard(cast(socket.socket, request))
        super().shutdown_request(request)  # pyright: ignore[reportArgumentType]

    def handle_error(self, request: object, client_address: object) -> None:
        """Be quiet about browsers that went away; anything else is a fault of ours and shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # pyright: ignore[reportArgumentType]

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
