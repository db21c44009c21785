"""What each right opens. A method that is new, or needs another right, is entered here by hand."""

import json
from typing import Any, cast

import pytest
import trio

from claudetted.protocol import errors, reference, schema
from claudetted.protocol.base import Empty
from claudetted.protocol.registry import METHODS
from claudetted.protocol.rights import RIGHTS, Right
from claudetted.rpc.caller import Caller, Client
from claudetted.rpc.dispatch import Dispatcher
from claudetted.rpc.doors.peer import Peer, PeerKind, Rights
from claudetted.rpc.outbox import Outbox
from claudetted.rpc.slash.builtin import OWN

NEEDED: dict[Right, set[str]] = {
    "watch": {
        "attention/list",
        "backend/list",
        "chat/get",
        "chat/traces",
        "chat/history",
        "chat/list",
        "command/list",
        "daemon/hello",
        "daemon/status",
        "device/list",
        "device/pushKey",
        "device/subscribe",
        "device/unsubscribe",
        "event/subscribe",
        "event/unsubscribe",
        "harness/list",
        "item/get",
        "item/image",
        "login/list",
        "model/list",
        "permission/audit",
        "permission/explain",
        "permission/get",
        "permission/list",
        "process/list",
        "provider/list",
        "question/list",
        "queue/list",
        "rule/list",
        "setting/get",
        "setting/list",
        "turn/wait",
        "usage/get",
    },
    "decide": {
        "attention/clear",
        "permission/decide",
        "question/answer",
    },
    "work": {
        "chat/archive",
        "chat/compact",
        "chat/create",
        "chat/environment",
        "chat/rename",
        "chat/reset",
        "chat/restore",
        "model/refresh",
        "queue/edit",
        "queue/remove",
        "queue/resume",
        "turn/retry",
        "turn/send",
        "turn/stop",
        "usage/refresh",
    },
    "configure": {
        "chat/configure",
        "chat/delete",
        "chat/erase",
        "rule/add",
        "rule/remove",
    },
    "administer": {
        "harness/add",
        "harness/remove",
        "harness/test",
        "backend/test",
        "backend/update",
        "daemon/diagnose",
        "daemon/shutdown",
        "device/pair",
        "device/revoke",
        "login/answer",
        "login/cancel",
        "login/start",
        "login/wait",
        "process/end",
        "provider/clearKey",
        "provider/environment",
        "provider/setKey",
        "remote/disable",
        "remote/enable",
        "setting/set",
    },
}
OPEN: dict[Right, tuple[Right, ...]] = {
    "watch": ("watch",),
    "decide": ("watch", "decide"),
    "work": ("watch", "decide", "work"),
    "configure": ("watch", "decide", "work", "configure"),
    "administer": ("watch", "decide", "work", "configure", "administer"),
}
COMMANDS: dict[str, Right] = {
    "login": "administer",
    "model": "configure",
    "permissions": "configure",
    "level": "configure",
    "thinking": "configure",
}
"""Those that do with an argument what a method does that needs more than `turn/send`."""


async def answered(peer: Peer, name: str) -> tuple[Any, list[str]]:
    """The answer to a request without parameters, and which handlers it has reached."""
    reached: list[str] = []

    async def handle(caller: Caller, params: Any) -> Empty:
        reached.append(name)
        return Empty()

    dispatcher = Dispatcher({name: handle})
    client = Client(peer, Outbox(lambda subscription: ""), cast(trio.Nursery, None))
    request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": name}).encode()
    return json.loads(await dispatcher.answer(dispatcher.parse(request), Caller(client))), reached


def test_every_method_is_in_the_table_under_the_right_it_declares() -> None:
    declared = {right: {m.name for m in METHODS if m.right == right} for right in RIGHTS}
    assert declared == NEEDED


@pytest.mark.parametrize("held", OPEN)
async def test_a_peer_reaches_what_its_right_includes_and_nothing_else(held: Right) -> None:
    peer = Peer("pid 7", "user", Rights(held))
    open_to_it = {name for right in OPEN[held] for name in NEEDED[right]}
    for method in METHODS:
        reply, reached = await answered(peer, method.name)
        refusal = reply.get("error", {}).get("data", {})
        if method.name in open_to_it:
            # Without parameters most have something else to complain of.
            assert reached or refusal["name"] == "InvalidParams", method.name
        else:
            assert not reached
            assert reply["error"]["code"] == errors.NotAllowed.code
            assert refusal == {"name": "NotAllowed", "needs": method.right, "has": held}


@pytest.mark.parametrize(
    ("kind", "who"),
    [("user", "this connection"), ("agent", "a program that an agent has started")],
)
async def test_a_refusal_says_what_is_missing(kind: PeerKind, who: str) -> None:
    reply, _ = await answered(Peer("pid 7", kind, Rights("decide")), "rule/add")
    sentence = f"rule/add needs the right “configure”; {who} has only “decide”."
    assert reply["error"]["message"] == sentence


def test_rights_are_ordered() -> None:
    assert {
        right: tuple(r for r in RIGHTS if Rights(right).includes(r)) for right in RIGHTS
    } == OPEN


def test_decisions_record_the_label_of_the_peer() -> None:
    peer = Peer("a telephone", "user", Rights("decide"))
    client = Client(peer, Outbox(lambda subscription: ""), cast(trio.Nursery, None))
    client.name, client.kind = "page", "browser"
    assert client.who == "page/browser (a telephone)"


def test_a_slash_command_opens_nothing_that_its_method_does_not() -> None:
    assert {name: own.right for name, own in OWN.items() if own.right != "work"} == COMMANDS


def test_the_reference_tells_the_right() -> None:
    text = reference.markdown()
    document = schema.document()["methods"]
    for method in METHODS:
        (line,) = text.split(f"### `{method.name}`\n\n")[1].splitlines()[:1]
        assert f"*Needs `{method.right}`.*" in line
        assert document[method.name]["right"] == method.right
