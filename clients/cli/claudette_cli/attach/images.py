"""Owns which image files a message names: by @ and a path in the workspace, or by a whole path."""

from __future__ import annotations

import os
import re

from claudette_cli.client import images
from claudette_cli.rendering.figures import decimal_size
from claudette_cli.terminal.output import line

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_WORD = re.compile(r"""(?<!\S)(@?)(?:"([^"\n]+)"|'([^'\n]+)'|((?:\\.|[^\s\\])+))""")
"""A word of a message, in quotes or with its blanks escaped where a path has some."""
_AFTER = ".,;:!?)]"
"""What may follow a path in a sentence."""


def named(text: str, directory: str) -> list[str]:
    """The files, each once, in order. What begins neither with @ nor as a whole path is text."""
    if not any(suffix in text.lower() for suffix in SUFFIXES):
        return []
    found: dict[str, None] = {}
    for word in _WORD.finditer(text):
        mark, path = word[1], word[2] or word[3] or re.sub(r"\\(.)", r"\1", word[4])
        if (mark or path.startswith(("/", "~/"))) and (file := _file(path, directory)):
            found[file] = None
    return list(found)


def announced(text: str, directory: str) -> str:
    """What goes with the message as it is typed so far; empty without images."""
    paths = named(text, directory)
    return " ".join(
        f"[image {line(os.path.basename(path))} {decimal_size(images.size_of(path) or 0)}]"
        for path in paths
    )


def _file(path: str, directory: str) -> str | None:
    for candidate in (path, path.rstrip(_AFTER)):
        if candidate.lower().endswith(SUFFIXES):
            whole = os.path.join(directory, os.path.expanduser(candidate))
            if images.size_of(whole) is not None:
                return os.path.normpath(whole)
    return None
