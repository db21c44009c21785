"""Owns the look into small programs that are given as an operand: sed's and awk's."""

import re

_LONGEST = 1000
_DELIMITERS = "/|#,@!%"


def harmless(language: str, text: str) -> bool:
    """Whether a small program neither writes a file nor runs anything. In doubt it is not."""
    if len(text) > _LONGEST:
        return False
    if language == "awk":
        return not _AWK_ACTS.search(text)
    return _SED.fullmatch(text) is not None


_AWK_ACTS = re.compile(r"system|getline|close|fflush|ARG[VC]|SYMTAB|@|>(?!=)|(?<!\|)\|(?!\|)|\|{3}")
"""Pipes, redirections, calls and other files; a comparison with `>` looks the same and asks."""


def _pattern(delimiter: str) -> str:
    """A regular expression of sed's. A class that holds the delimiter is deliberately not read."""
    d = re.escape(delimiter)
    return rf"(?:[^{d}\\\n\[]|\\[^\n]|\[\^?\]?[^\]{d}\\\n]*\])*"


def _substitution(delimiter: str) -> str:
    d = re.escape(delimiter)
    return rf"s{d}{_pattern(delimiter)}{d}(?:[^{d}\\\n]|\\[^\n])*{d}[gpIi0-9]*"


_LINE = rf"(?:\d+|\$|/{_pattern('/')}/I?)"
_ADDRESS = rf"(?:{_LINE}(?:\s*,\s*(?:{_LINE}|\+\d+))?\s*!?\s*)?"
_COMMAND = "|".join(["[pdq=nNDPgGhHxz]", *map(_substitution, _DELIMITERS)])
_SED = re.compile(
    rf"\s*(?:{_ADDRESS}(?:{_COMMAND}))(?:\s*[;\n]\s*{_ADDRESS}(?:{_COMMAND}))*\s*;?\s*"
)
