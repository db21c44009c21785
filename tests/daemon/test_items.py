"""Items: read in pieces, while they grow and afterwards; and transcripts, page by page."""

import json

import pytest

from tests.daemon.client import Client
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Home

INLINE = 64 * 1024


async def read_whole(chat: Chat, item_id: str, limit: int, field: str = "text") -> str:
    """A field, in pieces of at most `limit` bytes."""
    read, offset, total = "", 0, 1
    while offset < total:
        piece = await chat.call("item/get", itemId=item_id, field=field, offset=offset, limit=limit)
        assert piece["offset"] == offset
        assert len(piece["text"].encode()) <= limit
        read += piece["text"]
        offset += len(piece["text"].encode())
        total = piece["total"]
    return read


# item/get


async def test_a_long_message_is_cut_in_its_event_and_read_in_pieces(chat: Chat) -> None:
    await chat.turn("@big 300000")
    closed = await chat.event("item/closed")
    assert closed["item"]["text"] == "x" * INLINE
    assert closed["item"]["textBytes"] == 300_000
    (item,) = await chat.items("message")
    assert item == closed["item"]
    assert await read_whole(chat, item["id"], 100_000) == "x" * 300_000


async def test_a_piece_never_ends_within_a_character(chat: Chat) -> None:
    text = "日本🎉é" * 9000
    await chat.turn(text)
    (item,) = await chat.items("user")
    assert text.startswith(item["text"])
    assert len(item["text"].encode()) > INLINE - 4
    assert await read_whole(chat, item["id"], 1001) == text


async def test_an_open_item_is_read_as_far_as_it_is(home: Home, chat: Chat) -> None:
    await chat.send('@text "so far" @hold door @text " and on"')
    await home.gates.held("door")
    await chat.said("so far")
    (opened,) = (await chat.snapshot())["open"]
    assert opened["text"] == "so far"
    read = await chat.call("item/get", itemId=opened["id"])
    assert (read["text"], read["total"]) == ("so far", 6)
    assert read["item"]["status"] == "open"
    assert await chat.items("message") == []
    home.gates.release("door")
    await chat.ended()
    read = await chat.call("item/get", itemId=opened["id"], offset=7)
    assert (read["text"], read["item"]["status"]) == ("and on", "done")


async def test_long_arguments_and_diffs_are_read_in_pieces(puppets: Puppets, chat: Chat) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    arguments = {"path": "a", "content": "y" * 100_000}
    line = "+" * 99 + "\n"
    tool = {"name": "write", "input": arguments, "diff": line * 900, "phase": "running"}
    await puppet.says("item.open", item="t1", kind="tool", tool=tool)
    await puppet.says("item.close", item="t1", text="z" * 70_000, tool=tool)
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    (item,) = await chat.items("tool")
    shown = item["tool"]
    assert (shown.get("input", {}), shown["inputBytes"]) == ({}, len(json.dumps(arguments)))
    # No line is shown by half.
    assert (shown["diff"], shown["diffBytes"]) == (line * (INLINE // 100), 90_000)
    whole = await read_whole(chat, item["id"], 50_000, "input")
    assert json.loads(whole) == arguments
    assert await read_whole(chat, item["id"], 50_000, "diff") == line * 900
    assert await read_whole(chat, item["id"], 50_000) == "z" * 70_000


@pytest.mark.parametrize("field", ["text", "input", "diff"])
async def test_short_fields_are_read_as_well(chat: Chat, field: str) -> None:
    await chat.turn('@tool ls {"path": "."}')
    (item,) = await chat.items("tool")
    read = await chat.call("item/get", itemId=item["id"], field=field)
    expected = {"text": item.get("text", ""), "diff": ""}.get(field)
    if field == "input":
        assert json.loads(read["text"]) == {"path": "."}
    else:
        assert read["text"] == expected


async def test_beyond_the_end_there_is_nothing(chat: Chat) -> None:
    await chat.turn("@text hi")
    (item,) = await chat.items("message")
    for offset in (100, 10**30):
        read = await chat.call("item/get", itemId=item["id"], offset=offset, limit=10**30)
        assert (read["text"], read["offset"], read["total"]) == ("", offset, 2)


@pytest.mark.parametrize("wrong", [{"offset": -1}, {"limit": -5}, {"field": "colour"}])
async def test_a_piece_that_cannot_be_is_refused(chat: Chat, wrong: dict[str, object]) -> None:
    await chat.turn("@text hi")
    (item,) = await chat.items("message")
    refused = await chat.refused("item/get", itemId=item["id"], **wrong)
    assert (refused.name, refused.data["path"]) == ("InvalidParams", f"$.{next(iter(wrong))}")


async def test_item_get_ChatNotFound(client: Client) -> None:
    assert (await client.refused("item/get", chatId="x", itemId="y")).name == "ChatNotFound"


async def test_item_get_ItemNotFound(chat: Chat) -> None:
    refused = await chat.refused("item/get", itemId="nothing")
    assert (refused.name, refused.data["itemId"]) == ("ItemNotFound", "nothing")


# chat/history


async def test_a_transcript_is_paged_backwards(chat: Chat) -> None:
    for number in range(5):
        await chat.turn(f"@text answer {number}")
    pages = []
    params: dict[str, object] = {}
    while True:
        page = await chat.call("chat/history", limit=4, **params)
        pages.append([item["text"] for item in page["items"]])
        if not page.get("cursor"):
            break
        params = {"cursor": page["cursor"]}
    assert [len(page) for page in pages] == [4, 4, 2]
    words = [word for page in reversed(pages) for word in page]
    assert words[1::2] == [f"answer {number}" for number in range(5)]


async def test_a_transcript_of_five_thousand_items_is_whole(puppets: Puppets, chat: Chat) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    lines = []
    for n in range(5000):
        for line in (
            {"type": "item.open", "item": f"m{n}", "kind": "message"},
            {"type": "item.delta", "item": f"m{n}", "text": f"number {n}"},
            {"type": "item.close", "item": f"m{n}"},
        ):
            lines.append(json.dumps(line).encode() + b"\n")
    await puppet.writes(b"".join(lines))
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    texts: list[str] = []
    params: dict[str, object] = {}
    while True:
        page = await chat.call("chat/history", limit=200, **params)
        texts = [item["text"] for item in page["items"]] + texts
        if not page.get("cursor"):
            break
        params = {"cursor": page["cursor"]}
    assert texts == ["one", *(f"number {n}" for n in range(5000))]
    snapshot = await chat.snapshot()
    assert [item["text"] for item in snapshot["items"]] == texts[-50:]
    assert snapshot["history"]


async def test_withdrawn_text_is_marked(chat: Chat) -> None:
    await chat.turn("@retry @text fine")
    withdrawn, kept = await chat.items("message")
    assert (withdrawn["status"], kept["status"]) == ("discarded", "done")
    assert await chat.notices() == [
        ("retry", "The provider is overloaded (HTTP 503); trying again in 1 s (1 of 3).")
    ]


async def test_chat_history_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/history", chatId="x")).name == "ChatNotFound"


async def test_a_cursor_of_a_transcript_that_is_none_is_refused(chat: Chat) -> None:
    refused = await chat.refused("chat/history", cursor="nonsense")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.cursor")
