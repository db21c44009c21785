"""Owns reaching a daemon on another machine, for `--host`: over ssh, or through its door for
devices.

Either way the connection is one end of a pair of sockets, so that what uses it cannot tell; at the
other end is an ssh, or a thread that speaks to the WebSocket.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from claudette_cli.client.connection import Connection
from claudette_cli.exits import NO_DAEMON, USAGE, Disconnected, Failure
from claudetted import __version__
from claudetted.protocol.remote import PAIR_PATH

_WEB = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
_REMOTE_COMMAND = 'env PATH="$HOME/.local/bin:$PATH" claudette stdio'
"""An ssh without a terminal reads no profile, which would have put this into PATH."""
_SECONDS = 30.0


def connect(host: str) -> Connection:
    """Raises OSError while it cannot be reached, Failure when trying again would not help."""
    split = urlsplit(host)
    if split.scheme == "ssh" and split.hostname:
        return _by_ssh(split)
    if split.scheme in _WEB and split.hostname:
        return _by_web(split)
    raise Failure(
        f"{host!r} is no host: give ssh://user@box, wss://box:7433, or the link that "
        "claudette remote pair shows.",
        USAGE,
    )


def _by_ssh(split: SplitResult) -> Connection:
    port = ["-p", str(split.port)] if split.port else []
    target = f"{split.username}@{split.hostname}" if split.username else str(split.hostname)
    ours, theirs = socket.socketpair()
    command = ["ssh", "-T", *port, "--", target, _REMOTE_COMMAND]
    try:
        ssh = subprocess.Popen(command, stdin=theirs.fileno(), stdout=theirs.fileno())
    except FileNotFoundError:
        ours.close()
        raise Failure("ssh is not on PATH; install it.", NO_DAEMON) from None
    finally:
        theirs.close()
    return _greeted(Connection("", __version__, ours, ssh.wait), str(split.hostname))


def _by_web(split: SplitResult) -> Connection:
    from claudette_cli.client.web_socket import Relay

    origin = f"{_WEB[split.scheme]}://{split.netloc}"
    code = split.fragment.removeprefix("pair=")
    token = _paired(origin, code) if code else _tokens().get(origin)
    if not token:
        raise Failure(
            f"This machine is not paired with {origin}: run claudette remote pair there, and "
            "give --host the link that it shows.",
            NO_DAEMON,
        )
    relay = Relay(origin, token)
    return _greeted(Connection("", __version__, relay.socket, relay.join), origin)


def _greeted(connection: Connection, name: str) -> Connection:
    """A connection that the daemon has answered on."""
    try:
        connection.greet()
    except Disconnected as gone:
        connection.close()
        raise ConnectionResetError(0, f"{name} closed the connection") from gone
    return connection


# Pairing


def _paired(origin: str, code: str) -> str:
    """The token that a code is exchanged for; it is kept for the next time."""
    split = urlsplit(origin)
    kind = HTTPSConnection if split.scheme == "https" else HTTPConnection
    connection = kind(split.netloc, timeout=_SECONDS)
    body = json.dumps({"code": code, "name": f"claudette on {socket.gethostname()}"})
    try:
        connection.request("POST", PAIR_PATH, body)
        answer = connection.getresponse()
        told = answer.read()
    except HTTPException as fault:
        raise ConnectionResetError(0, f"{origin} gave no answer: {fault}") from fault
    finally:
        connection.close()
    if answer.status == 401:
        raise Failure(
            f"{origin} does not know the code: each is good for one device and a minute. Show a "
            "new link with: claudette remote pair"
        )
    if answer.status != 200:
        raise Failure(f"{origin} answered the code with the HTTP status {answer.status}.")
    token = str(json.loads(told)["token"])
    _keep(origin, token)
    return token


def _file() -> str:
    from claudetted.protocol import places

    return os.path.join(places.data_dir(), "hosts.json")


def _tokens() -> dict[str, str]:
    """By origin: those of the daemons this machine is paired with."""
    try:
        with open(_file(), encoding="utf-8") as file:
            return dict(json.load(file))
    except FileNotFoundError:
        return {}


def _keep(origin: str, token: str) -> None:
    path = _file()
    os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
    kept = {**_tokens(), origin: token}
    fresh = f"{path}.{os.getpid()}"
    with open(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        json.dump(kept, file)
    os.replace(fresh, path)
