"""Opening a page in this machine's browser."""

import os
import sys
import webbrowser
from collections.abc import Mapping


def has_screen(platform: str = sys.platform, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether there is a screen that a browser could open on. Browsers in a terminal are not meant."""
    return platform in ("darwin", "win32") or any(environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))


def open_page(address: str) -> None:
    """Open an address in a new tab, where there is a screen; the address is told in the terminal anyway."""
    if has_screen():
        webbrowser.open_new_tab(address)
