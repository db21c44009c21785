"""Owns where things live: the directories, the database, the lock and the socket.

Pure path arithmetic that clients share with the daemon; nothing is created here.
`CLAUDETTED_DATA_DIR` and `CLAUDETTED_RUNTIME_DIR` override.
"""

import os
import sys
import warnings
from pathlib import Path

import platformdirs

APP = "claudetted"
# A runtime directory that cannot be used is told by `claudette doctor`, and not by every command.
warnings.filterwarnings("ignore", module="platformdirs")
SOCKET_PATH_LIMIT = 100
"""Bytes. The kernel's limit is 104 on macOS and 108 on Linux."""


def data_dir() -> Path:
    """Where the database, the lock and the chats' directories are."""
    return _override("CLAUDETTED_DATA_DIR") or Path(platformdirs.user_data_dir(APP))


def unnameable() -> str:
    """What is wrong with the names of our directories: they stand in rules and in JSON, which are
    text. Empty when nothing is."""
    for variable, place in (
        ("CLAUDETTED_DATA_DIR", data_dir()),
        ("CLAUDETTED_RUNTIME_DIR", runtime_dir()),
    ):
        try:
            os.fspath(place).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(place).decode(errors="backslashreplace")
            return f"The name of {shown} is not UTF-8; choose another directory with {variable}."
    return ""


def config_dir() -> Path:
    """Where a user's configuration of ours would be; nothing of ours is there."""
    return Path(platformdirs.user_config_dir(APP))


def log_dir() -> Path:
    """Where the log is; inside the data directory when that is overridden."""
    override = _override("CLAUDETTED_DATA_DIR")
    return override / "log" if override else Path(platformdirs.user_log_dir(APP))


def runtime_dir() -> Path:
    """Where the sockets are: short enough for a socket path, private to the user.

    A data directory other than the user's usual one gets a runtime directory of its own, so that
    two daemons with different data never meet at one socket.
    """
    override = _override("CLAUDETTED_RUNTIME_DIR")
    own_data = _override("CLAUDETTED_DATA_DIR")
    if override:
        wanted = override
    elif own_data:
        wanted = own_data / "run"
    elif data_dir() == _usual_data_dir():
        wanted = Path(platformdirs.user_runtime_dir(APP))
    else:
        wanted = Path(platformdirs.user_runtime_dir(f"{APP}-{_digest(data_dir())}"))
    if len(os.fsencode(wanted / "claudetted.sock")) <= SOCKET_PATH_LIMIT:
        return wanted
    return _short_runtime_dir(wanted)


def _usual_data_dir() -> Path:
    """The user's, whatever the environment says. Imports here and below are for few clients."""
    import pwd

    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    places = "Library/Application Support" if sys.platform == "darwin" else ".local/share"
    return home / places / APP


def _short_runtime_dir(wanted: Path) -> Path:
    import tempfile

    return Path(tempfile.gettempdir()) / f"claudetted-{os.getuid()}-{_digest(wanted)}"


def _digest(path: Path) -> str:
    import hashlib

    return hashlib.sha256(os.fsencode(path)).hexdigest()[:12]


def socket_path() -> Path:
    return runtime_dir() / "claudetted.sock"


def keeper_socket_path() -> Path:
    return runtime_dir() / "keeper.sock"


def lock_path() -> Path:
    """Beside the database. Held while a daemon runs; names its pid, instance and socket."""
    return data_dir() / "claudetted.lock"


def scratch_dir() -> Path:
    return runtime_dir() / "scratch"


def asked_dir() -> Path:
    """Names the programs that a daemon is asking; see `sidecar/asked.py`."""
    return runtime_dir() / "claudetted.asked"


def runtime_lock_path() -> Path:
    """Beside the sockets. Names the data directory that they belong to."""
    return runtime_dir() / "runtime.lock"


def database_path() -> Path:
    return data_dir() / "claudetted.db"


def config_path() -> Path:
    """The settings, as a file to edit; where no agent may read or write."""
    return data_dir() / "config.toml"


def chat_dir(chat_id: str) -> Path:
    return data_dir() / "chats" / chat_id


def images_dir(chat_id: str) -> Path:
    """The images of a chat's messages, each in a file named by its id."""
    return chat_dir(chat_id) / "images"


def _override(name: str) -> Path | None:
    value = os.environ.get(name)
    return Path(value).absolute() if value else None
