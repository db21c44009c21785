"""Owns waiting at a gate that the test opens: a connection to the test's `Gates`."""

from tests.fakes.sidecar.stopping import Stop


def hold(gates: str, name: str, stop: Stop) -> None:
    """Returns when the test released `name`; raises `Stopped` when the turn is aborted first."""
    import _socket

    line = _socket.socket(_socket.AF_UNIX)
    try:
        line.connect(gates)
        line.sendall(name.encode() + b"\n")
        with stop.waking(lambda: line.shutdown(_socket.SHUT_RDWR)):
            line.recv(1)
    finally:
        line.close()
    stop.check()
