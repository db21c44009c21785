"""Owns the look into small programs that are given as an operand: sed's, awk's,
jq's, and chmod's."""

import re

from claudetted.permissions import awk

_LONGEST = 1000
_DELIMITERS = "/|#,@!%"


def harmless(language: str, text: str) -> bool:
    """Whether a small program neither writes a file nor runs anything. In doubt it is not."""
    if len(text) > _LONGEST:
        return False
    if language == "awk":
        return awk.only_computes(text)
    if language == "mode":
        return _MODE.fullmatch(text) is not None
    if language == "jq":
        return "modulemeta" not in text and all(map(_is_plain_jq, _jq_code(text)))
    return _SED.fullmatch(text) is not None


_MODE = re.compile(r"0?[0-7]{3}|[ugoa]*[-+=][rwxX]+(?:,[ugoa]*[-+=][rwxX]+)*")
"""A mode of `chmod` that lets nobody run a program as somebody else."""

_JQ_NAME = re.compile(r"(?<![\w.$@])[A-Za-z_]\w*(?!\w*:(?!=))")
"""A word of jq that is no field, variable, format or key of an object."""
_JQ_KEY = re.compile(r"(?<=[{,])\s*[A-Za-z_]\w*\s*(?=[,}])")
"""A key of an object that names its value, too: `{id, name}`."""
_JQ_KNOWN = (
    "if then elif else end and or not def reduce foreach as try catch label break null true "
    "false add all any arrays ascii ascii_downcase ascii_upcase booleans capture ceil "
    "combinations contains del delpaths empty endswith error every explode first flatten floor "
    "from_entries fromdate fromjson getpath group_by gsub has implode in index indices input "
    "inputs inside isempty iterables join keys keys_unsorted last leaf_paths length limit "
    "ltrimstr map map_values match max max_by min min_by now nth nulls numbers objects path "
    "paths pick range recurse reverse round rtrimstr scalars scan select setpath sort sort_by "
    "split splits sqrt startswith strings sub test to_entries todate tojson tonumber tostring "
    "transpose trim type unique unique_by until values walk while with_entries ltrim rtrim "
    "strftime strptime mktime gmtime input_line_number tostream fromstream abs toarray "
)
"""What jq knows to compute; `import`, `include` and the like are absent on purpose."""
_JQ_WORDS = frozenset(_JQ_KNOWN.split())


def _is_plain_jq(code: str) -> bool:
    """A comment could hold a quote, and hide what follows; `$ENV` has the environment."""
    words = _JQ_NAME.findall(_JQ_KEY.sub("", code))
    if "#" in code or "$ENV" in code or "$__" in code:
        return False
    return _JQ_WORDS.issuperset(words)


def _jq_code(text: str) -> list[str]:
    """The pieces of a jq program outside of strings and comments, and inside of `\\( )`."""
    code, at, depths = [""], 0, list[int]()
    quoted = False
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            if text[at + 1 : at + 2] == "(":
                depths.append(0)
                code.append("")
                quoted = False
            at += 1
        elif char == '"':
            quoted = not quoted
        elif not quoted:
            if char == ")" and depths and depths[-1] == 0:
                depths.pop()
                quoted = True
            else:
                if depths and char in "()":
                    depths[-1] += 1 if char == "(" else -1
                code[-1] += char
        if char == '"':
            code.append("")
        at += 1
    return code


def _pattern(delimiter: str) -> str:
    """A regular expression of sed's. A class that holds the delimiter is deliberately not read."""
    d = re.escape(delimiter)
    return rf"(?:[^{d}\\\n\[]|\\[^\n]|\[\^?\]?(?:\[:[a-z]+:\]|[^\[\]{d}\\\n])*\])*"


def _substitution(delimiter: str) -> str:
    d = re.escape(delimiter)
    return rf"s{d}{_pattern(delimiter)}{d}(?:[^{d}\\\n]|\\[^\n])*{d}[gpIi0-9]*"


_LINE = rf"(?:\d+|\$|/{_pattern('/')}/I?)"
_ADDRESS = rf"(?:{_LINE}(?:\s*,\s*(?:{_LINE}|\+\d+))?\s*!?\s*)?"
_COMMAND = "|".join(["[pdq=nNDPgGhHxz]", *map(_substitution, _DELIMITERS)])
_SED = re.compile(
    rf"\s*(?:{_ADDRESS}(?:{_COMMAND}))(?:\s*[;\n]\s*{_ADDRESS}(?:{_COMMAND}))*\s*;?\s*"
)
