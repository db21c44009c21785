"""Owns what every sidecar's environment has and lacks, whatever its harness."""

from collections.abc import Mapping

import msgspec

from claudetted.protocol.base import ChatId

CHAT_MARK = "CLAUDETTED_CHAT"
"""Names the chat in the environment of its sidecar and of all that one starts: whoever connects
with it may watch and not decide."""
DAEMON_ONLY = frozenset(
    {
        "CLAUDETTED_KEEPER",
        "CLAUDETTED_SIDECAR",
        "INVOCATION_ID",
        "JOURNAL_STREAM",
        "LISTEN_FDNAMES",
        "LISTEN_FDS",
        "LISTEN_PID",
        "MANAGERPID",
        "NOTIFY_SOCKET",
        "SYSTEMD_EXEC_PID",
        "WATCHDOG_PID",
        "WATCHDOG_USEC",
    }
)
"""What a service manager or a keeper tells one process and means for no other."""


class Launch(msgspec.Struct, frozen=True):
    """What to hand to the keeper."""

    argv: list[str]
    env: dict[str, str]


def sidecar_environment(environment: Mapping[str, str], chat: ChatId) -> dict[str, str]:
    """The chat's environment, marked."""
    kept = {name: value for name, value in environment.items() if name not in DAEMON_ONLY}
    return kept | {CHAT_MARK: chat}
