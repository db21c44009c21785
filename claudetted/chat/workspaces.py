"""Owns where a chat works: the chosen directory and the repository around it."""

import os
from pathlib import Path

from claudetted.protocol.errors import WorkspaceForbidden, WorkspaceMissing


def find(cwd: str, broad: bool) -> tuple[str, str]:
    """(directory, workspace), both real: the workspace is the nearest repository root above.

    Raises WorkspaceMissing, or WorkspaceForbidden for what cannot be entered and, without
    consent, for `/` and the home directory itself.
    """
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
        raise WorkspaceForbidden(f"{asked} cannot be read by you.", path=asked) from None
    if not is_directory:
        raise WorkspaceMissing(f"{asked} does not exist or is not a directory.", path=asked)
    if not os.access(directory, os.R_OK | os.X_OK):
        raise WorkspaceForbidden(f"{asked} cannot be read by you.", path=asked)


def _repository(directory: Path) -> Path | None:
    for candidate in (directory, *directory.parents):
        if (candidate / ".git").exists():
            return candidate
    return None


def _home() -> Path:
    return Path(os.path.realpath(os.path.expanduser("~")))
