"""Owns where things live: the directories, the database, the lock and the socket.

Pure path arithmetic that clients share with the daemon; nothing is created here.
`CLAUDETTED_DATA_DIR`, `CLAUDETTED_RUNTIME_DIR` and `CLAUDETTED_CONFIG_DIR` override.
"""

import os
from pathlib import Path

import platformdirs

APP = "claudetted"
SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel's limit is 104 on macOS and 108 on Linux."""


def data_dir() -> Path:
    """Where the database, the lock and the chats' directories are."""
    return _override("CLAUDETTED_DATA_DIR") or Path(platformdirs.user_data_dir(APP))


def config_dir() -> Path:
    return _override("CLAUDETTED_CONFIG_DIR") or Path(platformdirs.user_config_dir(APP))


def log_dir() -> Path:
    """Where the log is; inside the data directory when that is overridden."""
    override = _override("CLAUDETTED_DATA_DIR")
    return override / "log" if override else Path(platformdirs.user_log_dir(APP))


def runtime_dir() -> Path:
    """Where the sockets are: short enough for a socket path, private to the user.

    A data directory of one's own gets a runtime directory of its own, so that two daemons
    with different data never meet at one socket.
    """
    override = _override("CLAUDETTED_RUNTIME_DIR")
    own_data = _override("CLAUDETTED_DATA_DIR")
    if override:
        wanted = override
    elif own_data:
        wanted = own_data / "run"
    else:
        wanted = Path(platformdirs.user_runtime_dir(APP))
    if len(os.fsencode(wanted / "claudetted.sock")) <= SOCKET_PATH_LIMIT:
        return wanted
    return _short_runtime_dir(wanted)


def _short_runtime_dir(wanted: Path) -> Path:
    """Imports are here because every client pays for this module and few need this."""
    import hashlib
    import tempfile

    mark = hashlib.sha256(os.fsencode(wanted)).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"claudetted-{os.getuid()}-{mark}"


def socket_path() -> Path:
    return runtime_dir() / "claudetted.sock"


def keeper_socket_path() -> Path:
    return runtime_dir() / "keeper.sock"


def lock_path() -> Path:
    """Beside the database. Held while a daemon runs; names its pid, instance and socket."""
    return data_dir() / "claudetted.lock"


def database_path() -> Path:
    return data_dir() / "claudetted.db"


def chat_dir(chat_id: str) -> Path:
    return data_dir() / "chats" / chat_id


def _override(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value).absolute() if value else None
