"""Every line gets its answer: what is wrong with it, in one sentence, or what it asked for."""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
import trio

from claudetted.protocol import errors
from claudetted.protocol.base import ChatId, Empty, TurnId
from claudetted.protocol.chats import ChatParams
from claudetted.protocol.registry import METHODS
from claudetted.protocol.turns import SendParams, SendResult
from claudetted.rpc.caller import Caller, Client
from claudetted.rpc.dispatch import Dispatcher
from claudetted.rpc.doors.peer import Peer, Rights
from claudetted.rpc.outbox import Outbox

Json = dict[str, Any]


class Bug(Exception):
    """Nobody has thought of it."""


class Dispatch:
    """Handlers that note what reached them. `chat/get` does what the test says."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.get: Callable[[], object] = Empty
        self.peer = Peer("pid 7", "user", Rights("administer"))
        self._dispatcher = Dispatcher({"chat/get": self._get, "turn/send": self._send})

    async def _get(self, caller: Caller, params: ChatParams) -> object:
        self.seen.append(params)
        return self.get()

    async def _send(self, caller: Caller, params: SendParams) -> SendResult:
        self.seen.append(params)
        await trio.lowlevel.checkpoint()
        return SendResult(TurnId("t"), "running")

    async def answer(self, line: bytes) -> Any:
        """The frame for a line, decoded."""
        frame = await self.frame(line)
        assert frame.endswith(b"\n")
        assert frame.count(b"\n") == 1
        return json.loads(frame)

    async def frame(self, line: bytes) -> bytes:
        outbox = Outbox(lambda subscription: "")
        nursery = cast(trio.Nursery, None)
        caller = Caller(Client(self.peer, outbox, nursery))
        return await self._dispatcher.answer(self._dispatcher.parse(line), caller)


@pytest.fixture
def rig() -> Dispatch:
    return Dispatch()


def asking(method: Any = "chat/get", request_id: Any = 1, **params: Any) -> Json:
    return {"jsonrpc": "2.0", "id": request_id, "method": method, "params": params}


LONE: dict[str, Any] = {"\udfff": 1}


def line(request: Any) -> bytes:
    return json.dumps(request).encode()


GET = asking(chatId="c")


def get(request_id: Any) -> Json:
    return GET | {"id": request_id}


def unknown(field: str) -> Json:
    return GET | {"params": {"chatId": "c", field: 1}}


INVALID = (-32600, "InvalidRequest")
REFUSED: list[tuple[str, bytes, Any, tuple[int, str]]] = [
    ("no JSON", b"chat/get c", None, (-32700, "ParseError")),
    ("half a line", b'{"jsonrpc":"2.0","id":1,', None, (-32700, "ParseError")),
    ("not UTF-8", b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', None, (-32700, "ParseError")),
    ("not a number", b'{"jsonrpc":"2.0","id":1,"method":NaN}', None, (-32700, "ParseError")),
    ("two lines in one", line(GET) + line(GET), None, (-32700, "ParseError")),
    ("bottomless", b"[" * 100_000, None, (-32700, "ParseError")),
    ("very deep", b"[" * 100_000 + b"]" * 100_000, None, (-32700, "ParseError")),
    ("deep in params", line(GET)[:-2] + b',"x":' + b"[" * 50_000, None, (-32700, "ParseError")),
    ("a number", b"7", None, INVALID),
    ("null", b"null", None, INVALID),
    ("a text", b'"chat/get"', None, INVALID),
    ("an object", b"{}", None, INVALID),
    ("an empty batch", b"[]", None, INVALID),
    ("no version", line({"id": 7, "method": "chat/get"}), 7, INVALID),
    ("an old version", line(get(7) | {"jsonrpc": "1.0"}), 7, INVALID),
    ("no method", line({"jsonrpc": "2.0", "id": 7}), 7, INVALID),
    ("a method of no name", line(get(7) | {"method": ""}), 7, INVALID),
    ("a method that is a number", line(get(7) | {"method": 3}), 7, INVALID),
    ("an id that is an object", line(get({})), None, INVALID),
    ("an id that is a list", line(get([1])), None, INVALID),
    ("an id that is true", line(get(True)), None, INVALID),
    ("an id that is false", line(get(False)), None, INVALID),
    ("no id and no version", line({"method": "chat/get"}), None, INVALID),
    ("params that are a text", line(get(7) | {"params": "c"}), 7, INVALID),
    ("params that are null", line(get("a") | {"params": None}), "a", INVALID),
    ("an unknown method", line(asking("chat/sing")), 1, (-32601, "MethodNotFound")),
    ("a private name", line(asking("__init__")), 1, (-32601, "MethodNotFound")),
    ("positional params", line(get(7) | {"params": ["c"]}), 7, (-32602, "InvalidParams")),
    ("a lone surrogate", line(asking(chatId="\ud800")), 1, (-32015, "BadText")),
    (
        "a lone surrogate in a name",
        line(asking(**LONE)),
        1,
        (-32015, "BadText"),
    ),
    ("a lone surrogate as id", line(get("\ud800")), None, (-32015, "BadText")),
    ("a lone surrogate in a batch", line([GET, get("\ud800")]), None, (-32015, "BadText")),
    ("surrogates in the wrong order", line(get("\udc00\ud800")), None, (-32015, "BadText")),
]


@pytest.mark.parametrize(
    ("wrong", "request_id", "expected"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
async def test_a_line_that_is_no_good_request_is_refused_in_plain_words(
    rig: Dispatch, wrong: bytes, request_id: Any, expected: tuple[int, str]
) -> None:
    reply = await rig.answer(wrong)
    assert reply["jsonrpc"] == "2.0"
    assert reply["id"] == request_id
    assert "result" not in reply
    error = reply["error"]
    assert (error["code"], error["data"]["name"]) == expected
    assert error["message"].endswith(".")
    assert rig.seen == []


BAD_PARAMS: list[tuple[str, Json, str, str]] = [
    ("missing", asking(), "$.chatId", "missing required field `chatId`"),
    ("of another kind", asking(chatId=3), "$.chatId", "Expected `str`, got `int`"),
    ("null", asking(chatId=None), "$.chatId", "null"),
    ("unknown", asking(chatId="c", colour=1), "$.colour", "unknown field `colour`"),
    ("unknown and called method", unknown("method"), "$.method", "unknown field `method`"),
    ("unknown and called calls", unknown("calls"), "$.calls", "unknown field `calls`"),
    ("unknown and called self", unknown("self"), "$.self", "unknown field `self`"),
    ("in snake case", asking(chat_id="c"), "$.chat_id", "unknown field"),
    ("too short", asking("chat/rename", chatId="c", title=""), "$.title", "length >= 1"),
    ("not one of", asking("turn/send", chatId="c", text="x", when="now"), "$.when", "now"),
    ("deep inside", asking("chat/create", cwd="/", env={"A": 1}), "$.env[...]", "str"),
    ("unknown and long", unknown("x" * 500), "$." + "x" * 500, "unknown field"),
]


@pytest.mark.parametrize(
    ("request_", "path", "words"), [row[1:] for row in BAD_PARAMS], ids=[r[0] for r in BAD_PARAMS]
)
async def test_a_bad_parameter_is_named(
    rig: Dispatch, request_: Json, path: str, words: str
) -> None:
    error = (await rig.answer(line(request_)))["error"]
    assert (error["code"], error["data"]) == (-32602, {"name": "InvalidParams", "path": path})
    assert words in error["message"]
    assert rig.seen == []


@pytest.mark.parametrize("request_id", [0, -1, 1.5, 2**53, "", "x", "\u2028\n\x00é", None])
async def test_an_answer_names_its_request(rig: Dispatch, request_id: Any) -> None:
    reply = await rig.answer(line(get(request_id)))
    assert reply == {"jsonrpc": "2.0", "id": request_id, "result": {}}


@pytest.mark.parametrize(
    "params", [{}, {"params": {}}, {"params": []}], ids=["absent", "empty", "an empty list"]
)
async def test_params_may_be_left_out(rig: Dispatch, params: Json) -> None:
    """The fault is then about what is missing and not about how it was asked."""
    request = {"jsonrpc": "2.0", "id": 1, "method": "chat/get", **params}
    error = (await rig.answer(line(request)))["error"]
    assert (error["code"], error["data"]["name"]) == (-32602, "InvalidParams")
    assert "missing required field `chatId`" in error["message"]


async def test_unknown_members_of_the_request_itself_are_nobodys_business(
    rig: Dispatch,
) -> None:
    reply = await rig.answer(line(GET | {"trace": "on"}))
    assert reply["result"] == {}


async def test_a_batch_is_answered_entry_by_entry_in_its_order(rig: Dispatch) -> None:
    batch = [
        get("first"),
        7,
        asking("chat/sing", 2),
        {"jsonrpc": "2.0", "method": "chat/get"},
        asking("turn/send", 3, chatId="c", text="hello"),
        asking("chat/get", 4, colour="red"),
        get(5) | {"params": None},
        get("last"),
    ]
    replies = await rig.answer(line(batch))
    told = [
        (reply["id"], reply["error"]["data"]["name"] if "error" in reply else reply["result"])
        for reply in replies
    ]
    assert told == [
        ("first", {}),
        (None, "InvalidRequest"),
        (2, "MethodNotFound"),
        (3, {"turnId": "t", "state": "running"}),
        (4, "InvalidParams"),
        (5, "InvalidRequest"),
        ("last", {}),
    ]
    assert [type(params).__name__ for params in rig.seen] == [
        "ChatParams",
        "SendParams",
        "ChatParams",
    ]


def notification(**params: Any) -> Json:
    return {"jsonrpc": "2.0", "method": "chat/get", "params": params}


@pytest.mark.parametrize(
    "told",
    [
        notification(chatId="c"),
        [notification(chatId="c")],
        [notification(chatId="c"), notification(chatId="c")],
    ],
    ids=["one", "a batch of one", "a batch"],
)
async def test_a_notification_is_carried_out_and_not_answered(rig: Dispatch, told: Any) -> None:
    assert await rig.frame(line(told)) == b""
    assert len(rig.seen) == (len(told) if isinstance(told, list) else 1)


@pytest.mark.parametrize(
    "told",
    [notification(), notification(chatId=3), notification() | {"method": "chat/sing"}],
    ids=["no parameters", "wrong parameters", "an unknown method"],
)
async def test_what_is_wrong_with_a_notification_is_not_told(rig: Dispatch, told: Json) -> None:
    assert await rig.frame(line(told)) == b""
    assert rig.seen == []


async def test_a_batch_of_one_is_answered_by_a_batch_of_one(rig: Dispatch) -> None:
    assert await rig.answer(line([GET])) == [{"jsonrpc": "2.0", "id": 1, "result": {}}]


async def test_a_fault_is_told_as_it_is_declared(rig: Dispatch) -> None:
    def fail() -> None:
        raise errors.PermissionGone(
            "It was decided.", permission_id="p", decision="deny", by="me/cli"
        )

    rig.get = fail
    assert await rig.answer(line(GET)) == {
        "jsonrpc": "2.0",
        "id": 1,
        "error": {
            "code": -32005,
            "message": "It was decided.",
            "data": {
                "name": "PermissionGone",
                "permissionId": "p",
                "decision": "deny",
                "by": "me/cli",
            },
        },
    }


def crash() -> None:
    raise Bug("the secret of /home/me")


def half_a_character() -> object:
    return SendResult(TurnId("\ud800"), "running")


@pytest.mark.parametrize("bug", [crash, half_a_character], ids=["a crash", "no JSON"])
async def test_a_crash_is_in_the_log_under_the_id_the_client_gets(
    rig: Dispatch, bug: Callable[[], object], caplog: pytest.LogCaptureFixture
) -> None:
    rig.get = bug
    with caplog.at_level(logging.ERROR):
        reply = await rig.answer(line(GET))
    error = reply["error"]
    log_id = error["data"]["logId"]
    assert (error["code"], error["data"]) == (-32603, {"name": "Internal", "logId": log_id})
    assert log_id in error["message"]
    assert "result" not in reply
    assert "Traceback" not in json.dumps(reply)
    assert "secret" not in json.dumps(reply)
    (record,) = [record for record in caplog.records if log_id in record.getMessage()]
    assert "chat/get" in record.getMessage()
    assert record.exc_info


async def test_a_crash_in_a_batch_spoils_only_its_own_answer(
    rig: Dispatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig.get = crash
    request = asking("turn/send", 2, chatId="c", text="x")
    crashed, sent = await rig.answer(line([GET, request]))
    assert crashed["error"]["data"]["name"] == "Internal"
    assert sent == {"jsonrpc": "2.0", "id": 2, "result": {"turnId": "t", "state": "running"}}


async def test_what_is_cancelled_is_not_answered_with_a_fault(rig: Dispatch) -> None:
    request = line(asking("turn/send", chatId="c", text="x"))
    with trio.CancelScope() as scope:
        scope.cancel()
        await rig.answer(request)
        pytest.fail("it was answered")
    assert scope.cancelled_caught


async def test_a_text_of_5_mb_arrives_whole(rig: Dispatch) -> None:
    text = "é\u2028\n" * (5 * 1024 * 1024 // 6)
    reply = await rig.answer(line(asking("turn/send", chatId="c", text=text)))
    assert reply["result"]["state"] == "running"
    assert rig.seen[0].text == text


async def test_a_program_of_an_agent_may_watch_and_nothing_else(rig: Dispatch) -> None:
    rig.peer = Peer("pid 7", "agent", Rights("watch"))
    assert (await rig.answer(line(GET)))["result"] == {}
    sending = asking("turn/send", 2, chatId="c", text="x")
    reply = await rig.answer(line(sending))
    assert reply["error"]["data"] == {"name": "NotAllowed", "needs": "work", "has": "watch"}
    assert reply["error"]["message"] == (
        "turn/send needs the right “work”; a program that an agent has started has only “watch”."
    )
    seen, refused = await rig.answer(line([GET, sending]))
    assert "result" in seen
    assert refused["error"]["code"] == errors.NotAllowed.code
    assert rig.seen == [ChatParams(ChatId("c"))] * 2


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_a_line_may_take_its_time_if_one_of_its_calls_may(method: Any) -> None:
    async def unused(caller: Caller, params: Any) -> Awaitable[None]:
        raise NotImplementedError

    dispatcher = Dispatcher({method.name: unused})
    assert dispatcher.parse(line(asking(method.name))).waits == method.waits
    assert dispatcher.parse(line([GET, asking(method.name)])).waits == method.waits
