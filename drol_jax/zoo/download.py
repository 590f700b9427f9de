"""One file from the first of several addresses that gives it: resumed, checked, whole or not at all.

With the standard library alone: proxies are those of the environment (`http_proxy`, `https_proxy`, `no_proxy`).
"""

import hashlib
import http.client
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drol_jax.errors import UserError, reason
from drol_jax.system.resources import version

PIECE = 2**16
TRIES = 4
"""Times that one address is asked, where it breaks off or is too busy."""
LEAST = 1024
"""Bytes a second below which a server counts as stuck."""
LARGEST = 2**32
"""Bytes that no file of weights reaches."""
BUSY = (408, 429, 500, 502, 503, 504)
UNSATISFIABLE = 416
Told = Callable[[int, int | None], None]
"""Called with the bytes that are there and those of the whole file, where known."""


class Stopped(Exception):
    """An address does not give the file, with the reason; asking it again would not help."""


class Broken(Exception):
    """The connection broke off, or the server was busy: asking again may help."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A file to be."""

    target: Path
    """Where it is written; its folder exists. Part of it that is there already is resumed, if `sha256` is known."""
    sha256: str | None = None
    size: int | None = None
    timeout: float = 30.0
    """Seconds without a byte, or with hardly any, after which a server counts as stuck."""
    told: Told = lambda done, whole: None
    kind: Callable[[Path], str | None] = lambda path: None
    """What a file is that is not the one wanted, such as "a web page"."""
    pause: Callable[[float], None] = time.sleep


def fetch(addresses: Sequence[str], wanted: Wanted) -> str:
    """Download a file.

    Returns:
      The address that gave it.

    Raises:
      UserError: no address gives it; tells each one's reason. Of a file that broke off its part stays, to be resumed,
        where the hash is known; of any other nothing stays.
    """
    reasons = []
    for address in addresses:
        try:
            _whole(address, wanted)
            return address
        except Stopped as stopped:
            reasons.append(f"{address}: {stopped}")
        except OSError as error:
            raise UserError(f"cannot write {wanted.target}: {reason(error)}; free space or mend it") from error
        finally:
            if wanted.sha256 is None and reasons:
                wanted.target.unlink(missing_ok=True)
    raise UserError(
        f"cannot download it: {'; '.join(reasons)}. Check the network, name a proxy (https_proxy), or download the "
        "file another way and give it to drol-jax weights get"
    )


def _whole(address: str, wanted: Wanted) -> None:
    """The whole file from one address, its hash checked."""
    if not address.startswith(("http://", "https://")):
        raise Stopped("it is no address of the web (http://, https://)")
    target = wanted.target
    for attempt in range(TRIES):
        if wanted.sha256 is None:
            target.unlink(missing_ok=True)
        before = target.stat().st_size if target.exists() else 0
        try:
            _more(address, before, wanted)
        except Broken as broken:
            if attempt == TRIES - 1:
                raise Stopped(f"{broken}, {TRIES} times") from broken
            wanted.pause(2.0**attempt)
            continue
        found = _sha256(target)
        if wanted.sha256 in (None, found):
            return
        kind = wanted.kind(target)
        target.unlink()
        if not before:  # else what was there before may have been another file's
            what = f"it gives {kind}" if kind else f"it gives other bytes than were published (SHA-256 {found[:12]}...)"
            raise Stopped(what)
    raise Stopped("it gives other bytes than were published")


def _more(address: str, before: int, wanted: Wanted) -> None:
    """What is missing of the file, or all of it.

    Raises:
      Stopped, Broken: it does not come.
    """
    headers = {"User-Agent": f"drol_jax/{version()}", "Accept-Encoding": "identity"}
    if before:
        headers["Range"] = f"bytes={before}-"
    try:
        with _opener().open(urllib.request.Request(address, headers=headers), timeout=wanted.timeout) as answer:
            goes_on = answer.status == 206 and str(answer.headers.get("Content-Range", "")).startswith(
                f"bytes {before}-"
            )
            if before and not goes_on:
                before = 0
                if answer.status == 206:
                    wanted.target.unlink(missing_ok=True)
                    raise Broken("it resumes at another byte than was asked for")
            _copy(answer, before, wanted)
    except urllib.error.HTTPError as error:
        if error.code == UNSATISFIABLE and before:  # all of it may be there; the hash tells
            return
        told = f"HTTP {error.code} {' '.join(str(error.reason).split())[:80]}"
        raise (Broken if error.code in BUSY else Stopped)(told) from error
    except urllib.error.URLError as error:
        cause = error.reason
        if isinstance(cause, TimeoutError):
            raise Broken("it does not answer") from error
        told = reason(cause) if isinstance(cause, Exception) else str(cause)
        raise Stopped(" ".join(told.split())[:200]) from error
    except TimeoutError as error:
        raise Broken(f"it sent nothing for {wanted.timeout:g} seconds") from error
    except (ConnectionError, http.client.HTTPException, socket.gaierror) as error:
        raise Broken(
            f"the connection broke off ({' '.join(str(error).split())[:80] or type(error).__name__})"
        ) from error


def _copy(answer: Any, before: int, wanted: Wanted) -> None:
    announced = answer.headers.get("Content-Length", "")
    whole = before + int(announced) if announced.isdecimal() else None
    if wanted.size is not None and whole not in (None, wanted.size):
        what = answer.headers.get_content_type()
        raise Stopped(f"it gives {whole:,} bytes ({what}), where the file has {wanted.size:,}")
    done, mark, since = before, before, time.monotonic()
    with wanted.target.open("ab" if before else "wb") as file:
        while piece := answer.read1(PIECE):
            file.write(piece)
            done += len(piece)
            wanted.told(done, whole or wanted.size)
            if done > (wanted.size or LARGEST):
                raise Stopped("it gives more bytes than the file has")
            if time.monotonic() - since > wanted.timeout:
                if done - mark < LEAST * wanted.timeout:
                    raise Broken(f"it sends less than {LEAST} bytes a second")
                mark, since = done, time.monotonic()
    if whole is not None and done < whole:
        raise Broken(f"it broke off after {done:,} of {whole:,} bytes")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Redirections, but for those from a protected address to one that anyone on the way may change."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        if req.type == "https" and not newurl.startswith("https:"):
            raise urllib.error.HTTPError(req.full_url, code, "it leads to an address without TLS", headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Redirects)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
