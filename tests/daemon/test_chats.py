"""Chats: opened, listed, named, configured, put away and taken back."""

import os
import subprocess
from pathlib import Path

import pytest
import trio

from tests.daemon.client import Client
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, alone, full_disk


def repository(path: Path) -> Path:
    subprocess.run(["git", "init", "-q", os.fspath(path)], check=True)
    return path


def directory(path: Path, mode: int = 0o755) -> Path:
    path.mkdir(parents=True, mode=mode)
    return path


def modes(path: Path) -> set[int]:
    """What group and others may do with anything below."""
    return {entry.stat().st_mode & 0o077 for entry in (path, *path.rglob("*"))}


# chat/create


async def test_a_chat_works_in_the_repository_around_its_directory(
    home: Home, new_chat: NewChat
) -> None:
    root = repository(home.work)
    inside = directory(root / "deep" / "down")
    chat = await new_chat(cwd=os.fspath(inside))
    assert chat.made["cwd"] == os.fspath(inside)
    assert chat.made["workspace"] == os.fspath(root)
    await chat.send('@tool bash {"command": "touch made"}')
    (asked,) = await chat.asked()
    assert asked["request"]["cwd"] == os.fspath(root)


async def test_a_new_chat_tells_all_that_it_is(home: Home, client: Client) -> None:
    made = await client.call("chat/create", cwd=os.fspath(home.work), title="Named")
    chat = made["chat"]
    assert len(chat["id"]) == 12
    assert (chat["title"], chat["titleSource"]) == ("Named", "person")
    assert (chat["harness"], chat["level"]) == ("pi", "standard")
    assert chat["status"] == {"name": "idle"}
    assert (await client.call("chat/get", chatId=chat["id"]))["chat"] == chat


async def test_ids_are_in_the_order_of_making(new_chat: NewChat) -> None:
    ids = [(await new_chat()).id for _ in range(5)]
    assert ids == sorted(ids)


async def test_a_chat_that_is_made_starts_no_process(home: Home, chat: Chat) -> None:
    status = await chat.client.call("daemon/status")
    assert status.get("sidecars", 0) == 0


async def test_with_a_model_the_agent_is_asked_whether_it_exists(new_chat: NewChat) -> None:
    chat = await new_chat(model="fake/large", thinking="high")
    got = await chat.get()
    assert (got["model"], got["modelUsed"], got["thinking"]) == ("fake/large", "fake/large", "high")
    await chat.turn("@text hi")
    (message,) = await chat.items("message")
    assert message["model"] == "fake/large"


async def test_everything_of_a_chat_is_private(home: Home, chat: Chat) -> None:
    await chat.turn('@text one @then @tool read {"path": "."}')
    assert modes(home.root / "data") == {0}
    assert modes(home.runtime) == {0}


async def test_the_same_key_makes_one_chat(home: Home, client: Client) -> None:
    params = {"cwd": os.fspath(home.work), "key": "k1"}
    first = await client.call("chat/create", **params)
    assert await client.call("chat/create", **params) == first
    assert len((await client.call("chat/list"))["chats"]) == 1


async def test_the_same_key_at_the_same_time_makes_one_chat(
    home: Home, daemon: Daemon, client: Client
) -> None:
    others = [await daemon.client() for _ in range(6)]
    params = {"cwd": os.fspath(home.work), "key": "k1"}
    posted = [(other, await other.post("chat/create", **params)) for other in others]
    made = [await other.result_of(number) for other, number in posted]
    assert all(one == made[0] for one in made)
    assert len((await client.call("chat/list"))["chats"]) == 1


async def test_the_same_key_and_model_at_the_same_time_make_one_chat(
    home: Home, daemon: Daemon, client: Client
) -> None:
    others = [await daemon.client() for _ in range(3)]
    params = {"cwd": os.fspath(home.work), "model": "fake/large", "key": "k1"}
    posted = [(other, await other.post("chat/create", **params)) for other in others]
    made = [(await other.result_of(number))["chat"]["id"] for other, number in posted]
    assert made == [made[0]] * 3
    assert len((await client.call("chat/list"))["chats"]) == 1
    assert (await client.call("daemon/status"))["sidecars"] == 1


async def test_a_client_that_vanishes_leaves_a_whole_chat_or_none(
    home: Home, daemon: Daemon, client: Client
) -> None:
    for _ in range(10):
        leaving = await daemon.client()
        await leaving.post("chat/create", cwd=os.fspath(home.work))
        await leaving.close()
    await alone(client)
    made = (await client.call("chat/list")).get("chats", [])
    for chat in made:
        assert (await Chat(client, chat).turn("@text hi"))["reason"] == "done"
    assert len(os.listdir(home.root / "data" / "chats")) == len(made)


async def test_a_chat_that_was_refused_leaves_nothing(home: Home, client: Client) -> None:
    params = {"cwd": os.fspath(home.work), "model": "fake/smal", "key": "k1"}
    for _ in range(2):  # the same key gives the same answer
        refused = await client.refused("chat/create", **params)
        assert refused.name == "ModelUnknown"
    assert not (await client.call("chat/list")).get("chats")
    assert os.listdir(home.root / "data" / "chats") == []
    assert (await client.call("daemon/status")).get("sidecars", 0) == 0


async def test_chat_create_WorkspaceMissing(home: Home, client: Client) -> None:
    for missing in (home.work / "gone", home.harness):
        refused = await client.refused("chat/create", cwd=os.fspath(missing))
        assert refused.name == "WorkspaceMissing"
        assert refused.data["path"] == os.fspath(missing)
    assert (await client.refused("chat/create", cwd="relative")).name == "WorkspaceMissing"


@pytest.mark.parametrize("cwd", ["/a\0b", "/" + "x" * 300, "/" + "x/" * 3000])
async def test_what_no_directory_can_be_called_is_a_workspace_that_is_missing(
    client: Client, cwd: str
) -> None:
    refused = await client.refused("chat/create", cwd=cwd)
    assert refused.name == "WorkspaceMissing"
    assert len(refused.message.splitlines()) == 1
    assert len(refused.message) < 400


@pytest.mark.parametrize(
    ("env", "path"),
    [({"LANG": "a\0b"}, "$.env.LANG"), ({"A=B": "c"}, "$.env"), ({"": "c"}, "$.env")],
)
async def test_what_no_process_can_have_as_a_variable_is_refused(
    client: Client, chat: Chat, env: dict[str, str], path: str
) -> None:
    for method, params in {
        "chat/create": {"cwd": chat.made["cwd"]},
        "chat/environment": {"chatId": chat.id},
        "turn/send": {"chatId": chat.id, "text": "@text hi"},
        "event/subscribe": {"chatId": chat.id},
    }.items():
        refused = await client.refused(method, **params, env=env)
        assert (method, refused.name, refused.data["path"]) == (method, "InvalidParams", path)
    refused = await client.refused("provider/environment", variables=env)
    assert refused.data["path"] == path.replace("env", "variables")


async def test_chat_create_WorkspaceForbidden(home: Home, client: Client) -> None:
    user = os.environ["HOME"]
    for broad in ("/", user):
        refused = await client.refused("chat/create", cwd=broad)
        assert refused.name == "WorkspaceForbidden"
        assert refused.data["path"] == broad
    made = await client.call("chat/create", cwd=user, broad=True)
    assert made["chat"]["workspace"] == user


@pytest.mark.skipif(os.getuid() == 0, reason="root may enter every directory")
async def test_a_directory_that_cannot_be_entered_is_forbidden(home: Home, client: Client) -> None:
    closed = directory(home.work / "closed", 0o000)
    refused = await client.refused("chat/create", cwd=os.fspath(closed))
    assert refused.name == "WorkspaceForbidden"


async def test_a_repository_at_home_is_no_workspace_by_itself(home: Home, client: Client) -> None:
    user = repository(Path(os.environ["HOME"]))
    inside = directory(user / "project")
    made = await client.call("chat/create", cwd=os.fspath(inside))
    assert made["chat"]["workspace"] == os.fspath(inside)


async def test_chat_create_HarnessMissing(home: Home, client: Client) -> None:
    home.harness.unlink()
    refused = await client.refused("chat/create", cwd=os.fspath(home.work))
    assert refused.name == "HarnessMissing"
    assert refused.data["looked"] == [os.fspath(home.harness)]
    assert "CLAUDETTE_PI_HARNESS" in refused.message
    other = await client.refused("chat/create", cwd=os.fspath(home.work), harness="nonesuch")
    assert (other.name, other.data["harness"]) == ("HarnessMissing", "nonesuch")


async def test_chat_create_HarnessFailed(home: Home, client: Client) -> None:
    home.set_sidecar(die_at_start="5")
    refused = await client.refused("chat/create", cwd=os.fspath(home.work), model="fake/small")
    assert refused.name == "HarnessFailed"
    assert "exit code 5" in refused.message
    home.set_sidecar(bad_level="99")
    refused = await client.refused("chat/create", cwd=os.fspath(home.work), model="fake/small")
    assert (refused.name, refused.data["harness"]) == ("HarnessFailed", "pi")
    assert not (await client.call("chat/list")).get("chats")


async def test_chat_create_ModelUnknown(home: Home, client: Client) -> None:
    refused = await client.refused("chat/create", cwd=os.fspath(home.work), model="fake/smal")
    assert refused.name == "ModelUnknown"
    assert refused.data["model"] == "fake/smal"
    assert refused.data["nearest"][0] == "fake/small"


async def test_chat_create_KeyReused(home: Home, client: Client) -> None:
    await client.call("chat/create", cwd=os.fspath(home.work), key="k1")
    refused = await client.refused("chat/create", cwd=os.fspath(home.root), key="k1")
    assert (refused.name, refused.data["key"]) == ("KeyReused", "k1")


async def test_chat_create_StoreFull(home: Home, client: Client) -> None:
    with full_disk():
        refused = await client.refused("chat/create", cwd=os.fspath(home.work))
    assert refused.name == "StoreFull"
    assert not (await client.call("chat/list")).get("chats")
    assert not await trio.Path(home.root / "data" / "chats").exists()


async def test_chat_create_ShuttingDown(home: Home, client: Client) -> None:
    params = {"cwd": os.fspath(home.work)}
    await client.send_line(
        [
            {"jsonrpc": "2.0", "id": "down", "method": "daemon/shutdown"},
            {"jsonrpc": "2.0", "id": "make", "method": "chat/create", "params": params},
        ]
    )
    _, answer = await client.reply("down")
    assert answer["error"]["data"]["name"] == "ShuttingDown"


# chat/list, chat/get


async def test_chats_are_listed_the_last_used_first(new_chat: NewChat, client: Client) -> None:
    made = [await new_chat(title=f"number {n}") for n in range(5)]
    await made[1].turn("@text hi")
    listed = (await client.call("chat/list"))["chats"]
    expected = [made[n].id for n in (1, 4, 3, 2, 0)]
    assert [chat["id"] for chat in listed] == expected
    pages, cursor = [], None
    while True:
        page = await client.call("chat/list", limit=2, **({"cursor": cursor} if cursor else {}))
        pages.append([chat["id"] for chat in page["chats"]])
        cursor = page.get("cursor")
        if not cursor:
            break
    assert pages == [expected[:2], expected[2:4], expected[4:]]


async def test_a_cursor_that_is_none_is_refused(client: Client) -> None:
    for cursor in ("nonsense", "%%%", "bm9uc2Vuc2U="):
        refused = await client.refused("chat/list", cursor=cursor)
        assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.cursor")


async def test_chat_get_ChatNotFound(client: Client) -> None:
    refused = await client.refused("chat/get", chatId="nothing")
    assert (refused.name, refused.data["chatId"]) == ("ChatNotFound", "nothing")


# chat/rename


async def test_a_chat_is_named_after_its_first_message(chat: Chat) -> None:
    await chat.turn("\n\n  Fix the parser\nand more")
    got = await chat.get()
    assert (got["title"], got.get("titleSource", "auto")) == ("Fix the parser", "auto")
    await chat.turn("another")
    assert (await chat.get())["title"] == "Fix the parser"


async def test_a_name_that_a_person_gave_stays(chat: Chat) -> None:
    renamed = await chat.call("chat/rename", title="Mine")
    assert (renamed["chat"]["title"], renamed["chat"]["titleSource"]) == ("Mine", "person")
    await chat.turn("Fix the parser")
    assert (await chat.get())["title"] == "Mine"


async def test_chat_rename_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/rename", chatId="x", title="t")).name == "ChatNotFound"


async def test_chat_rename_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/rename", title="Mine")).name == "StoreFull"
    assert (await chat.get())["title"] == ""


# chat/archive, chat/restore


async def test_an_archived_chat_ends_its_agent_and_resumes(
    home: Home, chat: Chat, client: Client
) -> None:
    await chat.turn("@text remember seven")
    path = chat.events("sidecar/started")[0]["sidecar"]["sessionPath"]
    archived = await chat.call("chat/archive")
    assert archived["chat"]["archivedAt"]
    await chat.event("sidecar/stopped")
    assert await trio.Path(path).exists()
    assert not (await client.call("chat/list")).get("chats")
    assert [one["id"] for one in (await client.call("chat/list", archived=True))["chats"]] == [
        chat.id
    ]
    restored = await chat.call("chat/restore")
    assert not restored["chat"].get("archivedAt")
    await chat.turn("@echo-history")
    assert "remember seven" in (await chat.texts())[-1]


async def test_a_message_restores_an_archived_chat(chat: Chat) -> None:
    await chat.turn("@text one")
    await chat.call("chat/archive")
    assert (await chat.turn("@text two"))["reason"] == "done"
    assert not (await chat.get()).get("archivedAt")
    assert await chat.notices() == [
        ("info", "The chat was archived; this message has restored it.")
    ]


async def test_archiving_twice_and_restoring_twice_is_once(chat: Chat) -> None:
    for method in ("chat/archive", "chat/archive", "chat/restore", "chat/restore"):
        await chat.call(method)
    assert chat.kinds() == ["chat/archived", "chat/restored"]


async def test_chat_archive_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/archive", chatId="x")).name == "ChatNotFound"


async def test_chat_archive_StoreFull(chat: Chat) -> None:
    with full_disk():
        assert (await chat.refused("chat/archive")).name == "StoreFull"
    assert not (await chat.get()).get("archivedAt")


async def test_chat_restore_ChatNotFound(client: Client) -> None:
    assert (await client.refused("chat/restore", chatId="x")).name == "ChatNotFound"


async def test_chat_restore_StoreFull(chat: Chat) -> None:
    await chat.call("chat/archive")
    with full_disk():
        assert (await chat.refused("chat/restore")).name == "StoreFull"
    assert (await chat.get())["archivedAt"]


async def test_what_a_client_carries_reaches_a_running_agent_and_the_next_one(
    client: Client, chat: Chat, puppets: Puppets
) -> None:
    turn_id = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn_id)
    await chat.ended(turn_id)
    env = {"SSH_AUTH_SOCK": "/new", "CLAUDE_CODE_OAUTH_TOKEN": "secret"}
    await chat.call("turn/send", text="two", env=env, key="k")
    assert (await puppet.hears("environment"))["env"] == {"SSH_AUTH_SOCK": "/new"}
    assert (await puppet.takes_prompt())["text"] == "two"
    again = await chat.call("turn/send", text="two", env={"SSH_AUTH_SOCK": "/newer"}, key="k")
    assert again["state"] == "running", "the same message, wherever it is repeated"
    await client.call("event/subscribe", chatId=chat.id, env={"SSH_AUTH_SOCK": "", "TZ": "UTC"})
    assert (await puppet.hears("environment"))["env"] == {"SSH_AUTH_SOCK": "", "TZ": "UTC"}
    shown = (await chat.call("chat/environment"))["env"]
    assert (shown["TZ"], "SSH_AUTH_SOCK" in shown) == ("UTC", False)
    await client.call("event/subscribe", chatId=chat.id, env={"TZ": "UTC"})
    notices = [text for kind, text in await chat.notices() if kind == "info"]
    assert notices[-1] == "The agent's next commands have the client's SSH_AUTH_SOCK, TZ."
    assert len(notices) == 2
