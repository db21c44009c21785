"""Settings as a file: what clients set stands in it, and what a person edits in it holds."""

import contextlib
import logging
import sqlite3

import pytest
import trio

from claudetted.protocol import places
from claudetted.store import config_file
from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.test_questions import answered, asked, begun
from tests.daemon.test_settings import choose, get
from tests.daemon.world import Chat, Daemon, Home


def text() -> str:
    return places.config_path().read_text()


def edit(before: str, after: str) -> None:
    """Behind the example in the head of the file."""
    head, found, rest = text().rpartition(before)
    assert found
    places.config_path().write_text(f"{head}{after}{rest}")


async def problems(client: Client) -> list[Json]:
    return list((await client.call("setting/list")).get("problems", []))


async def test_what_is_set_stands_in_the_file(client: Client, home: Home) -> None:
    places.config_path().write_text("# mine\nmax_agents = 3 # few\n")
    await choose(client, "notification", "off")
    await choose(client, f"default_level:{home.work}", "readonly")
    assert text() == (
        '# mine\nmax_agents = 3 # few\nnotification = "off"\n'
        f'\n[workspace."{home.work}"]\ndefault_level = "readonly"\n'
    )
    assert (await get(client, "max_agents"))["value"] == 3
    assert (await get(client, "max_agents"))["line"] == 2
    told = await client.call("setting/list")
    assert told["file"] == str(places.config_path())
    await choose(client, "max_agents", None)
    assert "max_agents" not in text() and "# mine" in text()


async def test_what_is_edited_holds_from_the_next_client_and_call_on(
    daemon: Daemon, client: Client, new_chat: NewChat
) -> None:
    await choose(client, "max_agents", 3)
    edit("max_agents = 3", 'max_agents = 4\nnotification = "off"\ndefault_level = "full"')
    again = await daemon.client()
    await again.call("daemon/hello", name="other")
    assert (await new_chat()).made["level"] == "full"
    edit("max_agents = 4\n", "")
    assert (await get(again, "max_agents")).get("value") is None
    assert (await get(again, "notification"))["value"] == "off"
    await daemon.restart()
    assert (await get(await daemon.client(), "notification"))["value"] == "off"


async def test_a_wrong_line_is_told_and_the_old_value_stays(
    daemon: Daemon, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    await choose(client, "default_level", "readonly")
    edit('default_level = "readonly"', 'default_level = "redonly"\nmax_agents = 4')
    line = text().split("\n").index("max_agents = 4")
    (problem,) = await problems(client)
    assert problem == {"line": line, "key": "default_level", "why": "Invalid enum value 'redonly'."}
    assert (
        caplog.messages.count(
            f"{places.config_path()}, line {line}: default_level: Invalid enum value 'redonly'."
        )
        == 1
    )
    await daemon.restart()
    again = await daemon.client()
    assert (await get(again, "default_level"))["value"] == "readonly"
    assert (await get(again, "max_agents"))["value"] == 4
    await choose(again, "default_level", "full")
    assert 'default_level = "full"' in text() and await problems(again) == []


async def test_a_file_that_cannot_be_read_is_left_as_it_is(daemon: Daemon, client: Client) -> None:
    await choose(client, "max_agents", 3)
    edit("max_agents = 3", "max_agents =")
    broken = text()
    refused = await client.refused("setting/set", key="max_agents", value=4)
    assert refused.name == "InvalidParams" and "line " in refused.message
    assert text() == broken
    await daemon.restart()
    again = await daemon.client()
    assert (await get(again, "max_agents"))["value"] == 3
    assert [problem["key"] for problem in await problems(again)] == [""]
    edit("max_agents =", "max_agents = 5")
    assert (await get(again, "max_agents"))["value"] == 5


async def test_what_is_no_file_is_left_as_it_is(client: Client) -> None:
    places.config_path().unlink(missing_ok=True)
    places.config_path().mkdir()
    refused = await client.refused("setting/set", key="max_agents", value=4)
    assert refused.name == "InvalidParams" and "Is a directory" in refused.message
    assert places.config_path().is_dir()


async def test_settings_from_before_the_file_are_written_into_it(
    daemon: Daemon, client: Client, home: Home
) -> None:
    await daemon.stop()
    with contextlib.closing(sqlite3.connect(places.database_path())) as stored:
        stored.execute("DELETE FROM meta WHERE key = 'config'")
        stored.execute("INSERT INTO setting VALUES ('most_sidecars', '3')")
        stored.execute("INSERT INTO setting VALUES ('notification', '\"off\"')")
        stored.execute(f"INSERT INTO setting VALUES ('trust_project:{home.work}', '\"yes\"')")
        stored.commit()
    places.config_path().write_text("park_after_minutes = 7\n")
    await daemon.start()
    assert config_file.parse(text()).values == {
        "max_agents": 3,
        "notification": "off",
        "park_after_minutes": 7,
        f"trust_project:{home.work}": "yes",
    }
    assert (await get(await daemon.client(), "park_after_minutes"))["value"] == 7


async def test_what_was_committed_and_not_written_is_written_at_the_next_start(
    daemon: Daemon, client: Client
) -> None:
    await choose(client, "max_agents", 3)
    await daemon.stop()
    with contextlib.closing(sqlite3.connect(places.database_path())) as stored:
        stored.execute("INSERT INTO setting VALUES ('trust_project:/w', '\"no\"')")
        stored.commit()
    await daemon.start()
    assert config_file.parse(text()).values == {"max_agents": 3, "trust_project:/w": "no"}


async def test_an_answer_in_a_chat_stands_in_the_file(chat: Chat, puppets: Puppets) -> None:
    await begun(chat, puppets)
    await answered(chat.client, await asked(chat), "yes")
    key = f"trust_project:{chat.made['workspace']}"
    # Each call waits for those before it.
    while not (await chat.client.call("setting/get", key=key))["setting"].get("line"):
        await trio.lowlevel.checkpoint()
    assert config_file.parse(text()).values == {key: "yes"}


async def test_several_clients_at_once_lose_nothing(daemon: Daemon) -> None:
    clients = [await daemon.client() for _ in range(4)]
    async with trio.open_nursery() as nursery:
        for number, client in enumerate(clients):
            nursery.start_soon(choose, client, f"default_level:/w{number}", "full")
    said = config_file.parse(text()).values
    assert said == {f"default_level:/w{number}": "full" for number in range(4)}


async def test_a_file_that_cannot_be_written_changes_nothing(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    await choose(client, "max_agents", 3)

    def full(path: object, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(config_file, "write", full)
    assert (await client.refused("setting/set", key="max_agents", value=4)).name == "StoreFull"
    assert (await get(client, "max_agents"))["value"] == 3
