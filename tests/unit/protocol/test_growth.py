"""Inside a level the protocol only grows."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from claudetted.protocol import growth, schema

LEVEL = growth.signature(schema.document())


def changed(change: Callable[[dict[str, Any]], object]) -> list[str]:
    now = deepcopy(LEVEL)
    change(now)
    return growth.breaks(LEVEL, now)


def definition(level: dict[str, Any], name: str) -> dict[str, Any]:
    found = level["$defs"][name]
    assert isinstance(found, dict)
    return found


def test_the_level_does_not_break_itself() -> None:
    assert growth.breaks(LEVEL, LEVEL) == []


def test_prose_is_not_part_of_a_level() -> None:
    assert "Opens a chat" not in str(LEVEL)
    assert "cwd" in definition(LEVEL, "Chat")["properties"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda level: level["methods"].pop("chat/get"), "method chat/get is gone"),
        (
            lambda level: level["methods"]["chat/get"].update(params={"$ref": "#/$defs/Empty"}),
            "method chat/get has other params",
        ),
        (lambda level: level["notifications"].pop("delta"), "notification delta is gone"),
        (lambda level: level["errors"].pop("ChatBusy"), "error ChatBusy is gone"),
        (
            lambda level: level["errors"]["ChatBusy"].update(code=-1),
            "error ChatBusy has another code",
        ),
        (lambda level: level["$defs"].pop("Chat"), "struct Chat is gone"),
        (
            lambda level: definition(level, "Chat")["properties"].pop("cwd"),
            "Chat.cwd is gone",
        ),
        (
            lambda level: definition(level, "Chat")["properties"]["cwd"].update(type="integer"),
            "Chat.cwd changed",
        ),
        (
            lambda level: definition(level, "Chat")["properties"]["model"].update(default="m"),
            "Chat.model changed",
        ),
        (
            lambda level: definition(level, "Chat")["required"].remove("cwd"),
            "Chat.cwd may now be absent",
        ),
        (
            lambda level: definition(level, "ChatCreateParams")["required"].append("title"),
            "ChatCreateParams.title is now required",
        ),
        (
            lambda level: definition(level, "TurnSendParams")["properties"]["when"]["enum"].pop(),
            "TurnSendParams.when changed",
        ),
    ],
)
def test_a_broken_promise_is_named(change: Callable[[dict[str, Any]], object], words: str) -> None:
    assert words in changed(change)


@pytest.mark.parametrize(
    "change",
    [
        lambda level: level["methods"].update({"chat/sing": level["methods"]["chat/get"]}),
        lambda level: definition(level, "Chat")["properties"].update(mood={"type": "string"}),
        lambda level: definition(level, "TurnSendParams")["properties"]["when"]["enum"].append("x"),
        lambda level: level["methods"]["chat/get"]["errors"].append("StoreFull"),
        lambda level: level["methods"]["chat/get"]["errors"].clear(),
        lambda level: definition(level, "Chat")["properties"]["queueLength"].pop("default"),
    ],
)
def test_growth_is_welcome(change: Callable[[dict[str, Any]], object]) -> None:
    assert changed(change) == []
