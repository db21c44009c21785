"""What is asked about a chat that another client removes, before it is answered."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import trio

from claudetted.store import transcripts
from tests.daemon.calls import asked_once, bash
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.test_long_requests import asks_for_a_long_change
from tests.daemon.world import Chat, Daemon, held_commits

Query = Callable[..., object]


@contextmanager
def removed_after(query: str, chat: Chat) -> Iterator[None]:
    """The chat is removed when the query has found what it looks for, before that is used."""
    run: Query = getattr(transcripts, query)

    def look(connection: sqlite3.Connection, **of: Any) -> object:
        found = run(connection, **of)
        patch.undo()
        trio.from_thread.run(chat.call, "chat/delete")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcripts, query, look)
        yield


@pytest.mark.parametrize("method", ["permission/decide", "permission/explain"])
@pytest.mark.parametrize("outcome", ["deny", "withdrawn"])
async def test_a_request_ended_as_it_is_on_record(
    daemon: Daemon, chat: Chat, outcome: str, method: str
) -> None:
    turn, asked = await asked_once(chat, bash("touch made"))
    if outcome == "deny":
        await chat.decide(asked, "deny")
        await chat.ended(turn)
    more = {"decision": "allow"} if method == "permission/decide" else {}
    other = await daemon.client()
    with removed_after("permission", chat):
        refused = await other.refused(method, permissionId=asked["id"], **more)
    assert (refused.name, refused.data["decision"]) == ("PermissionGone", outcome)


async def test_the_rest_of_a_request_is_not_found(
    daemon: Daemon, chat: Chat, puppets: Puppets
) -> None:
    await asks_for_a_long_change(puppets, chat)
    (asked,) = await chat.asked()
    other = await daemon.client()
    with removed_after("permission", chat):
        refused = await other.refused("permission/get", permissionId=asked["id"], field="diff")
    assert (refused.name, refused.data["permissionId"]) == ("PermissionNotFound", asked["id"])


async def test_a_question_is_not_found(daemon: Daemon, chat: Chat, puppets: Puppets) -> None:
    await chat.send("hello")
    puppet = await puppets.next()
    await puppet.starts(resources=[".pi/SYSTEM.md"])
    question = (await chat.event("question/opened"))["question"]
    # Without a process, a chat is removed in one step.
    await chat.client.call("daemon/shutdown", agents=True)
    await daemon.ended()
    await daemon.start()
    remover, other, latest = [await daemon.client() for _ in range(3)]
    with held_commits() as held:
        await remover.post("chat/delete", chatId=chat.id)
        await held.came()
        posted = await other.post("question/answer", questionId=question["id"], value="yes")
        # Reads from the disk, and later.
        await latest.call("rule/list")
    reply = await other.reply(posted)
    assert reply["error"]["data"]["name"] == "QuestionNotFound"


async def test_open_requests_of_other_chats_are_listed(daemon: Daemon, new_chat: NewChat) -> None:
    removed, kept = await new_chat(), await new_chat()
    asked = {chat.id: (await asked_once(chat, bash("touch made")))[1] for chat in (removed, kept)}
    other = await daemon.client()
    with removed_after("chats_with_open_permissions", removed):
        listed = (await other.call("permission/list"))["permissions"]
    assert listed == [asked[kept.id]]
