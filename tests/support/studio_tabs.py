"""Tabs of a browser on the studio's page, for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from drol_jax.studio.orders import Desk
from drol_jax.studio.serving import serving


@contextmanager
def served(desk: Desk) -> Iterator[str]:
    """The address of a studio that is served meanwhile."""
    server = serving(desk)
    thread = Thread(target=server.run)
    thread.start()
    yield server.addresses[0]
    server.stop()
    thread.join(10)
    assert not thread.is_alive()


@contextmanager
def tab_on(browser: Any, address: str, device: dict[str, Any], *, tour: bool = False) -> Iterator[Any]:
    """A tab on an address, which may not complain of anything."""
    context = browser.new_context(**device)
    tab, troubles = context.new_page(), list[str]()
    tab.on("pageerror", lambda error: troubles.append(str(error)))
    tab.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    tab.goto(address)
    if not tour:
        tab.click("#tour-skip")
    yield tab
    assert [trouble for trouble in troubles if "422" not in trouble] == []
    context.close()


def until(tab: Any, condition: str, seconds: float = 40) -> None:
    """Wait for JavaScript to be true. The page's own policy keeps the driver from doing so inside the page."""
    for _ in range(int(seconds * 50)):
        if tab.evaluate(condition):
            return
        tab.wait_for_timeout(20)
    raise AssertionError(f"{condition}; the page says {tab.inner_text('#status')!r}, {tab.inner_text('#trouble')!r}")


def ready(tab: Any) -> None:
    until(tab, "document.getElementById('status').textContent === 'Ready'")
