"""Owns where a service manager listens for browsers and other machines, besides the daemon."""

from __future__ import annotations

import ipaddress

from claudette_cli.client import finding

SHIPPED = "127.0.0.1:7433"
"""The address in the files as they are shipped."""


def listens_at() -> str | None:
    """Address and port of the daemon's door; empty while it is disabled, or at a name, which
    service managers do not look up. None while no daemon runs."""
    running = finding.running()
    if running is None:
        return None
    with running:
        remote = running.request("daemon/status").get("remote")
    return remote["listen"] if remote and _is_address(remote["listen"]) else ""


def _is_address(listen: str) -> bool:
    try:
        ipaddress.ip_address(listen.rpartition(":")[0].strip("[]"))
    except ValueError:
        return False
    return True
