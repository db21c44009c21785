"""Owns the lists in braces that every bash expands alike: `src/{a,b}`, one flat list or many.

Braces that bash leaves as they are (`{}`, `stash@{0}`) are text. All others (nested, unbalanced,
ranges, quotes or expansions inside) are not read.
"""

import itertools
import re

from claudetted.permissions.shell.model import Piece

_ITEM = r"[A-Za-z0-9_./+*?@%-]*"
_LIST = re.compile(rf"\{{({_ITEM}(?:,{_ITEM})+)\}}")
_SINGLE = re.compile(r"\{(?:[A-Za-z0-9_/+@%-]|\.(?!\.))*\}")
MOST = 64
"""So many words one word may become."""
_KEPT = 0xD800
"""Stands for the first piece that no list may hold. No command is read that has this character."""


class Unlike(Exception):
    """The braces could be expanded otherwise than they are read."""


def spread(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    """The words that a word becomes; nothing when it stays one."""
    kept: list[Piece] = []
    word = "".join(_marked(piece, kept) for piece in pieces)
    if not set(word) & set("{}"):
        return []
    lists, singles = _LIST.findall(word), _SINGLE.findall(word)
    bare = _SINGLE.sub("", _LIST.sub("", word))
    if set(bare) & set("{}") or (singles and (lists or "," in word)):
        raise Unlike
    if not lists:
        return []
    if any(p.text.endswith("$") for p in kept):
        raise Unlike
    found = list(itertools.islice(itertools.product(*_parts(word)), MOST + 1))
    if len(found) > MOST or any("".join(choice) == "" for choice in found):
        raise Unlike
    return [_pieces("".join(choice), kept) for choice in found]


def _marked(piece: Piece, kept: list[Piece]) -> str:
    plain = piece.kind == "glob" or (piece.kind == "text" and not piece.quoted)
    if plain:
        return piece.text
    kept.append(piece)
    return chr(_KEPT + len(kept) - 1)


def _parts(word: str) -> list[list[str]]:
    parts: list[list[str]] = []
    at = 0
    for match in _LIST.finditer(word):
        parts += [[word[at : match.start()]], match.group(1).split(",")]
        at = match.end()
    return [*parts, [word[at:]]]


def _pieces(word: str, kept: list[Piece]) -> tuple[Piece, ...]:
    pieces: list[Piece] = []
    for char in word:
        if 0 <= ord(char) - _KEPT < len(kept):
            pieces.append(kept[ord(char) - _KEPT])
        elif char in "*?[":
            pieces.append(Piece("glob", char))
        elif pieces and pieces[-1].kind == "text" and not pieces[-1].quoted:
            pieces[-1] = Piece("text", pieces[-1].text + char)
        else:
            pieces.append(Piece("text", char))
    return tuple(pieces)
