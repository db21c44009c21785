"""Owns the text of a bug report: what a developer needs, and nothing that is the user's own."""

from __future__ import annotations

import getpass
import json
import os
import re
import socket
from collections import Counter
from itertools import chain

from claudette_cli import choosing
from claudette_cli.client import finding as running
from claudette_cli.client.daemon import Daemon
from claudette_cli.doctor import daemon as of_daemon, machine
from claudette_cli.exits import Failure
from claudetted.protocol import places
from claudetted.protocol.settings import KNOWN
from claudetted.wire.redaction import REDACTED, redact

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

FILE = "claudette-report.txt"
_LOG_LINES = 300
_CRASH_LINES = 60
_SECRET_NAME = re.compile(r"(?i)(key|token|secret|password|credential)")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SHORTEST = 6
"""A shorter value is not searched for: it would be found in words that say nothing of it."""
_PREFACE = """\
A report about claudetted. It holds what `claudette doctor` finds, the daemon's status, settings
that were changed, how many chats there are, and the end of the daemon's log. It holds no message,
command, answer, title or key; your home directory, user name and host name are replaced.
Read it, and take out what you do not want to send.
"""


def compose() -> str:
    """The whole report. Parts that cannot be had say why."""
    parts = {
        "Findings": _findings,
        "Status": _status,
        "Settings that were changed": _settings,
        "Chats": _chats,
        "Log": lambda: _last(places.log_dir() / "claudetted.log", _LOG_LINES),
        "Last crash": lambda: _last(places.log_dir() / "claudetted.crash", _CRASH_LINES),
        "Last output": lambda: _last(places.data_dir() / "claudetted.output", _CRASH_LINES),
    }
    text = "\n".join([_PREFACE, *(_section(title, part) for title, part in parts.items())])
    return anonymous(text, os.environ, getpass.getuser(), socket.gethostname())


def _section(title: str, part: Callable[[], Iterator[str]]) -> str:
    try:
        lines = list(part())
    except (Failure, OSError) as failed:
        lines = [f"cannot be had: {failed}"]
    return "\n".join([f"== {title}", *(lines or ["none"]), ""])


def _findings() -> Iterator[str]:
    for finding in chain(machine.look(), of_daemon.look()):
        yield f"{finding.state:<8} {finding.name:<12} {finding.said}"


def _status() -> Iterator[str]:
    connection = running.running()
    if connection is None:
        return
    with connection:
        for name, value in connection.request("daemon/status").items():
            yield f"{name}: {value}"


def _settings() -> Iterator[str]:
    with Daemon() as daemon:
        for setting in daemon.call("setting/list").get("settings", []):
            known = KNOWN.get(setting["key"])
            if setting.get("value") and known and known.private:
                yield f"{setting['key']}: (set)"
            elif setting.get("value") is not None:
                yield f"{setting['key']}: {json.dumps(setting['value'])}"


def _chats() -> Iterator[str]:
    with Daemon() as daemon:
        kinds = Counter(
            (chat["harness"], chat.get("status", {}).get("name", "idle"))
            for chat in choosing.every_chat(daemon)
        )
    for (harness, status), count in sorted(kinds.items()):
        yield f"{count} {harness}, {status}"


def _last(path: Path, count: int) -> Iterator[str]:
    """The end of a file that may be large."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - count * 400))
        yield from file.read().decode(errors="replace").splitlines()[-count:]


def anonymous(text: str, environ: Mapping[str, str], user: str, host: str) -> str:
    """The text without keys, addresses and what names the user or the machine. Pure."""
    for name, value in environ.items():
        if _SECRET_NAME.search(name) and len(value) >= _SHORTEST:
            text = text.replace(value, REDACTED)
    if len(home := environ.get("HOME", "")) > 1:
        text = text.replace(home, "~")
    text = _EMAIL.sub("[address]", redact(text))
    for word, instead in ((user, "USER"), (host, "HOST")):
        if word not in ("", "root", "localhost"):
            text = re.sub(rf"(?<![\w.-]){re.escape(word)}(?![\w-])", instead, text)
    return text
