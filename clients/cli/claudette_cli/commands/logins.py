"""Owns signing in to a provider: shows what to do, answers what is asked, waits for the end."""

from __future__ import annotations

import os
import sys

from claudette_cli.calling import Daemon
from claudette_cli.exits import DONE, FAILED, Failure
from claudette_cli.terminal import attended, harmless, output

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


def sign_in(daemon: Daemon, provider: str) -> int:
    """The sign-in goes on when the daemon alone is left; Ctrl-C gives it up."""
    login = daemon.call("login/start", {"provider": provider})["login"]
    shown: Json = {}
    try:
        while login.get("state", "running") == "running":
            _show(login, shown)
            shown = login
            if login.get("asks"):
                params = {"loginId": login["id"], "value": _answer(login)}
                login = daemon.call("login/answer", params)["login"]
            else:
                params = {"loginId": login["id"], "after": login.get("step", 0)}
                login = daemon.call("login/wait", params)["login"]
    except KeyboardInterrupt:
        daemon.call("login/cancel", {"loginId": login["id"]})
        raise
    if login["state"] == "failed":
        raise Failure(login.get("message", "The sign-in failed."), FAILED)
    output().say(f"Signed in to {provider}. {login.get('message', '')}".strip())
    return DONE


def _show(login: Json, shown: Json) -> None:
    url, code = login.get("url", ""), login.get("code", "")
    if url and url != shown.get("url"):
        output().say(f"Open {harmless(url)}" + (f" and enter {harmless(code)}" if code else ""))
        if _has_browser():
            import webbrowser

            webbrowser.open(url)
    if login.get("message") and not login.get("asks"):
        output().say(harmless(login["message"]))


def _answer(login: Json) -> str:
    """A number stands for the choice with this number."""
    options = login.get("options", [])
    for number, option in enumerate(options, 1):
        output().say(f"  {number}  {harmless(option['label'])}")
    hint = f" ({login['placeholder']})" if login.get("placeholder") else ""
    output().write(f"{harmless(login.get('message', ''))}{hint}: ")
    line = sys.stdin.readline()
    if not line:
        raise KeyboardInterrupt
    text = line.strip()
    if text.isdigit() and 0 < int(text) <= len(options):
        return str(options[int(text) - 1]["id"])
    return text


def _has_browser() -> bool:
    """Not on a machine that is only reached from elsewhere."""
    if not attended() or os.environ.get("SSH_CONNECTION"):
        return False
    shown = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    return bool(shown) or sys.platform == "darwin"
