"""Owns the stored rules and settings in memory: read once, changed only after the disk has them."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from claudetted.permissions.rules import in_force
from claudetted.protocol.base import ChatId, TurnId
from claudetted.protocol.rules import Rule, RuleId
from claudetted.protocol.settings import KNOWN, RENAMED
from claudetted.store import rules
from claudetted.store.database import Database
from claudetted.store.journal import RuleRow

_decode = msgspec.json.Decoder(Rule).decode


class Rulebook:
    """Standing decisions and settings, for every chat."""

    def __init__(self, stored: Iterable[Rule], settings: dict[str, Any]) -> None:
        self._rules = {rule.id: rule for rule in stored}
        self._settings = settings
        self.decided: Callable[[str], object] = lambda key: None
        """Called with the key of a setting that a chat has committed."""

    @property
    def rules(self) -> list[Rule]:
        """All of them, the oldest first."""
        return list(self._rules.values())

    def in_force(self, chat_id: ChatId, turn_id: TurnId | None, workspace: str) -> list[Rule]:
        """Those that speak about a chat's next call."""
        return in_force(self.rules, chat_id=chat_id, turn_id=turn_id, workspace=workspace)

    def add(self, rule: Rule) -> None:
        self._rules[rule.id] = rule

    def remove(self, rule_id: RuleId) -> None:
        self._rules.pop(rule_id, None)

    def forget(self, scope: str, subject: str) -> None:
        """The rules of a turn or a chat that is over."""
        self._rules = {
            rule.id: rule
            for rule in self._rules.values()
            if (rule.scope, rule.subject) != (scope, subject)
        }

    def setting(self, key: str, workspace: str = "") -> Any:
        """The user's choice for a workspace, else for all, else the default."""
        default = KNOWN[key].default
        general = self._settings.get(key, default)
        return self._settings.get(f"{key}:{workspace}", general) if workspace else general

    def chosen(self) -> dict[str, Any]:
        """What the user has set, by key."""
        return dict(self._settings)

    def choose(self, key: str, value: Any) -> None:
        """None brings the default back."""
        if value is None:
            self._settings.pop(key, None)
        else:
            self._settings[key] = value


def row_of(rule: Rule) -> RuleRow:
    return RuleRow(rule.id, rule.scope, rule.subject, msgspec.json.encode(rule))


async def load_rulebook(database: Database) -> Rulebook:
    stored = await database.read(rules.load)
    settings = await database.read(rules.load_settings)
    # A former key comes first: the present one has the last word.
    former_first = sorted(settings, key=lambda key: key not in RENAMED)
    decoded = {RENAMED.get(key, key): msgspec.json.decode(settings[key]) for key in former_first}
    return Rulebook(map(_decode, stored), decoded)
