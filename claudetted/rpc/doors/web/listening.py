"""Owns where the door listens, and what an address needs that other machines reach."""

import os
import ssl

import msgspec
import trio

from claudetted.protocol import errors, errors_remote
from claudetted.protocol.remote import EnableParams
from claudetted.rpc.doors.activation import PassedSockets
from claudetted.rpc.doors.web.origins import Place, is_loopback

_BACKLOG = 128


class Listening(msgspec.Struct):
    """Listeners that are bound, and what a connection to them is wrapped in."""

    config: EnableParams
    listeners: list[trio.SocketListener] = msgspec.field(default_factory=list)
    tls: ssl.SSLContext | None = None

    @property
    def place(self) -> Place:
        """The first of them, with the port that it really has."""
        address, port = self.listeners[0].socket.getsockname()[:2]
        return Place(address, port, self.tls is not None)

    async def close(self) -> None:
        for listener in self.listeners:
            await listener.aclose()


def parse(listen: str) -> tuple[str, int]:
    """(address, port). Raises InvalidParams."""
    address, colon, port = listen.rpartition(":")
    address = address.removeprefix("[").removesuffix("]")
    if not colon or not address or not port.isdecimal() or int(port) > 65535:
        message = f"“{listen}” is no address and port, such as 127.0.0.1:7433 or [::1]:7433."
        raise errors.InvalidParams(message, path="$.listen")
    return address, int(port)


def check(config: EnableParams) -> None:
    """Raises InvalidParams, and RemoteRefused for what others could read on its way."""
    address, _ = parse(config.listen)
    if bool(config.certificate) != bool(config.key):
        missing = "key" if config.certificate else "certificate"
        message = f"A certificate and its key go together; {missing} is missing."
        raise errors.InvalidParams(message, path=f"$.{missing}")
    for name in ("certificate", "key"):
        path = getattr(config, name)
        if path and not os.path.isabs(path):
            raise errors.InvalidParams(f"{path} is not an absolute path.", path=f"$.{name}")
    if not (is_loopback(address) or config.certificate or config.insecure):
        raise errors_remote.RemoteRefused(
            f"Other machines reach {address}, and without TLS anybody on the way reads along and "
            "can answer for you: give --certificate and --key, let tailscale serve or a reverse "
            "proxy lead to a loopback address, or say --insecure.",
            listen=config.listen,
        )


async def bind(config: EnableParams, passed: PassedSockets) -> Listening:
    """At a socket that was passed, where there is one for the address. Raises CannotListen."""
    address, port = parse(config.listen)
    try:
        tls = _context(config) if config.certificate else None
        given = passed.listener_at(address, port)
        listeners = [given] if given else await _opened(address, port)
    except (OSError, ValueError) as fault:
        why = getattr(fault, "strerror", None) or str(fault)
        message = f"Cannot listen at {config.listen}: {why}."
        raise errors_remote.CannotListen(message, listen=config.listen) from None
    return Listening(config, listeners, tls)


async def _opened(address: str, port: int) -> list[trio.SocketListener]:
    return await trio.open_tcp_listeners(port, host=address, backlog=_BACKLOG)


def _context(config: EnableParams) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(config.certificate, config.key)
    return context
