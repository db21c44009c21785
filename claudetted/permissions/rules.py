"""Owns rules as data: their text, which are in force where, and the built-in ones."""

import shlex
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from claudetted.permissions import escapes, reading_commands
from claudetted.permissions.places import Places, temp_dir
from claudetted.protocol.rules import Effect, Match, Rule, RuleId

BUILT_IN = "built-in"
_EFFECTS: dict[str, Effect] = {"allow": "allow", "ask": "ask", "deny": "deny"}
_MATCHES: dict[str, Match] = {"command": "command", "path": "path", "host": "host"}
_CLASSES = ("@read", "@write", "@run", "@fetch")

_OF_THE_SHELL = ("cd", "pwd", "true", "read", "set")
"""Commands that change or show nothing but the shell that runs the command line."""

CREDENTIALS = (
    "~/.pi/agent/auth.json",
    "~/.ssh/id_*",
    "~/.ssh/*.pem",
    "~/.ssh/*_key",
    "~/.aws/credentials",
    "~/.aws/sso/cache/**",
    "~/.config/gh/hosts.yml",
    "~/.config/gcloud/*.db",
    "~/.config/gcloud/application_default_credentials.json",
    "~/.azure/*token*",
    "~/.docker/config.json",
    "~/.kube/config",
    "~/.netrc",
    "~/.git-credentials",
    "~/.npmrc",
    "~/.pypirc",
    "~/.gnupg/**",
    "~/.password-store/**",
    "~/.claude/.credentials.json",
    "~/.codex/auth.json",
    "~/.local/share/keyrings/**",
    "~/.local/share/python_keyring/**",
    "~/Library/Keychains/**",
)
"""Files whose only content is a secret of the user's."""


class RuleError(ValueError):
    """The text is not a rule; the message says what is wrong with it."""


def parse(text: str) -> Rule:
    """A rule from its text, without id, scope and origin.

    `EFFECT TOOL [command WORDS | path GLOB | host PATTERN] [except GLOB]...`
    """
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise RuleError(f"A quote is not closed: {text}") from error
    if not words or words[0] not in _EFFECTS:
        raise RuleError("A rule starts with allow, ask or deny.")
    if len(words) < 2:
        raise RuleError("Expected a tool's name, a pattern, or * for all tools after the effect.")
    effect, tool = _EFFECTS[words[0]], words[1]
    if tool.startswith("@") and tool not in _CLASSES:
        raise RuleError(f"{tool} is not a class of tools; the classes are {', '.join(_CLASSES)}.")
    match, pattern, unless = _matched(words[2:])
    return told(Rule(RuleId(""), effect, tool, match, pattern, unless))


def _matched(words: list[str]) -> tuple[Match, str, list[str]]:
    if not words:
        return "any", "", []
    match = _MATCHES.get(words[0])
    if match is None:
        raise RuleError(f"Expected command, path or host instead of {words[0]!r}.")
    if len(words) < 2:
        raise RuleError(f"Expected a pattern after {match}.")
    if match == "command":
        return match, shlex.join(words[1:]), []
    rest = words[2:]
    if len(rest) % 2 or any(word != "except" for word in rest[::2]):
        raise RuleError(f"Expected nothing more after the {match}, or except and a glob.")
    if rest and match == "host":
        raise RuleError("Only a path rule takes except.")
    return match, words[1], rest[1::2]


@lru_cache(maxsize=4096)
def words_of(pattern: str) -> tuple[str, ...]:
    """The words of a command rule's pattern."""
    return tuple(shlex.split(pattern))


def told(rule: Rule) -> Rule:
    """The rule with its text."""
    return msgspec.structs.replace(rule, text=text_of(rule))


def text_of(rule: Rule) -> str:
    """The rule as a person writes it; `parse` reads it back."""
    parts = [rule.effect, _word(rule.tool)]
    if rule.match == "command":
        parts += ["command", rule.pattern]
    elif rule.match != "any":
        parts += [rule.match, _word(rule.pattern)]
    for glob in rule.unless:
        parts += ["except", _word(glob)]
    return " ".join(parts)


def _word(text: str) -> str:
    """Quoted only where it would not read back: `*` and `~` stay as a person writes them."""
    plain = text.replace("*", "").replace("~", "").replace("?", "").replace("[", "")
    return text if text and shlex.quote(plain or "x") == (plain or "x") else shlex.quote(text)


def in_force(
    rules: Iterable[Rule], *, chat_id: str, turn_id: str | None, workspace: str
) -> list[Rule]:
    """Those of the stored rules that speak about a chat's next call.

    A fork has an id of its own, so what was granted to its origin is not granted to it.
    """
    subjects = {"turn": turn_id, "chat": chat_id, "workspace": workspace, "user": ""}
    return [
        rule
        for rule in rules
        if rule.scope == "user" or (rule.subject and rule.subject == subjects[rule.scope])
    ]


@lru_cache(maxsize=256)
def _numbered(text: str, number: int) -> Rule:
    """Most are the same for every chat, and so is the object."""
    return msgspec.structs.replace(parse(text), id=RuleId(f"built-in-{number}"), by=BUILT_IN)


@lru_cache(maxsize=64)
def _built_in(
    home: str,
    data_dir: str,
    runtime_dir: str,
    docs: tuple[str, ...],
    programs: tuple[str, ...],
    reads_unasked: bool,
    chat_dir: str,
) -> tuple[Rule, ...]:
    temp = temp_dir(chat_dir)
    reading = reading_commands.COMMANDS if reads_unasked else ()
    texts = [
        *(f"deny * path {glob}{_exception(glob)}" for glob in CREDENTIALS),
        f"deny * path {_word(data_dir + '/**')} except {_word(temp + '/**')}"
        + "".join(f" except {_word(place + '/**')}" for place in docs),
        f"deny * path {_word(runtime_dir + '/**')} except {_word(temp + '/**')}"
        + "".join(f" except {_word(place + '/**')}" for place in docs),
        f"allow * path {_word(temp + '/**')}",
        *(f"allow @read path {_word(place + '/**')}" for place in docs),
        *(f"allow @run command {word}" for word in _OF_THE_SHELL),
        *escapes.rules(),
        *(f"ask @write path {_word(place + '/**')}" for place in programs),
        *(f"allow @run command {shlex.join(words.split())}" for words in reading),
    ]
    return tuple(_numbered(text, n) for n, text in enumerate(texts, 1))


def _exception(glob: str) -> str:
    return " except ~/.ssh/*.pub" if glob.startswith("~/.ssh/") else ""


def built_in(places: Places, chat_dir: str) -> tuple[Rule, ...]:
    """The rules that need no person. They are listed like any other and cannot be removed."""
    return _built_in(
        places.home,
        places.data_dir,
        places.runtime_dir,
        places.docs,
        places.programs,
        places.reads_unasked,
        chat_dir,
    )
