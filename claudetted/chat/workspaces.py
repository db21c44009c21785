"""Owns where a chat works: the chosen directory and the repository around it."""

import os
from pathlib import Path

import msgspec

from claudetted.protocol import places
from claudetted.protocol.chats import Chat
from claudetted.protocol.errors import WorkspaceForbidden, WorkspaceMissing

_SHOWN = 200
"""Characters of a path that is too long, in a message."""


class _Known(msgspec.Struct):
    """Which directory a session worked in, as its harness has noted it."""

    path: str
    device: str
    inode: str


_decode_known = msgspec.json.Decoder(_Known).decode


def check_there(chat: Chat) -> None:
    """Raises WorkspaceMissing, with the new name where the directory was renamed."""
    if os.path.isdir(chat.workspace):
        return
    renamed = _renamed(chat)
    hint = f" It was probably renamed to {renamed}." if renamed else ""
    raise WorkspaceMissing(
        f"The chat's directory {chat.workspace} was moved or removed, so nothing was run.{hint} "
        "Put it back, or point the chat at its new place: "
        f"claudette move {chat.id} {renamed or 'DIR'}",
        path=chat.workspace,
    )


def _renamed(chat: Chat) -> str:
    """The workspace under another name beside its old one; empty when there is none."""
    parent = Path(chat.workspace).parent
    for record in (places.chat_dir(chat.id) / "sessions").glob("*/workspace.json"):
        known = _decode_known(record.read_bytes())
        if known.path != chat.workspace or not os.access(parent, os.R_OK | os.X_OK):
            continue
        for entry in os.scandir(parent):
            found = entry.stat(follow_symlinks=False)
            if (str(found.st_dev), str(found.st_ino)) == (known.device, known.inode):
                return entry.path
    return ""


def find(cwd: str, broad: bool) -> tuple[str, str]:
    """(directory, workspace), both real: the workspace is the nearest repository root above.

    Raises WorkspaceMissing, or WorkspaceForbidden for what cannot be entered and, without
    consent, for `/` and the home directory itself.
    """
    if "\0" in cwd:
        message = "No such directory: its path contains a NUL character."
        raise WorkspaceMissing(message, path=cwd)
    if not os.path.isabs(cwd):
        raise WorkspaceMissing(f"“{cwd}” is not an absolute path.", path=cwd)
    directory = Path(os.path.realpath(cwd))
    _check(directory, cwd)
    workspace = _repository(directory) or directory
    if not broad and workspace in (Path("/"), _home()):
        if workspace != directory and directory not in (Path("/"), _home()):
            return str(directory), str(directory)
        raise WorkspaceForbidden(
            f"{workspace} is too broad to work in by accident: choose a directory below it, "
            "or say that you mean it, as claudette new --broad does.",
            path=str(workspace),
        )
    return str(directory), str(workspace)


def _check(directory: Path, asked: str) -> None:
    try:
        is_directory = directory.is_dir()
    except PermissionError:
        raise WorkspaceForbidden(f"{asked} is not readable for you.", path=asked) from None
    except OSError as fault:
        shown = asked if len(asked) <= _SHOWN else f"{asked[:_SHOWN]}…"
        message = f"{shown} cannot be a directory: {fault.strerror}."
        raise WorkspaceMissing(message, path=asked) from None
    if not is_directory:
        raise WorkspaceMissing(f"{asked} does not exist or is not a directory.", path=asked)
    if not os.access(directory, os.R_OK | os.X_OK):
        raise WorkspaceForbidden(f"{asked} is not readable for you.", path=asked)


def _repository(directory: Path) -> Path | None:
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return candidate
    return None


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))
