"""The corpus of shell commands: what has to come of them under rules a person could have made.

`tests/golden/permissions/commands.json` has the rules, and the commands by effect and by trap.
"""

import json
from pathlib import Path

_FILE = Path(__file__).parents[2] / "golden" / "permissions" / "commands.json"
_DATA = json.loads(_FILE.read_text())


def _all(effect: str) -> tuple[str, ...]:
    return tuple(command for group in _DATA[effect].values() for command in group)


TRAPS: dict[tuple[str, str], tuple[str, ...]] = {
    (effect, trap): tuple(commands)
    for effect in ("allow", "ask", "deny")
    for trap, commands in _DATA[effect].items()
}
"""The commands by effect and by trap."""
RULES: tuple[str, ...] = tuple(_DATA["rules"])
ALLOW = _all("allow")
ASK = _all("ask")
DENY = _all("deny")
