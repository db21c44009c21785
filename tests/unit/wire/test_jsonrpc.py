"""A frame is one line of JSON whatever is in it."""

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from claudetted.protocol.base import ChatId, ItemId
from claudetted.protocol.errors import ChatNotFound, Lagging
from claudetted.protocol.events import DeltaParams
from claudetted.wire import jsonrpc

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
IDS = st.one_of(st.none(), TEXT, st.integers(-(2**53), 2**53))
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), TEXT),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(TEXT, inner)),
    max_leaves=10,
)


def read(frame: bytes) -> Any:
    assert frame.endswith(b"\n")
    assert frame.count(b"\n") == 1
    return json.loads(frame)


@given(IDS, VALUES)
def test_a_result_names_its_request(request_id: jsonrpc.Id, value: Any) -> None:
    frame = jsonrpc.result(request_id, value)
    assert read(frame) == {"jsonrpc": "2.0", "id": request_id, "result": value}


@given(TEXT, TEXT)
def test_a_notification_has_no_id(item: str, text: str) -> None:
    params = DeltaParams(ChatId("c"), ItemId(item), 3, text)
    assert read(jsonrpc.notification("delta", params)) == {
        "jsonrpc": "2.0",
        "method": "delta",
        "params": {"chatId": "c", "itemId": item, "offset": 3, "text": text},
    }


@pytest.mark.parametrize("request_id", [None, 0, 1.5, "", "a\nb"])
def test_an_error_carries_code_sentence_and_data(request_id: jsonrpc.Id) -> None:
    fault = ChatNotFound("There is no chat x.", chat_id="x")
    assert read(jsonrpc.error(request_id, fault)) == {
        "jsonrpc": "2.0",
        "id": request_id,
        "error": {
            "code": -32000,
            "message": "There is no chat x.",
            "data": {"name": "ChatNotFound", "chatId": "x"},
        },
    }


def test_names_inside_data_are_left_as_they_are() -> None:
    fault = Lagging("Too slow.", cursors={"chat_one": "j.1"})
    assert read(jsonrpc.error(1, fault))["error"]["data"]["cursors"] == {"chat_one": "j.1"}


def test_a_batch_is_one_line() -> None:
    frames = [{"jsonrpc": "2.0", "id": n, "result": "a\nb"} for n in range(3)]
    assert read(jsonrpc.replies(frames)) == frames
