"""Owns opening a page in the browser of the person who sits here, if there is one."""

from __future__ import annotations

import os
import sys

from claudette_cli.terminal.output import attended

_ELSEWHERE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")


def open_page(url: str) -> bool:
    """False when the page has to be opened by hand."""
    if not url.startswith(("https://", "http://")) or not _is_here():
        return False
    import webbrowser

    return webbrowser.open(url)


def _is_here() -> bool:
    """Not on a machine that is only reached from elsewhere, nor within a terminal alone."""
    if not attended() or any(map(os.environ.get, _ELSEWHERE)):
        return False
    shown = map(os.environ.get, ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
    return any(shown) or sys.platform == "darwin"
