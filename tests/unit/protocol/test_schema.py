"""The JSON Schema accepts what the daemon accepts and writes."""

import json
from typing import Any

import jsonschema
import msgspec
import pytest

from claudetted.protocol import chats, daemon, events, items, permissions, schema, shapes, turns
from claudetted.protocol.base import ChatId, ItemId, TurnId

DOCUMENT = schema.document()


def complaints(name: str, value: Any) -> list[str]:
    wanted = {"$ref": f"#/$defs/{name}", "$defs": DOCUMENT["$defs"]}
    return [error.message for error in jsonschema.Draft202012Validator(wanted).iter_errors(value)]


def wire(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def test_it_is_a_schema() -> None:
    for definition in DOCUMENT["$defs"].values():
        jsonschema.Draft202012Validator.check_schema(definition)


def test_it_accepts_what_the_daemon_writes() -> None:
    call = items.ToolCall(
        name="bash", phase="ended", input=msgspec.Raw(b'{"command":"ls"}'), exit_code=0
    )
    item = items.Item(ItemId("i1"), "tool", "done", TurnId("t1"), tool=call)
    chat = chats.Chat(
        id=ChatId("c1"),
        cwd="/w",
        workspace="/w",
        title="",
        harness="pi",
        level="standard",
        status=chats.Status(name="idle"),
        created_at="2026-01-01T00:00:00.000Z",
        updated_at="2026-01-01T00:00:00.000Z",
        totals=turns.Usage(cost_usd=0.5),
    )
    for event in (events.ItemClosed(item), events.ChatCreated(chat), events.ChatDeleted()):
        told = events.EventParams(ChatId("c1"), 7, "2026-01-01T00:00:00.000Z", event)
        assert complaints("EventParams", wire(told)) == []


@pytest.mark.parametrize(
    ("name", "struct", "value"),
    [
        ("ChatCreateParams", chats.CreateParams, {}),
        ("ChatCreateParams", chats.CreateParams, {"cwd": "/w", "colour": "red"}),
        ("ChatCreateParams", chats.CreateParams, {"cwd": "/w", "level": "god"}),
        ("ChatListParams", chats.ListParams, {"limit": 0}),
        ("ChatRenameParams", chats.RenameParams, {"chatId": "c", "title": ""}),
        ("PermissionDecideParams", permissions.DecideParams, {"permissionId": 3}),
    ],
)
def test_it_refuses_what_the_daemon_refuses(name: str, struct: type, value: Any) -> None:
    assert complaints(name, value)
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(value, struct)


def test_parameters_and_results_carry_their_noun() -> None:
    assert shapes.name_of(chats.ListParams) == "ChatListParams"
    assert shapes.name_of(daemon.StatusResult) == "DaemonStatusResult"
    assert shapes.name_of(events.DeltaParams) == "DeltaParams"
    assert shapes.name_of(chats.ChatParams) == "ChatParams"
    assert shapes.name_of(chats.Chat) == "Chat"
