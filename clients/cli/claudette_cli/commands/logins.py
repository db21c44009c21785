"""Owns signing in to a provider: shows what to do, answers what is asked, waits for the end."""

from __future__ import annotations

from claudette_cli.browser import open_page
from claudette_cli.client.daemon import Daemon
from claudette_cli.client.environment import network
from claudette_cli.exits import DONE, FAILED, Disconnected, Failure
from claudette_cli.rendering.qr import picture
from claudette_cli.terminal.output import harmless, output
from claudette_cli.terminal.typed import Typed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Json = dict[str, Any]


def sign_in(daemon: Daemon, provider: str) -> int:
    """The sign-in goes on when the daemon alone is left; Ctrl-C gives it up."""
    daemon.call("event/subscribe", {"all": True})
    login = daemon.call("login/start", {"provider": provider, "env": network()})["login"]
    try:
        ended = _Following(daemon, login).to_its_end()
    except KeyboardInterrupt:
        daemon.call("login/cancel", {"loginId": login["id"]})
        raise
    except Disconnected:
        raise Failure("The sign-in ended with its daemon; start it again.") from None
    if ended["state"] == "failed":
        raise Failure(ended.get("message", "The sign-in failed."), FAILED)
    output().say(f"Signed in to {provider}. {ended.get('message', '')}".strip())
    return DONE


class _Following:
    """One sign-in as the feed tells it, and what is typed here for it."""

    def __init__(self, daemon: Daemon, login: Json) -> None:
        self._daemon = daemon
        self._login = login
        self._shown: Json = {}
        self._asked: Json = {}
        """The step whose question is on the screen."""
        self._typed = Typed()

    def to_its_end(self) -> Json:
        while self._runs:
            self._show()
            if self._login.get("asks"):
                self._ask()
            line = self._typed.line() if self._asked else None
            if line is not None:
                self._answer(line)
            elif self._asked and self._typed.over and not self._login.get("url"):
                # Nobody is there to answer, and nothing but an answer leads on.
                raise KeyboardInterrupt
            else:
                self._wait()
        self._leave_question()
        return self._login

    @property
    def _runs(self) -> bool:
        return bool(self._login.get("state", "running") == "running")

    def _show(self) -> None:
        login, shown, out = self._login, self._shown, output()
        self._shown = login
        if self._asked and not login.get("asks"):
            self._leave_question()
        if (url := login.get("url", "")) and url != shown.get("url"):
            self._show_page(url, login.get("code", ""))
        message = login.get("message", "")
        if message and not login.get("asks") and message != shown.get("message"):
            out.say(harmless(message))

    def _show_page(self, url: str, code: str) -> None:
        """A code is entered wherever the page is opened: a telephone will do."""
        out = output()
        if code and (drawn := picture(url, out)):
            out.say(drawn)
        out.say(f"Open {harmless(url)}" + (f" and enter {harmless(code)}" if code else ""))
        open_page(url)

    def _ask(self) -> None:
        if self._asked:
            return
        self._asked = self._login
        for number, option in enumerate(self._login.get("options", []), 1):
            output().say(f"  {number}  {harmless(option['label'])}")
        self._prompt()

    def _prompt(self) -> None:
        wanted = self._asked.get("placeholder", "")
        hint = f" ({harmless(wanted)})" if wanted else ""
        message = harmless(self._asked.get("message", "")).rstrip(": ")
        output().write(f"{message}{hint}: ")

    def _answer(self, line: str) -> None:
        options = [str(option["id"]) for option in self._asked.get("options", [])]
        value = _chosen(line, options) if options else line
        if value is None:
            self._prompt()
            return
        self._asked = {}
        params = {"loginId": self._login["id"], "value": value}
        self._take(self._daemon.call("login/answer", params)["login"])

    def _leave_question(self) -> None:
        """It was answered elsewhere, such as by the page itself."""
        if self._asked:
            self._asked = {}
            output().say()

    def _wait(self) -> None:
        connection = self._daemon.connection
        if connection.pending or self._typed.wait(connection, listening=bool(self._asked)):
            for told in connection.arrived():
                self._take(told["params"].get("login") or {})

    def _take(self, login: Json) -> None:
        newer = login.get("step", 0) > self._login.get("step", 0)
        if login.get("id") == self._login["id"] and newer:
            self._login = login


def _chosen(line: str, options: list[str]) -> str | None:
    """By number or by name; the first one without a word."""
    if line.isdigit() and 0 < int(line) <= len(options):
        return options[int(line) - 1]
    return line if line in options else None if line else options[0]
