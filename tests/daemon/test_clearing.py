"""What is deleted is gone from the disk, even if the daemon is killed over it."""

import sqlite3

import pytest
import trio

from claudetted.chat import cleanup
from claudetted.chat.cleanup import Clearing
from claudetted.protocol import places
from claudetted.store import directories, journal
from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon

MIB = 1024 * 1024


def size(client_status: dict[str, int]) -> int:
    return client_status["journalBytes"]


async def shrunk(client: Client, below: int) -> None:
    """Returns when the journal takes less than this."""
    with trio.fail_after(PATIENCE):
        while size(await client.call("daemon/status")) >= below:
            await trio.lowlevel.checkpoint()


async def test_the_database_shrinks_after_a_large_chat_is_deleted(
    client: Client, new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleanup, "REST_SECONDS", 0)
    kept, large = await new_chat(), await new_chat()
    await kept.turn("@text stays")
    before = size(await client.call("daemon/status"))
    await large.turn("@flood 12000")
    full = size(await client.call("daemon/status"))
    assert full > before + 10 * MIB
    await large.call("chat/delete")
    assert (await kept.turn("@text meanwhile"))["reason"] == "done"
    await shrunk(client, before + MIB)
    assert await kept.texts() == ["stays", "meanwhile"]


async def test_others_go_on_while_it_is_cleared_away(
    client: Client, new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held in the middle, with most of it to do: nobody waits for the end."""
    monkeypatch.setattr(cleanup, "REST_SECONDS", 3600)
    kept, large = await new_chat(), await new_chat()
    await large.turn("@flood 3000")
    await large.call("chat/delete")
    assert (await kept.turn("@text on and on"))["reason"] == "done"
    assert [chat["id"] for chat in (await client.call("chat/list"))["chats"]] == [kept.id]


@pytest.fixture
def killed_over_it(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A daemon that ends between the commit and what follows from it."""

    async def never(_clearing: Clearing) -> None:
        await trio.sleep_forever()

    def nothing(_place: str) -> None:
        pass

    context = pytest.MonkeyPatch()
    context.setattr(Clearing, "_clear", never)
    context.setattr(directories, "remove", nothing)
    return context


async def left(chat: Chat) -> int:
    """Rows of the chat and directories that are still there."""

    def look() -> int:
        store = sqlite3.connect(places.database_path())
        tables = ("event", "item", "turn")
        rows = [
            store.execute(f"SELECT count(*) FROM {table} WHERE chat_id = ?", (chat.id,))
            for table in tables
        ]
        notes = store.execute("SELECT count(*) FROM meta WHERE key LIKE 'remains:%'")
        count: int = sum(row.fetchone()[0] for row in [*rows, notes])
        store.close()
        return count + places.chat_dir(chat.id).exists()

    return await trio.to_thread.run_sync(look)


async def test_a_daemon_that_starts_clears_away_what_one_before_it_could_not(
    killed_over_it: pytest.MonkeyPatch,
    monkeypatch: pytest.MonkeyPatch,
    daemon: Daemon,
    chat: Chat,
) -> None:
    await chat.turn("@flood 3000")
    monkeypatch.setattr(journal, "_STEPS_AT_ONCE", 0)
    await chat.call("chat/delete")
    assert await left(chat) > 4
    await daemon.stop()
    killed_over_it.undo()
    await daemon.start()
    with trio.fail_after(PATIENCE):
        while await left(chat):
            await trio.lowlevel.checkpoint()


async def test_bug_56_a_session_that_was_given_up_goes_and_the_next_one_stays(
    killed_over_it: pytest.MonkeyPatch, daemon: Daemon, chat: Chat
) -> None:
    sessions = places.chat_dir(chat.id) / "sessions"
    await chat.turn("@text one")
    (old,) = sessions.iterdir()
    await chat.call("chat/reset")
    await chat.turn("@text two")
    assert len(list(sessions.iterdir())) == 2
    await daemon.stop()
    killed_over_it.undo()
    await daemon.start()
    with trio.fail_after(PATIENCE):
        while await trio.Path(old).exists():
            await trio.lowlevel.checkpoint()
    again = Chat(await daemon.client(), chat.made)
    await again.turn("@echo-history")
    assert "two" in (await again.texts())[-1]
    assert len(list(sessions.iterdir())) == 1


async def test_a_chat_without_an_agent_has_no_directory(chat: Chat) -> None:
    assert not places.chat_dir(chat.id).exists()
