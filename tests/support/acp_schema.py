"""Owns checking messages of the Agent Client Protocol against its published schema, version 1.

The schema comes with the vendors' agents (`make agents`), since nothing of it is ours. Without it
nothing is found wrong; `test_the_schema_is_there` is skipped then, and says so.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator

Json = dict[str, Any]
Part = Literal["Request", "Response", "Notification"]

_SCHEMA = (
    Path(__file__).parents[2]
    / ".cache/agents/node_modules/@agentclientprotocol/sdk/schema/v1/schema.json"
)


class Oracle:
    """Reads both directions of one conversation, in order, and says of each message what is wrong
    with it."""

    def __init__(self) -> None:
        self._asked: dict[tuple[str, Any], str] = {}

    def faults(self, message: Json, sender: Literal["agent", "client"]) -> list[str]:
        """Of extensions (`_…`) and of answers to nothing, none."""
        receiver = "client" if sender == "agent" else "agent"
        method = message.get("method")
        if method is None:
            method = self._asked.pop((receiver, message["id"]), None)
            return (
                []
                if method is None or "error" in message
                else _faults(method, "Response", message["result"])
            )
        if "id" in message:
            self._asked[sender, message["id"]] = method
            return _faults(method, "Request", message["params"])
        return _faults(method, "Notification", message["params"])


def _faults(method: str, part: Part, value: Json) -> list[str]:
    if method.startswith("_"):
        return []
    validator = _validators().get((method, part))
    if not _validators():
        return []
    if validator is None:
        return [f"{method} has no {part}"]
    found = sorted(validator.iter_errors(value), key=lambda error: error.json_path)
    return [f"{method} {part} {error.json_path}: {error.message}"[:500] for error in found]


@cache
def _validators() -> dict[tuple[str, Part], Draft202012Validator]:
    if not _SCHEMA.exists():
        return {}
    kinds = json.loads(_SCHEMA.read_text())["$defs"]
    found: dict[tuple[str, Part], Draft202012Validator] = {}
    parts: tuple[Part, ...] = ("Request", "Response", "Notification")
    for name, kind in kinds.items():
        for part in parts:
            if name.endswith(part) and "x-method" in kind:
                whole = {"$ref": f"#/$defs/{name}", "$defs": kinds}
                found[kind["x-method"], part] = Draft202012Validator(whole)
    return found
