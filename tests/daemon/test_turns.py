"""Turns, one file a noun: turn/*."""

from tests.daemon.world import Chat


async def test_a_prompt_is_answered(chat: Chat) -> None:
    turn = await chat.turn("@text hello there")
    assert turn["reason"] == "done"
    assert await chat.texts() == ["hello there"]
    assert await chat.texts("user") == ["@text hello there"]
