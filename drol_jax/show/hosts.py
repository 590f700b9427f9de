"""Addresses of a page: which may be listened on, which a request may name, and which the user is told."""

import socket
from ipaddress import ip_address

from drol_jax.errors import UserError, reason

LOOPBACK = "127.0.0.1"


def bound(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Args:
      host: an address or name of this machine; `0.0.0.0` or `::` are all that it has.
      port: 0 takes a free one.

    Raises:
      UserError: there is no such address here, or the port is taken or not allowed.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"--port {port}: ports go from 0 to 65535; 0 takes a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise UserError(f"--host {host}: {reason(error)}; give {LOOPBACK}, or 0.0.0.0 for other devices") from None
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(32)
    except OSError as error:
        listening.close()
        cure = "leave --port out for a free one" if port else f"give --host {LOOPBACK}"
        raise UserError(f"cannot serve a page on {host} port {port}: {reason(error)}; {cure}") from None
    return listening


def is_wide(host: str) -> bool:
    """Whether a listening address is every one of the machine."""
    return ip_address(host.partition("%")[0]).is_unspecified


def is_loopback(host: str) -> bool:
    """Whether a listening address is heard on this machine alone."""
    return ip_address(host.partition("%")[0]).is_loopback


def shown(host: str, network: str | None) -> list[str]:
    """Hosts to tell the user, for browsers; the first is for other devices where they may come.

    Args:
      host: the address that is listened on.
      network: `network_address()`.
    """
    if not is_wide(host):
        return [_written(host)]
    return [_written(one) for one in (network, LOOPBACK) if one is not None]


def network_address() -> str | None:
    """The machine's address in its network; None where it has none. Sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # kept for documents: only the route is looked up
            found = asking.getsockname()[0]
        except OSError:
            return None
    return None if ip_address(found).is_loopback else found


def may_name(header: str, listening: str) -> bool:
    """Whether a request's `Host` may be this server's.

    Another site's name that is made to lead here is refused: only addresses in numbers, `localhost`, and the machine's
    own name pass. The port is free, so that the page can be reached through a tunnel.

    Args:
      header: the `Host` header.
      listening: the address that is listened on.
    """
    name = header.rpartition(":")[0] if header.rpartition(":")[2].isdecimal() else header
    name = name.removeprefix("[").removesuffix("]").lower()
    try:
        number = ip_address(name)
    except ValueError:
        own = socket.gethostname().lower()
        return name == "localhost" or (not is_loopback(listening) and name in (own, f"{own}.local"))
    return number.is_loopback or not is_loopback(listening)


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host
