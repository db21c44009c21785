"""Owns the files of images: one a content in its chat's directory, named by its id.

A file is on disk, whole, before anything names it, and stays as it is until the chat goes.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from claudetted.protocol import places
from claudetted.store import directories, files


def keep(chat_id: str, images: Mapping[str, bytes]) -> None:
    """Writes (id, bytes) for their owner alone, and waits for the disk. By one caller a chat at a
    time. Raises OSError."""
    directory = places.images_dir(chat_id)
    directories.make_private(directory)
    for image_id, data in images.items():
        path = directory / image_id
        if not _holds(path, len(data)):
            files.put(path, data)
    for changed in (directory, directory.parent, directory.parent.parent):
        files.sync_directory(changed)


def piece(chat_id: str, image_id: str, offset: int, limit: int) -> tuple[bytes, int]:
    """A piece of an image, and how many bytes all of it has. Raises FileNotFoundError."""
    with (places.images_dir(chat_id) / image_id).open("rb") as file:
        total = os.fstat(file.fileno()).st_size
        file.seek(min(offset, total))
        return file.read(min(limit, total)), total


def _holds(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False
