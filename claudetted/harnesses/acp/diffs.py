"""Owns the change of a file as a person reads it: a unified diff of what an agent changes."""

from claudetted.harnesses import diffs
from claudetted.harnesses.acp.disk import Disk

DIFF_BYTES = 2 * 1024 * 1024
"""Texts that are longer together are not compared; what they become is shown as arguments."""


def unified(path: str, old: str | None, new: str, disk: Disk) -> str:
    """Against what is on disk where `old` is a piece of that, else against `old` alone."""
    before, after = _whole(path, old or "", new, disk)
    if len(before) + len(after) > DIFF_BYTES:
        return ""
    return diffs.unified(before, after, path)


def _whole(path: str, old: str, new: str, disk: Disk) -> tuple[str, str]:
    """Agents tell either the whole file or only the lines that change."""
    content = disk.text(path)
    if not old or content is None or content == old or content.count(old) != 1:
        return old or (content or "" if not old else ""), new
    return content, content.replace(old, new)
