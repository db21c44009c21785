"""Owns deciding a permission as this client, and what it means when somebody else was first."""

from __future__ import annotations

from claudette_cli.client.daemon import Daemon, new_key
from claudette_cli.exits import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def decide(
    permission: dict[str, Any], decision: str, reason: str = "", scope: str = "once"
) -> dict[str, Any]:
    """The daemon's answer. Carries the digest of what was shown, so that nothing else runs, and
    whether all of it was (`reading.whole_request`)."""
    params = {
        "permissionId": permission["id"],
        "decision": decision,
        "scope": scope,
        "reason": reason,
        "digest": permission["request"]["digest"],
        "seenWhole": permission.get("seenWhole", False),
        "key": new_key(),
    }
    with Daemon() as daemon:
        return dict(daemon.call("permission/decide", params))


def gone(refused: Refused) -> bool:
    """Whether it was decided already, which every screen is told by an event anyway."""
    return refused.name in ("PermissionGone", "PermissionNotFound")
