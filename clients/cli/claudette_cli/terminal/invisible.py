"""Owns which characters cannot be seen, by their properties in the Unicode tables of this Python.

Python prints no control, format, private or unassigned character and no blank but the space. What
is left are letters and marks that draw nothing; no category tells them apart, but their names do.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_DRAWS_NOTHING = (
    r"\b(?:FILLER|BLANK|NULL NOTEHEAD|VARIATION SELECTOR|GRAPHEME JOINER|VOWEL INHERENT)\b"
)
_JOINING = {0x200C, 0x200D, *range(0xFE00, 0xFE10)}
"""In prose: what makes one picture out of several, and what some scripts are written with."""


def is_invisible(mark: str) -> bool:
    """Whether a person could not tell that this character is there, or which one it is."""
    if not mark.isprintable():
        return True
    if mark.isascii():
        return False
    import unicodedata

    return bool(re.search(_DRAWS_NOTHING, unicodedata.name(mark, "")))


def is_hiding(mark: str) -> bool:
    """Whether it has no place in prose either: it reorders, draws nothing or controls."""
    if mark.isascii() or not is_invisible(mark):
        return False
    import unicodedata

    code = ord(mark)
    # The tables of a later Unicode may know the character, and other blanks are typography.
    if unicodedata.category(mark) in ("Zs", "Co", "Cn"):
        return 0xE0000 <= code < 0xE1000
    return code not in _JOINING


def escaped(mark: str) -> str:
    """As Python writes it."""
    code = ord(mark)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def named(text: str) -> list[str]:
    """The characters beyond ASCII that cannot be seen, each once: `U+200B ZERO WIDTH SPACE`."""
    import unicodedata

    found = dict.fromkeys(_invisible_in(text))
    return [f"U+{ord(mark):04X} {unicodedata.name(mark, '')}".strip() for mark in found]


def _invisible_in(text: str) -> Iterator[str]:
    if text.isascii():
        return iter(())
    return (mark for mark in text if not mark.isascii() and is_invisible(mark))
