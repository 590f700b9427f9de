"""The studio's server: uvicorn on one address of this machine."""

import secrets
import socket
from dataclasses import dataclass
from typing import Any

from drol_jax.errors import UserError
from drol_jax.show import hosts
from drol_jax.studio.orders import Desk
from drol_jax.studio.places import LARGEST
from drol_jax.system.optional import optional

EXTRA = "'drol_jax[studio]'"


@dataclass(frozen=True)
class Serving:
    """A server that listens; `run` begins to answer."""

    addresses: list[str]
    """Where browsers find the page; the first one is for other devices where they may come."""
    _server: Any
    _listening: socket.socket

    def run(self) -> None:
        """Serve until the process is interrupted, or `stop`.

        Raises:
          KeyboardInterrupt: after Ctrl-C.
        """
        try:
            self._server.run(sockets=[self._listening])
        finally:
            self._listening.close()

    def stop(self) -> None:
        """End, from another thread."""
        self._server.should_exit = True


def serving(desk: Desk, *, host: str = hosts.LOOPBACK, port: int = 0, password: str | None = None) -> Serving:
    """A server of the studio.

    Args:
      host, port: as in `drol_jax.show.hosts.bound`.
      password: that browsers ask for; needed where other devices are let in.

    Raises:
      UserError: the extra `studio` is missing, there is no password though others may come, or the address cannot be
        listened on.
    """
    uvicorn: Any = optional("uvicorn", EXTRA)
    optional("starlette", EXTRA)
    from drol_jax.studio.app import application
    from drol_jax.studio.guard import Guard

    listening = hosts.bound(host, port)
    numbers = str(listening.getsockname()[0])
    if not hosts.is_loopback(numbers) and not password:
        listening.close()
        raise UserError(f"--host {host} lets other devices in: give a --password too, or leave --host out")
    token = secrets.token_urlsafe(16)
    servers: list[Any] = []
    app = application(desk, ending=lambda: bool(servers) and servers[0].should_exit)
    guarded = Guard(app, token=token, host=numbers, password=password or None, larger={"project": LARGEST})
    config = uvicorn.Config(
        guarded,
        log_level="critical",
        access_log=False,
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
    )
    servers.append(uvicorn.Server(config))
    network = hosts.network_address() if hosts.is_wide(numbers) else None
    where = f"{listening.getsockname()[1]}/{token}/"
    return Serving([f"http://{name}:{where}" for name in hosts.shown(numbers, network)], servers[0], listening)
