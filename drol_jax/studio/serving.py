"""The studio's server: uvicorn on one address of this machine."""

import secrets
from collections.abc import Callable
from typing import Any

from drol_jax.errors import UserError
from drol_jax.show import hosts
from drol_jax.studio.orders import Desk
from drol_jax.studio.places import LARGEST
from drol_jax.system.optional import optional

EXTRA = "'drol_jax[studio]'"


def serve(
    desk: Desk,
    *,
    host: str,
    port: int,
    password: str | None,
    announce: Callable[[list[str]], object],
) -> None:
    """Serve until the process is interrupted.

    Args:
      host, port: as in `drol_jax.show.hosts.bound`.
      password: that browsers ask for; needed where other devices are let in.
      announce: is told the addresses, the first one for other devices where they may come.

    Raises:
      UserError: the extra `studio` is missing, there is no password though others may come, or the address cannot be
        listened on.
    """
    uvicorn: Any = optional("uvicorn", EXTRA)
    optional("starlette", EXTRA)
    from drol_jax.studio.app import application
    from drol_jax.studio.guard import Guard

    listening = hosts.bound(host, port)
    try:
        numbers = str(listening.getsockname()[0])
        if not hosts.is_loopback(numbers) and not password:
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
        announce([f"http://{name}:{listening.getsockname()[1]}/{token}/" for name in hosts.shown(numbers, network)])
        servers[0].run(sockets=[listening])
    finally:
        listening.close()
