"""Owns keeping the Python processes of the tests away from servers that no test has started.

Python imports this module by its name when it starts, because `tests.support.isolation` puts its
directory on PYTHONPATH. So it loads next to nothing: tests count what a command loads.
"""

from __future__ import annotations

import errno
import os
import sys

USUAL_PORTS = frozenset({11434, 1234})
"""Where Ollama and LM Studio listen, on the machine of whoever runs the tests as well."""


def check(event: str, arguments: tuple[object, ...]) -> None:
    """Raises OSError for a connection that leaves this machine, or goes to a server of its user."""
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        host, port = arguments[1][:2]
        if port in USUAL_PORTS:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        if host not in ("localhost", "::1") and not host.startswith("127."):
            raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))


sys.addaudithook(check)
