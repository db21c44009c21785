"""Owns rules: a standing decision about calls that have not been made yet."""

from typing import Annotated, Literal, NewType

import msgspec

from claudetted.protocol.base import ChatId, Data, Params

RuleId = NewType("RuleId", str)
Effect = Literal["allow", "ask", "deny"]
RuleScope = Literal["turn", "chat", "workspace", "user"]
"""Where a rule is in force; `subject` names which turn, chat or workspace."""

Match = Literal["any", "command", "path", "host"]
RuleText = Annotated[str, msgspec.Meta(min_length=1, max_length=4096)]


class Rule(Data, frozen=True):
    """One standing decision: effect, tool, match, scope, and who made it when.

    `tool` is a name or a pattern with `*`; `@read`, `@write`, `@run` and `@fetch` stand for every
    tool that does such a thing. `pattern` holds the words of a command, a glob of paths or a
    pattern of hosts, after `match`; `unless` lists globs of paths that the rule leaves alone.
    """

    id: RuleId
    effect: Effect
    tool: str = "*"
    match: Match = "any"
    pattern: str = ""
    unless: list[str] = []
    scope: RuleScope = "user"
    subject: str = ""
    by: str = ""
    """The client's name and kind, or `built-in`."""
    at: str = ""
    text: str = ""
    """The rule as a person reads and writes it, without its scope."""


class ListParams(Params, frozen=True):
    """The rules that are in force for a chat, or all that are stored; built-in ones too."""

    chat_id: ChatId | None = None


class ListResult(Data, frozen=True):
    rules: list[Rule] = []


class AddParams(Params, frozen=True):
    """Adds a rule from its text, such as `allow bash command git status`.

    `chatId` tells which chat, its turn or its workspace is meant by the scope.
    """

    text: RuleText
    scope: RuleScope = "user"
    chat_id: ChatId | None = None
    workspace: str = ""
    """Absolute path, for the scope `workspace` without a chat."""


class AddResult(Data, frozen=True):
    rule: Rule


class RemoveParams(Params, frozen=True):
    rule_id: RuleId
