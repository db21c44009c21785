"""Owns directories for one use. They lie in the runtime directory, where the next daemon removes
what one that was killed has left."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from claudetted.protocol import places
from claudetted.store import directories


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """An empty one for our user alone; it is removed with all that is in it."""
    directories.make_private(places.scratch_dir())
    with tempfile.TemporaryDirectory(prefix=f"{purpose}-", dir=places.scratch_dir()) as made:
        yield Path(made)


def remove_left() -> None:
    """To be called by a daemon that has the runtime directory for itself, before it makes any."""
    shutil.rmtree(places.scratch_dir(), ignore_errors=True)
