"""What becomes of a turn whose sidecar ends, and how the chat goes on."""

import contextlib
import logging
import sqlite3
from pathlib import Path

import pytest

from claudetted.chat.log_context import subject
from claudetted.chat.plans import agent_process
from claudetted.protocol import places
from tests.daemon.client import PATIENCE
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home


def tear(session: Path) -> None:
    session.write_text("torn", encoding="utf-8")


async def test_a_turn_whose_sidecar_dies_is_lost(chat: Chat) -> None:
    turn = await chat.turn("@text half an answer @die 3")
    assert turn["reason"] == "lost"
    lost = await chat.event("sidecar/lost")
    assert "exit code 3" in lost["why"]
    assert lost["stderr"][-1] == "The scripted sidecar dies with 3."
    (message,) = await chat.items("message")
    assert (message["status"], message["text"]) == ("lost", "half an answer")
    status = await chat.status("failed")
    assert "The scripted sidecar dies with 3." in status["why"]


async def test_after_a_loss_the_chat_resumes_its_stored_session(home: Home, chat: Chat) -> None:
    await chat.turn("@text remember seven")
    first = (await chat.event("sidecar/started"))["sidecar"]
    await chat.turn("@die 3")
    assert (await chat.turn("@echo-history"))["reason"] == "done"
    _, second = chat.events("sidecar/started")
    assert second["resumed"] is True
    assert second["sidecar"]["sessionPath"] == first["sessionPath"]
    history = (await chat.texts())[-1]
    assert "remember seven" in history
    assert "was cut off because its process ended" in history
    assert (await chat.get())["status"]["name"] == "idle"


async def test_the_note_about_a_loss_is_told_once(chat: Chat) -> None:
    await chat.turn("@die 3")
    await chat.turn("@text first")
    await chat.turn("@echo-history")
    assert (await chat.texts())[-1].count("was cut off because its process ended") == 1


async def test_a_loss_pauses_the_queue(home: Home, chat: Chat) -> None:
    await chat.send("@hold door @die 3")
    await home.gates.held("door")
    queued = await chat.send("@text later")
    home.gates.release("door")
    assert (await chat.event("turn/ended"))["reason"] == "lost"
    assert (await chat.call("queue/list"))["paused"] is True
    await chat.call("queue/resume")
    assert (await chat.ended(queued))["reason"] == "done"
    assert await chat.texts() == ["later"]


async def test_a_session_that_will_not_open_is_an_error(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    path = (await chat.event("sidecar/started"))["sidecar"]["sessionPath"]
    await chat.turn("@die 3")
    tear(Path(path))
    turn = await chat.turn("@text two")
    assert turn["reason"] == "failed"
    assert "cannot be opened" in turn["error"]
    assert [kind for kind, _ in await chat.notices()][-1] == "error"
    assert len(chat.events("sidecar/started")) == 1
    assert (await chat.status("failed"))["why"] == turn["error"]
    assert await chat.texts() == ["one"]


async def test_a_sidecar_that_cannot_be_launched_fails_the_turn(home: Home, chat: Chat) -> None:
    home.harness.write_text("#!/nowhere/to/be/found\n")
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert str(home.harness) in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_sidecar_that_dies_at_its_start_loses_the_turn(home: Home, chat: Chat) -> None:
    home.set_sidecar(die_at_start="5")
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "lost"
    assert "exit code 5" in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_sidecar_of_another_level_is_refused(home: Home, chat: Chat) -> None:
    home.set_sidecar(bad_level="99")
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert "99" in turn["error"]
    home.set_sidecar()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_an_agent_that_always_dies_is_started_less_and_less(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agent_process, "WAIT_SECONDS", PATIENCE)
    for _ in range(agent_process.CRASHES):
        assert (await chat.turn("@die 3"))["reason"] == "lost"
    turn = await chat.turn("@text hi")
    assert turn["reason"] == "failed"
    assert "3 times in a row" in turn["error"]
    assert len(chat.events("sidecar/started")) == agent_process.CRASHES
    monkeypatch.setattr(agent_process, "WAIT_SECONDS", 0.0)
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_changed_chat_is_tried_at_once_after_many_losses(chat: Chat) -> None:
    for _ in range(agent_process.CRASHES):
        await chat.turn("@die 3")
    await chat.call("chat/configure", model="fake/large")
    assert (await chat.turn("@text hi"))["reason"] == "done"


@pytest.mark.parametrize("committed", [0, 10**9])
async def test_a_journal_that_does_not_fit_the_agent_costs_only_the_agent(
    daemon: Daemon, chat: Chat, committed: int
) -> None:
    """As after an old copy of the database was put back while agents ran on."""
    await chat.turn("@text one")
    await daemon.stop()
    with contextlib.closing(sqlite3.connect(places.database_path())) as database, database:
        database.execute("UPDATE sidecar SET committed = ?", (committed,))
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    await again.call("event/subscribe")
    assert (await again.turn("@text two"))["reason"] == "done"
    assert await again.texts() == ["one", "two"]


async def test_the_log_says_which_chat_an_agent_was_of(
    puppets: Puppets, chat: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    """Of its start, of what it breaks, and of its end."""
    about: dict[str, str] = {}

    def note(record: logging.LogRecord) -> bool:
        about[record.getMessage()] = subject()
        return True

    caplog.set_level(logging.INFO)
    caplog.handler.addFilter(note)
    try:
        await chat.send("one")
        puppet = await puppets.next()
        await puppet.starts()
        await puppet.writes(b"no line at all\n")
        await puppet.closes()
        await chat.event("sidecar/lost")
    finally:
        caplog.handler.removeFilter(note)
    told = [message for message, chat_id in about.items() if chat_id == chat.id]
    for what in ("runs as process", "no line", "has ended"):
        assert any(what in message for message in told), what
