"""Owns what a service manager is told: that clients can connect, what goes on, and the end."""

import logging
import os
import socket
from collections.abc import Callable, MutableMapping

import trio

logger = logging.getLogger(__name__)

_REPORT_SECONDS = 10.0


class ServiceManager:
    """systemd, or nobody: everything told to nobody is dropped.

    Takes its variables out of `environ`, so that nothing the daemon starts speaks in its name.
    """

    def __init__(self, environ: MutableMapping[str, str]) -> None:
        self._address = environ.pop("NOTIFY_SOCKET", "")
        interval = int(environ.pop("WATCHDOG_USEC", "0")) / 1e6
        whose = environ.pop("WATCHDOG_PID", str(os.getpid()))
        watched = interval and whose == str(os.getpid())
        self._pause = min(interval / 2, _REPORT_SECONDS) if watched else _REPORT_SECONDS

    async def keep_told(self, status: Callable[[], str], stop: trio.Event) -> None:
        """From when clients can connect until `stop`, twice as often as the watchdog wants."""
        if not self._address:
            return
        self._tell("READY=1", f"STATUS={status()}")
        while not stop.is_set():
            with trio.move_on_after(self._pause):
                await stop.wait()
            self._tell("WATCHDOG=1", f"STATUS={status()}")
        self._tell("STOPPING=1", "STATUS=stopping")

    def failed(self, why: str) -> None:
        """Shown by `systemctl status` after the end."""
        if self._address:
            self._tell(f"STATUS={why}")

    def _tell(self, *lines: str) -> None:
        """Never waits and never fails: a manager that does not listen is its own trouble."""
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.setblocking(False)
            try:
                manager.sendto("\n".join(lines).encode(), name)
            except OSError as fault:
                logger.warning("the service manager cannot be told: %s", fault)
