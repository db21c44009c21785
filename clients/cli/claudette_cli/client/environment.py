"""Owns what a client carries of its environment to the agent's commands."""

import os

from claudette_cli.client.finding import elsewhere
from claudette_cli.terminal.output import attended

_OF_A_SHELL = ("PATH", "VIRTUAL_ENV")
_AGENTS = ("SSH_AUTH_SOCK", "SSH_AGENT_PID")
_NETWORK = (
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
)
"""The way to servers elsewhere."""
_CARRIED = frozenset(
    {
        *_OF_A_SHELL,
        *_AGENTS,
        "LANG",
        "LANGUAGE",
        "LC_ALL",
        "LC_COLLATE",
        "LC_CTYPE",
        "LC_MESSAGES",
        "LC_MONETARY",
        "LC_NUMERIC",
        "LC_TIME",
        "TZ",
        "SSH_ASKPASS",
        "GPG_TTY",
        "KRB5CCNAME",
        "DBUS_SESSION_BUS_ADDRESS",
        "DISPLAY",
        "WAYLAND_DISPLAY",
        "XAUTHORITY",
        *_NETWORK,
    }
)


def carried() -> dict[str, str]:
    """The part of this shell's environment that the agent's commands shall have: nothing on
    another machine, where its paths and sockets are not. What is no UTF-8 stays here: JSON cannot
    carry it, and the rest is of use without it."""
    if elsewhere():
        return {}
    found = {
        name: _text(name, value)
        for name, value in os.environ.items()
        if name in _CARRIED or name.startswith("LC_")
    }
    return {name: value for name, value in found.items() if value or not os.environ[name]}


def _text(name: str, value: str) -> str:
    if value.isascii():
        return value
    parts = value.split(os.pathsep) if name == "PATH" else [value]
    return os.pathsep.join(part for part in parts if _is_text(part))


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def refreshed() -> dict[str, str]:
    """What a message or an attach brings to a chat that is there already; an empty value takes a
    variable away. A job without a terminal has a PATH that is not the user's, and lacks what a
    session sets: of what it has not, it takes away only the way to an SSH agent."""
    if elsewhere():
        return {}
    found = carried()
    if attended():
        return {**dict.fromkeys(_CARRIED - {"PATH"}, ""), **found}
    of_job = {name: value for name, value in found.items() if name not in _OF_A_SHELL}
    return {**dict.fromkeys(_AGENTS, ""), **of_job}


def network() -> dict[str, str]:
    """The same, of the proxies and certificates alone: what is asked of a server now goes with
    those of this shell."""
    return {name: value for name, value in refreshed().items() if name in _NETWORK}
