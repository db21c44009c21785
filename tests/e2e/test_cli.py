"""The command line against a real daemon in its own process, with a scripted agent."""

import concurrent.futures
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from claudette_cli import exits
from claudetted.protocol import places
from tests.daemon.world import Home
from tests.support.commands import Commands

COMMAND = '@tool bash {"command": "echo out"} @then @text done'


@pytest.fixture
def commands(home: Home) -> Iterator[Commands]:
    with Commands(home.work) as made:
        yield made


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


def say(commands: Commands, chat: str, text: str, *options: str, code: int = 0) -> str:
    return commands.run("send", chat, "-", *options, typed=text, code=code).out


def test_the_first_command_starts_the_daemon_and_status_does_not(commands: Commands) -> None:
    assert "any command that needs one" in commands.run("status", code=exits.NO_DAEMON).err
    assert commands.run("ls").out.startswith("No chats.")
    assert commands.run("status", "--json").json["dataDir"] == str(places.data_dir())


def test_first_clients_at_once_start_one_daemon(commands: Commands) -> None:
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: commands.run("rpc", "daemon/status"), range(6)))
    assert len({ended.json["instance"] for ended in told}) == 1


def test_a_daemon_that_cannot_start_says_why(commands: Commands, home: Home) -> None:
    places.data_dir().mkdir()
    places.database_path().write_text("this is no database at all, it is a text\n" * 100)
    said = commands.run("ls", code=exits.NO_DAEMON).err
    assert said.startswith("claudette: The daemon did not start: ")
    assert "log" in said
    while home.processes():
        pass  # it said why before its process had ended


def test_a_daemon_that_ends_at_once_is_quoted(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/trio.py").write_text("raise RuntimeError('no trio today')\n")
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(tmp_path / "broken"))
        said = commands.run("ls", code=exits.NO_DAEMON).err
    assert "RuntimeError: no trio today" in said


def test_a_message_and_its_answer(commands: Commands, chat: str) -> None:
    assert say(commands, chat, "@think hm @text hello **you**", "--wait") == "hello **you**\n"
    assert commands.run("history", chat).out.split("\n\n")[1:] == ["∴ hm", "hello **you**", ""]


def test_a_chat_is_named_by_the_beginning_of_its_id(commands: Commands, chat: str) -> None:
    assert commands.run("show", chat[:-1], "--json").json["id"] == chat
    assert "claudette ls --all" in commands.run("show", "zzz", code=exits.NOT_FOUND).err
    commands.new("--title", "another")
    assert commands.run("show", "--json").json["title"] == "another"  # the last used here
    several = commands.run("show", chat[:2], code=exits.NOT_FOUND).err
    assert "the chat" in several
    assert "another" in several


def test_a_permission_is_seen_and_answered_from_elsewhere(commands: Commands, chat: str) -> None:
    said = commands.run("send", chat, "-", "--wait", typed=COMMAND, code=exits.ASKED).err
    assert "bash echo out" in said
    (asked,) = commands.run("inbox", "--json").json
    assert asked["request"]["command"] == "echo out"
    assert "echo out" in commands.run("inbox").out
    assert "!" in commands.run("ls").out
    assert "allowed once by you" in commands.run("approve", asked["id"]).out
    late = commands.run("deny", asked["id"], code=exits.GONE).err
    assert "already resolved: allow, by claudette/cli (pid " in late
    commands.run("deny", "nobody.a1", code=exits.NOT_FOUND)
    commands.run("wait", chat)
    assert commands.run("inbox").out == "Nothing waits for you.\n"
    assert "│ out" in commands.run("history", chat).out
    today = asked["openedAt"][:10]
    for time in ([], ["--since", today], ["--since", f"{today} 00:00", "--until", today]):
        assert "echo out  claudette/cli (pid " in commands.run("audit", *time).out
    assert commands.run("audit", "--until", "2020-01-01").out == ""


def test_a_second_decision_is_told_of_the_first(commands: Commands, chat: str) -> None:
    commands.run("send", chat, "-", "--wait", typed=COMMAND, code=exits.ASKED)
    (asked,) = commands.run("inbox", "--json").json
    commands.run("deny", chat, "--reason", "not now")
    params = {"permissionId": asked["id"], "decision": "allow"}
    late = commands.run("rpc", "permission/decide", json.dumps(params), code=exits.GONE)
    assert "deni" in late.err or "deny" in late.err
    commands.run("wait", chat)


@pytest.mark.parametrize(
    ("text", "code"), [("@fail no luck", exits.TURN_FAILED), ("@die 3", exits.TURN_LOST)]
)
def test_the_exit_code_tells_how_the_turn_ended(
    commands: Commands, chat: str, text: str, code: int
) -> None:
    ended = commands.run("send", chat, "-", "--wait", typed=text, code=code)
    assert ended.err.startswith("The turn ended ")


def test_a_stopped_turn_pauses_the_queue_and_it_can_be_changed(
    commands: Commands, chat: str
) -> None:
    say(commands, chat, "@hold door")
    first = say(commands, chat, "@text first").strip()
    second = say(commands, chat, "@text second").strip()
    commands.run("stop", chat)
    assert commands.run("wait", chat, code=exits.TURN_STOPPED).err
    listed = commands.run("queue", "list", chat)
    assert f"claudette queue resume {chat}" in listed.out
    commands.run("queue", "remove", chat, first)
    commands.run("queue", "edit", chat, second, "changed")
    entries = commands.run("queue", "list", chat, "--json").json["entries"]
    assert [(entry["turnId"], entry["text"]) for entry in entries] == [(second, "changed")]
    commands.run("queue", "resume", chat)
    commands.run("wait", chat)


def test_the_same_key_sends_once(commands: Commands, chat: str) -> None:
    first = say(commands, chat, "@text x", "--key", "k")
    assert say(commands, chat, "@text x", "--key", "k") == first
    reused = commands.run("send", chat, "other", "--key", "k", code=exits.FAILED)
    assert "key" in reused.err


def test_a_chat_is_put_away_taken_back_and_removed(commands: Commands, chat: str) -> None:
    commands.run("rename", chat, "new name")
    assert "new name" in commands.run("ls").out
    commands.run("archive", chat)
    assert chat not in commands.run("ls").out
    assert chat in commands.run("ls", "--archived").out
    commands.run("restore", chat)
    commands.run("delete", chat)
    assert commands.run("ls", "--json").json == []
    assert commands.run("show", chat, code=exits.NOT_FOUND).err


def test_a_reset_hides_what_was_said(commands: Commands, chat: str) -> None:
    say(commands, chat, "@text hello", "--wait")
    commands.run("reset", chat, "--hide")
    assert "hello" not in commands.run("history", chat).out
    assert "hello" in commands.run("history", chat, "--hidden").out


def test_a_restart_keeps_everything(commands: Commands, chat: str) -> None:
    before = commands.run("rpc", "daemon/status").json["instance"]
    say(commands, chat, "@hold door @text after")
    assert "The daemon runs" in commands.run("restart").out
    assert commands.run("rpc", "daemon/status").json["instance"] != before
    commands.run("stop", chat)


def test_waiting_goes_on_while_the_daemon_is_killed(
    commands: Commands, chat: str, home: Home
) -> None:
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(say, commands, chat, '@text "one " @hold door @text two', "--wait")
        home.gates.wait_held("door")
        commands.kill9_daemon()
        home.gates.release("door")
        assert waiting.result() == "one two\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["new", "/nowhere"], "/nowhere"),
        (["new", "/"], "--broad"),
        (["new", ".", " "], "nothing to send"),
        (["rpc", "chat/create", "{}"], "cwd"),
        (["rpc", "no/such"], "no such method"),
        (["rpc", "chat/list", "{"], "not JSON"),
    ],
)
def test_bad_input_is_explained(commands: Commands, arguments: list[str], said: str) -> None:
    ended = commands.run(*arguments, code=None)
    assert ended.code != 0
    assert said in ended.err
    assert ended.err.count("\n") == 1


def test_attach_in_a_pipe_prints_frames(commands: Commands, chat: str) -> None:
    say(commands, chat, "@text hello", "--wait")
    with commands.started("attach", chat, "--json") as attached:
        first = json.loads(attached.readline())
        assert first["snapshot"]["chat"]["id"] == chat
        commands.run("delete", chat)
        last = json.loads(attached.readlines()[-1])
        assert last["params"]["event"]["type"] == "chat/deleted"


def test_two_data_directories_are_two_worlds(
    commands: Commands, chat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "elsewhere"))
        patched.delenv("CLAUDETTED_RUNTIME_DIR")
        assert commands.run("status", code=exits.NO_DAEMON).err
