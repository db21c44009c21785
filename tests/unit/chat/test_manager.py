"""A chat that fails is nobody else's business, and goes on when it is next asked for."""

import logging
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from claudetted.chat.manager import Manager
from claudetted.chat.plans import turns
from claudetted.chat.state.message import Message
from claudetted.chat.step import Step
from claudetted.protocol import errors, sidecar as sc
from claudetted.protocol.base import ChatId
from claudetted.store.database import Database, open_database
from tests.unit.chat.world import Keeper, create, managing


class Bug(Exception):
    """Nobody has thought of it."""


@pytest.fixture(autouse=True)
def own_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with open_database(tmp_path / "a.db") as database:
        yield database


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


@pytest.fixture
async def manager(database: Database, keeper: Keeper) -> AsyncIterator[Manager]:
    async with managing(database, keeper) as manager:
        yield manager


@pytest.fixture
async def chat(manager: Manager, tmp_path: Path) -> ChatId:
    return await create(manager, tmp_path)


def crash(step: Step) -> None:
    raise Bug


async def running(manager: Manager, keeper: Keeper, chat: ChatId) -> sc.Prompt:
    """A turn that runs."""
    actor = await manager.find(chat)
    await actor.ask(partial(turns.send, message=Message("do it"), when="auto"))
    sidecar = actor.agent.sidecar_id
    assert sidecar
    keeper.answer(sidecar)
    await actor.until(lambda state, agent, events: agent.stage == "ready" or None)
    prompt = keeper.puppets[sidecar].unanswered[0]
    keeper.answer(sidecar)
    await actor.until(lambda state, agent, events: not agent.requests or None)
    return prompt


async def test_who_asks_for_what_fails_a_chat_is_told(manager: Manager, chat: ChatId) -> None:
    actor = await manager.find(chat)
    with pytest.raises(Bug):
        await actor.ask(crash)


async def test_who_waits_for_a_chat_that_fails_is_told(manager: Manager, chat: ChatId) -> None:
    actor = await manager.find(chat)
    found: list[object] = []

    async def wait() -> None:
        with pytest.raises(errors.Internal):
            await actor.until(lambda state, agent, events: None)
        found.append("told")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await wait_all_tasks_blocked()
        with pytest.raises(Bug):
            await actor.ask(crash)
    assert found == ["told"]


async def test_a_chat_that_failed_is_loaded_afresh_with_all_that_was_stored(
    manager: Manager, chat: ChatId, caplog: pytest.LogCaptureFixture
) -> None:
    actor = await manager.find(chat)
    before = actor.state
    with pytest.raises(Bug):
        await actor.ask(crash)
    again = await manager.find(chat)
    assert again is not actor
    assert again.state == before
    await again.ask(partial(turns.send, message=Message("hello"), when="auto"))
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_other_chats_do_not_notice_one_that_fails(
    manager: Manager, keeper: Keeper, chat: ChatId, tmp_path: Path
) -> None:
    other = await create(manager, tmp_path)
    prompt = await running(manager, keeper, other)
    with pytest.raises(Bug):
        await (await manager.find(chat)).ask(crash)
    actor = await manager.find(other)
    sidecar = actor.agent.sidecar_id
    assert sidecar
    keeper.say(sidecar, sc.TurnEnd(prompt.turn, "done"))
    await actor.until(lambda state, agent, events: not state.running or None)


async def test_the_agent_of_a_chat_that_failed_counts_as_lost(
    manager: Manager, keeper: Keeper, chat: ChatId
) -> None:
    """What it says is heard by nobody; a turn that runs for ever would be the worse end."""
    await running(manager, keeper, chat)
    with pytest.raises(Bug):
        await (await manager.find(chat)).ask(crash)
    assert keeper.puppets == {}
    actor = await manager.find(chat)
    await actor.until(lambda state, agent, events: not state.running or None)
    turn = actor.state.turn
    assert turn
    assert (turn.reason, actor.agent.stage) == ("lost", "none")


async def test_a_line_that_the_disk_finds_twice_does_not_end_in_silence(
    manager: Manager, keeper: Keeper, chat: ChatId
) -> None:
    """A sidecar may not use a name twice; one that does is lost, and the chat is not."""
    await running(manager, keeper, chat)
    actor = await manager.find(chat)
    sidecar = actor.agent.sidecar_id
    assert sidecar
    keeper.say(sidecar, sc.ItemOpen("a", "message"), sc.ItemClose("a"))
    await actor.until(lambda state, agent, events: (events and not state.open) or None)
    keeper.say(sidecar, sc.ItemOpen("a", "message"))
    while not actor.gone:
        await trio.lowlevel.checkpoint()
    again = await manager.find(chat)
    await again.until(lambda state, agent, events: not state.running or None)
    await again.ask(partial(turns.send, message=Message("again"), when="auto"))
    assert again.state.running


async def test_a_chat_that_is_just_unloaded_is_found(manager: Manager, chat: ChatId) -> None:
    actor = await manager.find(chat)
    actor.unload()
    again = await manager.find(chat)
    assert again is not actor
    assert await again.ask(lambda step: step.state.chat.id) == chat


async def test_ten_at_once_find_the_same_actor(
    manager: Manager, chat: ChatId, database: Database
) -> None:
    (await manager.find(chat)).unload()
    await wait_all_tasks_blocked()
    found = []

    async def find() -> None:
        found.append(await manager.find(chat))

    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(find)
    assert len({*found}) == 1
    assert len(found) == 10


async def test_there_is_no_chat_of_a_wrong_name(manager: Manager) -> None:
    with pytest.raises(errors.ChatNotFound):
        await manager.find(ChatId("nothing"))


async def test_what_the_disk_refused_to_edit_is_sent_as_it_was(
    manager: Manager, keeper: Keeper, chat: ChatId, database: Database
) -> None:
    prompt = await running(manager, keeper, chat)
    actor = await manager.find(chat)
    queued = await actor.ask(partial(turns.send, message=Message("as it was"), when="auto"))
    await database.commit(lambda c: c.execute("PRAGMA max_page_count = 1"))
    assert queued.turn_id
    with pytest.raises(errors.StoreFull):
        await actor.ask(partial(turns.edit_entry, turn_id=queued.turn_id, text="x" * 100_000))
    await database.commit(lambda c: c.execute("PRAGMA max_page_count = 100000"))
    sidecar = actor.agent.sidecar_id
    assert sidecar
    keeper.say(sidecar, sc.TurnEnd(prompt.turn, "done"))
    await actor.until(lambda state, agent, events: not state.queue or None)
    sent = keeper.puppets[sidecar].unanswered[0]
    assert (sent.turn, sent.text) == (queued.turn_id, "as it was")


async def test_who_leaves_a_request_behind_has_it_done(manager: Manager, chat: ChatId) -> None:
    actor = await manager.find(chat)
    with trio.CancelScope() as scope:
        scope.cancel()
        await actor.ask(partial(turns.send, message=Message("do it"), when="auto"))
    assert scope.cancelled_caught
    await actor.until(lambda state, agent, events: state.running)
