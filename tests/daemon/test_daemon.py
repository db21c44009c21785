"""The daemon itself: greeted, asked how it is, ended, alone, and open to its user only."""

import os
import re
import socket
import sqlite3
import stat
import subprocess
import sys

import pytest
import trio

from claudetted.daemon import launching
from claudetted.daemon.lock import AlreadyRunning
from claudetted.daemon.run import serve
from claudetted.protocol import places
from claudetted.rpc.doors import process, unix
from claudetted.store.schema import NewerDatabase
from tests.daemon.client import PATIENCE, Client
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, alone

MEGABYTE = 1024 * 1024
NOBODY = 65534

_STRANGER = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[2]))
peer = socket.socket(socket.AF_UNIX)
peer.connect(sys.argv[1])
try:
    peer.sendall(b'{"jsonrpc":"2.0","id":1,"method":"daemon/status"}\\n')
    sys.stdout.write(repr(peer.recv(65536)))
except ConnectionError:
    sys.stdout.write(repr(b""))
"""


def mode(path: os.PathLike[str]) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


# daemon/hello, daemon/status


async def test_it_says_who_it_is(daemon: Daemon, client: Client) -> None:
    hello = await client.call("daemon/hello", name="tester", kind="test", version="1")
    assert hello["level"] == 1
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", hello["version"])
    assert hello["pid"] == os.getpid()
    assert daemon.serving
    assert hello["instance"] == daemon.serving.instance


async def test_nobody_has_to_greet_it(client: Client) -> None:
    assert await client.call("chat/list") == {}


async def test_every_start_is_another_instance(daemon: Daemon, client: Client) -> None:
    first = (await client.call("daemon/status"))["instance"]
    await daemon.restart()
    assert (await (await daemon.client()).call("daemon/status"))["instance"] != first


async def test_it_counts_what_it_has(
    home: Home, daemon: Daemon, client: Client, new_chat: NewChat
) -> None:
    one, _ = await new_chat(), await new_chat()
    await one.send('@tool bash {"command": "touch made"}')
    await one.asked()
    await (await daemon.client()).call("daemon/status")
    status = await client.call("daemon/status")
    counted = {name: status[name] for name in ("chats", "sidecars", "clients", "openPermissions")}
    assert counted == {"chats": 2, "sidecars": 1, "clients": 2, "openPermissions": 1}
    assert status["dataDir"] == str(home.root / "data")
    assert status["socket"] == str(daemon.socket)
    assert status["journalBytes"] > 0
    assert status["keeperPid"] != os.getpid()


async def test_a_client_that_left_is_counted_no_more(daemon: Daemon, client: Client) -> None:
    other = await daemon.client()
    await other.call("daemon/status")
    await other.close()
    await alone(client)


# daemon/shutdown


async def test_it_answers_before_it_ends(daemon: Daemon, client: Client) -> None:
    other = await daemon.client()
    assert await client.call("daemon/shutdown") == {}
    await client.gone()
    await other.gone()
    assert (client.rest, other.rest) == (b"", b"")
    await daemon.ended()
    assert not await trio.Path(daemon.socket).exists() or await refuses(daemon.socket)
    await daemon.start()
    assert await (await daemon.client()).call("daemon/status")


async def refuses(path: os.PathLike[str]) -> bool:
    try:
        stream = await trio.open_unix_socket(os.fspath(path))
    except OSError:
        return True
    await stream.aclose()
    return False


async def test_its_agents_go_on_without_it(daemon: Daemon, home: Home, chat: Chat) -> None:
    turn_id = await chat.send("@text before @hold door @text after")
    await home.gates.held("door")
    sidecar = (await chat.event("sidecar/started"))["sidecar"]["id"]
    await chat.client.call("daemon/shutdown")
    await daemon.ended()
    home.gates.release("door")
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn_id))["reason"] == "done"
    assert await again.texts() == ["beforeafter"]
    assert (await again.snapshot())["sidecar"]["id"] == sidecar


async def test_its_agents_end_with_it_on_request(
    daemon: Daemon, home: Home, new_chat: NewChat
) -> None:
    chat = await new_chat(level="full")
    turn_id = await chat.send('@tool bash {"command": "echo started; sleep 1000"}')
    await chat.said("started")
    await chat.client.call("daemon/shutdown", agents=True)
    await daemon.ended()
    await trio.to_thread.run_sync(home.end_keeper)
    assert home.processes() == []
    await daemon.start()
    again = Chat(await daemon.client(), chat.made)
    assert (await again.ended(turn_id))["reason"] == "stopped"
    assert (await again.get())["status"]["name"] == "idle"
    assert (await again.turn("@text on"))["reason"] == "done"


async def test_old_harnesses_are_removed_before_a_new_one_is_copied(
    home: Home, nursery: trio.Nursery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is being made looks like one that nobody uses."""
    (executable := home.root / "stamped" / "harness").parent.mkdir()
    executable.write_text("")
    (executable.parent / "stamp").write_text("1")
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", os.fspath(executable))
    old = launching.copies() / "old"
    old.mkdir(parents=True)
    daemon = Daemon(home, nursery)
    await daemon.start()
    assert not old.exists()
    await daemon.close()


async def test_it_ends_although_a_client_reads_nothing(daemon: Daemon, chat: Chat) -> None:
    stalled = await daemon.client(SO_RCVBUF=4096)
    await stalled.call("event/subscribe", chatId=chat.id)
    stalled.stall()
    await chat.turn("@flood 3000")
    with trio.fail_after(PATIENCE):
        await daemon.stop()


# One daemon


async def test_a_second_daemon_is_refused_and_the_first_unharmed(
    daemon: Daemon, chat: Chat
) -> None:
    with pytest.raises(AlreadyRunning, match=f"pid {os.getpid()}"):
        await serve()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_newer_database_is_refused_and_left_alone(daemon: Daemon, chat: Chat) -> None:
    await daemon.stop()
    path = places.database_path()
    with sqlite3.connect(path) as database:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        database.execute("PRAGMA user_version = 999")
    database.close()
    with pytest.raises(NewerDatabase, match="999"):
        await serve()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {version}")
    database.close()
    await daemon.start()
    assert (await Chat(await daemon.client(), chat.made).turn("@text hi"))["reason"] == "done"


async def test_a_second_process_says_so_in_one_sentence(daemon: Daemon, client: Client) -> None:
    ended = await trio.run_process(
        [sys.executable, "-m", "claudetted"], capture_stderr=True, check=False
    )
    assert ended.returncode == 3
    (line,) = ended.stderr.decode().splitlines()
    assert str(os.getpid()) in line
    assert await client.call("daemon/status")


# Who may connect


async def test_its_places_are_the_users_alone(daemon: Daemon, home: Home) -> None:
    assert mode(daemon.socket) == 0o600
    assert mode(daemon.socket.parent) == 0o700
    assert mode(places.database_path()) == 0o600
    assert mode(places.data_dir()) == 0o700


async def test_the_peer_is_known_by_user_and_process() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        uid, pid = process.process_of(trio.socket.from_stdlib_socket(ours))
    assert uid == os.getuid()
    assert pid in (os.getpid(), None)


async def test_another_users_connection_is_closed(
    daemon: Daemon, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel says that it is ours; as far as the daemon can tell it is another's."""
    await client.call("daemon/status")
    monkeypatch.setattr(unix, "process_of", lambda connected: (os.getuid() + 1, 1))
    stranger = await daemon.client()
    await stranger.gone()
    assert stranger.rest == b""
    assert (await client.call("daemon/status"))["clients"] == 1


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
async def test_another_user_is_turned_away(daemon: Daemon, client: Client) -> None:
    daemon.socket.parent.chmod(0o711)
    daemon.socket.chmod(0o666)
    answer = await trio.to_thread.run_sync(
        lambda: (
            subprocess.run(
                [
                    sys.executable,
                    "-I",
                    "-S",
                    "-c",
                    _STRANGER,
                    os.fspath(daemon.socket),
                    str(NOBODY),
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
    )
    assert answer == "b''"
    assert await client.call("daemon/status")


# What a client may do wrong


async def test_a_line_of_twenty_megabytes_is_refused_and_the_next_one_heard(
    client: Client, chat: Chat
) -> None:
    line = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "turn/send",
        "params": {"chatId": chat.id, "text": "x" * 20 * MEGABYTE},
    }
    await client.send_line(line)
    refused = await client.reply(None)
    assert refused["error"]["data"] == {"name": "TooLarge", "limit": 16 * MEGABYTE}
    assert await chat.items() == []
    assert (await chat.turn("@text hi"))["reason"] == "done"


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"nonsense", "ParseError"),
        (b"\xff\xfe", "ParseError"),
        (b"[]", "InvalidRequest"),
        (b'{"jsonrpc":"2.0","method":7}', "InvalidRequest"),
        (b'{"jsonrpc":"1.0","id":null,"method":"daemon/status"}', "InvalidRequest"),
    ],
)
async def test_a_line_that_is_no_request_is_answered(
    client: Client, line: bytes, name: str
) -> None:
    await client.send_line(line)
    reply = await client.reply(None)
    assert reply["error"]["data"]["name"] == name
    assert await client.call("daemon/status")


async def test_a_notification_is_carried_out_and_not_answered(chat: Chat) -> None:
    params = {"chatId": chat.id, "title": "Mine"}
    told = {"jsonrpc": "2.0", "method": "chat/rename", "params": params}
    await chat.client.send_line([told])
    await chat.client.send_line(told | {"params": {"chatId": "nobody", "title": "x"}})
    assert (await chat.get())["title"] == "Mine"
    assert not chat.client.answered(None)


async def test_what_is_wrong_with_a_parameter_is_named_with_its_path(client: Client) -> None:
    for params, path in (
        ({"limit": 0}, "$.limit"),
        ({"limit": "many"}, "$.limit"),
        ({"colour": "red"}, "$.colour"),
    ):
        refused = await client.refused("chat/list", **params)
        assert (refused.code, refused.name) == (-32602, "InvalidParams")
        assert refused.data["path"] == path
        assert next(iter(params)) in refused.message


async def test_empty_lines_are_nobodys_business(client: Client) -> None:
    await client.stream.send_all(b"\n\n  \n")
    assert await client.call("daemon/status")


async def test_text_that_is_no_text_is_refused(chat: Chat) -> None:
    params = b'{"chatId":"%s","text":"\\ud800"}' % chat.id.encode()
    line = b'{"jsonrpc":"2.0","id":"bad","method":"turn/send","params":%s}'
    await chat.client.send_line(line % params)
    reply = await chat.client.reply("bad")
    assert reply["error"]["data"]["name"] == "BadText"
    assert await chat.items() == []


async def test_a_client_that_vanishes_in_mid_request_harms_nobody(
    daemon: Daemon, chat: Chat
) -> None:
    for begin in (b'{"jsonrpc":"2.0","id":1,"meth', b'{"x":"' + b"y" * MEGABYTE, b"\n\xff"):
        leaving = await daemon.client()
        await leaving.stream.send_all(begin)
        await leaving.close()
    assert (await chat.turn("@text hi"))["reason"] == "done"


async def test_a_client_that_vanishes_before_the_answer_harms_nobody(
    daemon: Daemon, chat: Chat
) -> None:
    for method, params in (
        ("turn/send", {"text": "@text sent"}),
        ("turn/wait", {}),
        ("event/subscribe", {}),
        ("chat/history", {}),
        ("turn/stop", {}),
        ("chat/compact", {}),
    ):
        leaving = await daemon.client()
        await leaving.post(method, chatId=chat.id, **params)
        await leaving.close()
    await alone(chat.client)
    turn = await chat.turn("@text after")
    assert turn["reason"] == "done"
    assert (await chat.texts())[-1] == "after"


async def test_a_client_that_has_said_all_still_hears_its_answers(
    daemon: Daemon, home: Home
) -> None:
    client = await daemon.client()
    number = await client.post("chat/create", cwd=str(home.work), model="fake/large")
    await client.end_writing()
    assert (await client.result_of(number))["chat"]["modelUsed"] == "fake/large"


async def test_the_requests_of_a_client_are_answered_in_their_order(
    client: Client, chat: Chat
) -> None:
    lines = []
    for n in range(50):
        params = {"chatId": chat.id, "title": f"title {n}"}
        request = {"jsonrpc": "2.0", "id": f"r{n}", "method": "chat/rename", "params": params}
        lines.append(request)
    for line in lines:
        await client.send_line(line)
    for n in range(50):
        assert (await client.reply(f"r{n}"))["result"]["chat"]["title"] == f"title {n}"
    assert (await chat.get())["title"] == "title 49"
