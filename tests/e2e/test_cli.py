"""The command line against a real daemon in its own process, with a scripted agent."""

import concurrent.futures
import json
from pathlib import Path

import pytest

from claudette_cli import exits
from claudetted.protocol import places
from tests.daemon.world import Home
from tests.support import pictures
from tests.support.commands import Commands

COMMAND = '@tool bash {"command": "echo out"} @then @text done'


pytestmark = pytest.mark.usefixtures("scripted_stage")


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


def say(commands: Commands, chat: str, text: str, *options: str, code: int = 0) -> str:
    return commands.run("send", chat, "-", *options, typed=text, code=code).out


def test_a_message_and_its_answer(commands: Commands, chat: str) -> None:
    assert say(commands, chat, "@think hm @text hello **you**", "--wait") == "hello **you**\n"
    assert commands.run("history", chat).out.split("\n\n")[1:] == ["∴ hm", "hello **you**", ""]


def test_a_question_is_asked_once_and_its_events_can_be_read(commands: Commands) -> None:
    asked = commands.run("-p", "--title", "sums", typed="@text two")
    assert asked.out == "two\n"
    assert commands.run("ask", "-c", typed="@fail no luck", code=exits.TURN_FAILED).out == ""
    lines = commands.run("ask", "--forget", "--json", "-", typed="@text three").out.splitlines()
    assert json.loads(lines[-1])["text"] == "three"
    assert [chat["title"] for chat in commands.run("ls", "--json").json] == ["sums"]
    commands.run("ask", "-c", "--timeout", "0.1", typed="@hold door", code=exits.TIMED_OUT)
    told = [json.loads(line) for line in commands.run("events").out.splitlines()]
    assert [event["seq"] for event in told] == list(range(1, len(told) + 1))
    later = commands.run("events", "--after", told[2]["cursor"]).out.splitlines()
    assert json.loads(later[0])["seq"] == 4
    assert commands.run("send", "-", "--wait", typed="@text four").out == "four\n"
    assert commands.run("queue").out == "No message waits.\n"


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
    unnamed = commands.run("approve", code=exits.USAGE).err
    assert f"\n  {asked['id']}  bash: echo out\n" in unnamed and "inbox" in unnamed
    assert "allowed once by you" in commands.run("approve", asked["id"]).out
    late = commands.run("deny", asked["id"], code=exits.GONE).err
    assert "already resolved: allow, by claudette/cli (pid " in late
    commands.run("deny", "nobody.a1", code=exits.NOT_FOUND)
    assert "Nothing waits" in commands.run("deny", code=exits.USAGE).err
    commands.run("wait", chat)
    assert commands.run("inbox").out == "No requests are waiting.\n"
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
    entries = commands.run("queue", "list", chat, "--json").json
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


def test_a_chat_is_moved(commands: Commands, chat: str, tmp_path: Path) -> None:
    place = tmp_path.resolve() / "now"
    place.mkdir()
    said = commands.run("move", chat, str(place)).out
    assert said == f"{chat} works in {place} from its next turn on.\n"
    assert commands.run("show", chat, "--json").json["workspace"] == str(place)
    assert "does not exist" in commands.run("move", chat, str(place / "no"), code=exits.FAILED).err


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
        (["new", ".", "--image", "gone.png"], "An image goes with a message"),
        (["new", ".", "look", "--image", "gone.png"], "gone.png cannot be read"),
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
    assert commands.run("ls").out.startswith("No chats.")


def test_a_new_chat_begins_with_images(commands: Commands, home: Home) -> None:
    Path(home.work, "shot.png").write_bytes(pictures.PNG)
    ended = commands.run("new", ".", "-", "--image", "shot.png", typed="@text seen")
    chat = ended.out.strip()
    commands.run("wait", chat)
    assert "shot.png" in commands.run("history", chat).out


def test_attach_in_a_pipe_prints_frames(commands: Commands, chat: str) -> None:
    say(commands, chat, "@text hello", "--wait")
    with commands.started("attach", chat, "--json") as attached:
        first = json.loads(attached.readline())
        assert first["snapshot"]["chat"]["id"] == chat
        commands.run("delete", chat)
        last = json.loads(attached.readlines()[-1])
        assert last["params"]["event"]["type"] == "chat/deleted"


def test_a_job_that_was_left_running_is_ended(commands: Commands, chat: str) -> None:
    call = json.dumps({"command": "sleep 7201 >/dev/null 2>&1 & sleep 7202 >/dev/null 2>&1 &"})
    commands.run("level", chat, "full")
    say(commands, chat, f"@tool bash {call} @then @text done", "--wait")
    first, second = commands.run("jobs", chat, "--json").json
    for wrong in (("jobs", "end"), ("jobs", "end", chat), ("jobs", "end", chat, "x")):
        assert "claudette jobs end CHAT PID" in commands.run(*wrong, code=exits.USAGE).err
    said = commands.run("jobs", "end", chat, str(first["pid"])).out
    assert said == f"Ended {first['pid']}: {first['command']}\n"
    missing = commands.run("jobs", "end", chat, str(first["pid"]), code=exits.NOT_FOUND).err
    assert f"The chat has no job {first['pid']}" in missing
    assert [row["pid"] for row in commands.run("jobs", "--json").json] == [second["pid"]]
    assert f"Ended {second['pid']}" in commands.run("jobs", "end", chat, "--all").out
    assert commands.run("jobs", "end", chat, "--all").out == "The chat has no jobs.\n"
    assert commands.run("jobs", chat).out == commands.run("jobs").out == "No jobs are running.\n"


def test_what_running_turns_keep_of_outputs_is_shown(commands: Commands, chat: str) -> None:
    kept = places.chat_dir(chat) / "tmp" / "pi-bash-1.log"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(b"x" * 30_000)
    told = commands.run("du", "--json").json
    assert told["outputs"] == 30_000 <= told["chats"]
    assert "outputs, of running turns' commands" in commands.run("du").out
