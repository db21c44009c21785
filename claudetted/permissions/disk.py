"""Owns the one look at the file system that the engine takes, through `places.Disk`."""

import glob
import itertools
import os
from collections.abc import Sequence

MOST_NAMES = 500


class RealDisk:
    """Answers from the file system as it is at the moment of asking."""

    def real(self, path: str) -> str:
        return os.path.realpath(path)

    def is_link(self, path: str) -> bool:
        return os.path.islink(path)

    def matches(self, pattern: str) -> Sequence[str] | None:
        found = glob.iglob(pattern, include_hidden=False)
        names = list(itertools.islice(found, MOST_NAMES + 1))
        return None if len(names) > MOST_NAMES else [os.path.realpath(name) for name in names]
