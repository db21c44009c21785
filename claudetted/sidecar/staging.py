"""Owns the copies that sidecars run from: an upgrade must not change files under a running one."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

STAMP = "stamp"
"""A file that a harness carries; its content changes whenever anything in the harness does."""


def staged(executable: Path, into: Path) -> Path:
    """The same executable in a copy of its directory that nobody changes.

    The copy is named after its content, made once, and complete when it has its name. A harness
    without a stamp is somebody's own and runs where it is.
    """
    copy = copy_of(executable, into)
    if copy is None:
        return executable
    if not copy.exists():
        _copy(executable.parent, copy)
    return copy / executable.parent.name / executable.name


def copy_of(executable: Path, into: Path) -> Path | None:
    """Where the copy of a harness is or will be."""
    stamp = executable.parent / STAMP
    if not stamp.is_file():
        return None
    return into / hashlib.sha256(stamp.read_bytes()).hexdigest()[:16]


def remove_unused(into: Path, in_use: Path | None) -> None:
    """Removes all copies but one. Only while no sidecar runs."""
    for copy in into.glob("*"):
        if copy != in_use:
            shutil.rmtree(copy, ignore_errors=True)


def _copy(harness: Path, copy: Path) -> None:
    copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=".", dir=copy.parent))
    try:
        shutil.copytree(harness, unfinished / harness.name, symlinks=True)
        os.rename(unfinished, copy)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        if not copy.exists():  # else another daemon was faster
            raise
