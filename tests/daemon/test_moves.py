"""A workspace that went away or was moved: nothing runs there, the chat is pointed elsewhere."""

import os
from pathlib import Path

from tests.daemon.calls import bash
from tests.daemon.client import Refused
from tests.daemon.world import Chat, Home


async def vanished(chat: Chat, home: Home) -> Path:
    """After a turn there, the chat's directory has another name."""
    await chat.turn("@text hello")
    return home.work.rename(home.root / "renamed")


def is_missing(refused: Refused, home: Home) -> bool:
    return refused.name == "WorkspaceMissing" and refused.data["path"] == os.fspath(home.work)


async def test_turn_send_WorkspaceMissing(chat: Chat, home: Home) -> None:
    await vanished(chat, home)
    refused = await chat.refused("turn/send", text="@text again")
    assert is_missing(refused, home)
    assert f"claudette move {chat.id}" in refused.message
    assert not home.work.exists()


async def test_turn_retry_WorkspaceMissing(chat: Chat, home: Home) -> None:
    await chat.turn("@fail It broke.")
    home.work.rename(home.root / "renamed")
    assert is_missing(await chat.refused("turn/retry"), home)


async def test_chat_compact_WorkspaceMissing(chat: Chat, home: Home) -> None:
    await vanished(chat, home)
    assert is_missing(await chat.refused("chat/compact"), home)


async def test_queue_resume_WorkspaceMissing(chat: Chat, home: Home) -> None:
    await vanished(chat, home)
    assert is_missing(await chat.refused("queue/resume"), home)


async def test_chat_configure_WorkspaceMissing(chat: Chat, home: Home) -> None:
    refused = await chat.refused("chat/configure", cwd=os.fspath(home.root / "gone"))
    assert refused.name == "WorkspaceMissing"
    assert (await chat.get())["cwd"] == os.fspath(home.work)


async def test_chat_configure_WorkspaceForbidden(chat: Chat, home: Home) -> None:
    refused = await chat.refused("chat/configure", cwd="/")
    assert (refused.name, refused.data["path"]) == ("WorkspaceForbidden", "/")
    moved = await chat.call("chat/configure", cwd="/", broad=True)
    assert moved["chat"]["workspace"] == "/"


async def test_chat_configure_ChatBusy(chat: Chat, home: Home) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    refused = await chat.refused("chat/configure", cwd=os.fspath(home.root))
    assert refused.name == "ChatBusy"
    await chat.call("turn/stop")


async def test_a_chat_goes_on_where_its_directory_is_now(chat: Chat, home: Home) -> None:
    now = await vanished(chat, home)
    (now / "deep").mkdir()
    (now / ".git").mkdir()
    await chat.call("rule/add", text="allow bash command git status", scope="workspace")
    moved = (await chat.call("chat/configure", cwd=os.fspath(now / "deep")))["chat"]
    assert (moved["cwd"], moved["workspace"]) == (os.fspath(now / "deep"), os.fspath(now))
    await chat.call("chat/configure", level="full")
    assert (await chat.turn(f"{bash('pwd')} @then @text done"))["reason"] == "done"
    (item,) = await chat.items("tool")
    assert item["text"].strip() == os.fspath(now)
    notices = [item["text"] for item in await chat.items("notice")]
    (said,) = [text for text in notices if text.startswith("The chat works in")]
    assert said.endswith(f"in {now} from here on. The rules of {home.work} (1) stay with that.")
    assert "hello" in (await chat.texts())[0]
    same = (await chat.call("chat/configure", cwd=os.fspath(now / "deep")))["chat"]
    assert same["cwd"] == os.fspath(now / "deep")
    both = await chat.refused("chat/configure", cwd=os.fspath(now), level="full")
    assert both.name == "InvalidParams"
