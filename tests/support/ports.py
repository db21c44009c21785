"""Owns ports of this machine that are one test's alone for as long as it needs them."""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_port() -> Iterator[int]:
    """A port at which programs of the test may listen, one after the other. Between two of them the
    system gives it to nobody else, and it refuses whoever calls."""
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
        if sys.platform != "linux":
            # There it would keep out the programs of the test as well.
            held.close()
        yield port
