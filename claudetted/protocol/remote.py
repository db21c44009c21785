"""Owns the door for other machines and browsers: whether it is open, where, and how safely."""

from claudetted.protocol.base import Data, Params

SOCKET_PATH = "/socket"
PAIR_PATH = "/pair"

DEFAULT_LISTEN = "127.0.0.1:7433"


class EnableParams(Params, frozen=True):
    """Where to listen, as `address:port`, and with what. Everything replaces what held before.

    An address that other machines reach needs `certificate` and `key`, the paths of PEM files, or
    `insecure`.
    """

    listen: str = DEFAULT_LISTEN
    certificate: str = ""
    key: str = ""
    insecure: bool = False


class Remote(Data, frozen=True):
    """The door while it is enabled."""

    listen: str
    """The address and the port that it has, or is to have."""
    url: str
    """Where a browser finds the page: the first of `remote_origins`, else the address itself."""
    tls: bool = False
    insecure: bool = False
    """Other machines reach it without TLS: what is said can be read and changed on the way."""
    fault: str = ""
    """Why it is not open now; it is tried again."""
    wrong_attempts: int = 0
    """Wrong codes and tokens since the daemon started."""


class RemoteResult(Data, frozen=True):
    """`remote` is null while the door is disabled."""

    remote: Remote | None = None
