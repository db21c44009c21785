"""Agents of the user's own, which speak the Agent Client Protocol: added, used, tested, removed."""

import json
import os
from typing import Any

import pytest

from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.world import Chat, Daemon, Home, full_disk
from tests.fakes.launcher import acp_agent

NAME = "scripted"


class Adding:
    """Adds the scripted agent, as it is wanted."""

    def __init__(self, client: Client, home: Home, new_chat: NewChat) -> None:
        self.client = client
        self.home = home
        self._new_chat = new_chat

    async def add(self, like: str = "", **options: Any) -> Json:
        self.be(**options)
        command = [os.fspath(self.home.root / "agent")]
        added = await self.client.call("harness/add", name=NAME, command=command, like=like)
        return dict(added["harness"])

    def be(self, **options: Any) -> None:
        """What the next process of it is like."""
        acp_agent(self.home.root / "agent", self.home.gates.path, **options)

    async def chat(self, like: str = "", level: str = "standard", **options: Any) -> Chat:
        await self.add(like, **options)
        return await self._new_chat(harness=NAME, level=level)

    async def tested(self) -> Json:
        return dict(await self.client.call("harness/test", name=NAME))


@pytest.fixture
def adding(client: Client, home: Home, new_chat: NewChat) -> Adding:
    return Adding(client, home, new_chat)


def run(command: str) -> str:
    return f"@tool bash {json.dumps({'command': command})}"


async def test_an_agent_that_was_added_is_listed_and_chosen(adding: Adding) -> None:
    await adding.add()
    rows = (await adding.client.call("harness/list"))["harnesses"]
    row = {one["id"]: one for one in rows}[NAME]
    assert row["command"] == [os.fspath(adding.home.root / "agent")]
    assert (row["capabilities"]["sealed"], "missing" in row) == ("call", False)
    chat = await adding.chat()
    assert (chat.made["harness"], chat.made["backend"]) == (NAME, "agent")
    turn = await chat.turn("@think well @text Hello there. @usage 120 7")
    assert (turn["reason"], turn["usage"]) == ("done", {"input": 120, "output": 7})
    assert (await chat.texts(), await chat.texts("reasoning")) == (["Hello there."], ["well"])
    shown = await chat.get()
    assert (shown["modelUsed"], shown["context"]["window"]) == ("fake/small", 40_000)
    assert (await chat.snapshot())["sidecar"]["agentVersion"] == "1.0"


async def test_it_is_there_after_a_restart_of_the_daemon(adding: Adding, daemon: Daemon) -> None:
    chat = await adding.chat()
    await chat.turn("Remember the number 7.")
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    await again.turn("@echo-history")
    assert "Remember the number 7." in (await again.texts())[-1]


async def test_its_calls_ask_the_engine_also_where_it_begins_unasking(adding: Adding) -> None:
    chat = await adding.chat(mode="auto")
    turn = await chat.send(f"{run('echo done > made')} @then @text ok")
    [asked] = await chat.asked()
    assert (asked["request"]["tool"], asked["request"]["command"]) == ("bash", "echo done > made")
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert (adding.home.work / "made").read_text() == "done\n"
    [call] = await chat.items("tool")
    assert (call["status"], call["tool"]["exitCode"]) == ("done", 0)


async def test_what_is_denied_does_not_run_and_the_reason_comes_with_the_next_prompt(
    adding: Adding,
) -> None:
    chat = await adding.chat()
    turn = await chat.send(run("touch made"))
    [asked] = await chat.asked()
    await chat.decide(asked, "deny", reason="Use the makefile.")
    assert (await chat.ended(turn))["reason"] == "done"
    assert not (adding.home.work / "made").exists()
    [call] = await chat.items("tool")
    assert call["tool"]["error"] == "The call was denied. Use the makefile."
    await chat.turn("@echo-history")
    assert "Use the makefile." in (await chat.texts())[-1]


async def test_a_rule_of_the_users_holds_for_its_calls(adding: Adding) -> None:
    chat = await adding.chat(level="full")
    await adding.client.call("rule/add", text="deny bash command touch", scope="user")
    turn = await chat.turn(run("touch made"))
    assert turn["reason"] == "done"
    assert not (adding.home.work / "made").exists()


async def test_what_could_only_run_held_asks_a_person(adding: Adding) -> None:
    """The settings that make git harmless cannot be given to a command that the agent runs."""
    chat = await adding.chat()
    await adding.client.call("rule/add", text="allow bash command git status", scope="user")
    await chat.send(run("git status"))
    [asked] = await chat.asked()
    assert "settings that this agent cannot give" in asked["why"]
    assert await chat.call("turn/stop")


async def test_reading_inside_the_workspace_runs_and_the_rest_asks(adding: Adding) -> None:
    (adding.home.work / "a.txt").write_text("inside\n")
    chat = await adding.chat()
    await chat.turn('@tool read {"path": "a.txt"}')
    [call] = await chat.items("tool")
    assert call["text"] == "inside\n"
    await chat.send('@tool read {"path": "/etc/hostname"}')
    [asked] = await chat.asked()
    assert asked["request"]["paths"] == ["/etc/hostname"]
    await chat.call("turn/stop")


async def test_a_change_is_shown_as_a_diff_of_the_file(adding: Adding) -> None:
    path = adding.home.work / "a.txt"
    path.write_text("one\ntwo\nthree\n")
    chat = await adding.chat()
    edits = [{"oldText": "two", "newText": "2"}]
    turn = await chat.send(f"@tool edit {json.dumps({'path': 'a.txt', 'edits': edits})}")
    [asked] = await chat.asked()
    assert (asked["request"]["access"], asked["request"]["paths"]) == ("edit", [os.fspath(path)])
    assert "-two\n+2\n three\n" in asked["request"]["diff"]
    await chat.decide(asked, "allow")
    await chat.ended(turn)
    assert path.read_text() == "one\n2\nthree\n"


async def test_a_turn_in_which_it_acts_unasked_is_stopped(adding: Adding) -> None:
    chat = await adding.chat()
    turn = await chat.turn("@unasked touch made @hold never @text never")
    assert turn["reason"] == "failed"
    assert "did “touch made” without asking first" in turn["error"]
    full = await adding.chat(level="full")
    assert (await full.turn("@unasked touch made @text ok"))["reason"] == "done"


async def test_an_agent_that_leaves_its_mode_is_set_back(adding: Adding) -> None:
    chat = await adding.chat()
    turn = await chat.send(f"@mode auto @hold door @then {run('touch made')}")
    await chat.event("item/added", lambda event: event["item"].get("notice") == "info")
    adding.home.gates.release("door")
    assert await chat.asked()
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"


async def test_a_stop_ends_its_command_with_all_that_it_started(adding: Adding) -> None:
    chat = await adding.chat(waits=True)
    turn = await chat.send(run("echo here; sleep 1000 & sleep 1000"))
    [asked] = await chat.asked()
    await chat.decide(asked, "allow")
    await chat.event("item/changed", lambda event: event["item"]["tool"]["phase"] == "running")
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    await chat.turn("@text next")
    assert not [words for words in adding.home.processes() if "sleep" in words]


async def test_a_stop_while_it_asks_answers_an_agent_that_waits_for_it(adding: Adding) -> None:
    chat = await adding.chat(waits=True)
    turn = await chat.send(run("touch made"))
    await chat.asked()
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert not (adding.home.work / "made").exists()


@pytest.mark.parametrize("options", [{}, {"late": True}, {"resume": True}], ids=str)
async def test_a_session_goes_on_after_its_death_and_nothing_is_said_twice(
    adding: Adding, options: Json
) -> None:
    chat = await adding.chat(**options)
    await chat.turn("@text The number is 7.")
    lost = await chat.turn("@text before @die 3")
    assert lost["reason"] == "lost"
    await chat.turn("@echo-history")
    texts = await chat.texts()
    assert texts[:2] == ["The number is 7.", "before"]
    assert len(texts) == 3
    assert "The number is 7." in texts[2]


async def test_a_session_that_it_does_not_take_up_is_told(adding: Adding) -> None:
    chat = await adding.chat(load=False)
    await chat.turn("@text hello")
    await chat.turn("@die 3")
    turn = await chat.turn("@text again")
    assert turn["reason"] == "failed"
    assert "cannot take up a session again" in turn["error"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"die": 3},
            "ended while it started (exit code 3): Error: the scripted agent has no heart",
        ),
        ({"version": 2}, "speaks version 2 of the Agent Client Protocol"),
        ({"auth": True}, "is not signed in"),
        ({"mode": "auto", "forget": True}, "did not take the mode ask"),
    ],
    ids=["dies", "another version", "signed out", "keeps its mode"],
)
async def test_an_agent_that_cannot_begin_says_why_in_one_sentence(
    adding: Adding, options: Json, sentence: str
) -> None:
    chat = await adding.chat(**options)
    turn = await chat.turn("hello")
    assert turn["reason"] == "failed"
    assert sentence in turn["error"] and "\n" not in turn["error"]
    adding.be()
    assert (await chat.turn("@text better"))["reason"] == "done"


async def test_a_sign_in_that_ends_in_mid_turn_is_told_with_what_helps(adding: Adding) -> None:
    chat = await adding.chat()
    turn = await chat.send('@tool bash {"command": "echo hi"} @then @signed-out Log in first')
    [asked] = await chat.asked()
    await chat.decide(asked, "allow")
    ended = await chat.ended(turn)
    told = f"{NAME} is not signed in (Log in first). It offers: Run `agent login`; then /retry."
    assert (ended["reason"], ended["error"]) == ("failed", told)
    assert [text for _, text in await chat.notices()].count(told) == 1
    assert (await chat.turn("@text fine"))["reason"] == "done"
    assert (await chat.texts())[-1] == "fine"


async def test_an_agent_that_begins_with_garbage_works(adding: Adding) -> None:
    chat = await adding.chat(garbage=True)
    turn = await chat.turn("@raw {]]] @text fine")
    assert (turn["reason"], await chat.texts()) == ("done", ["fine"])


async def test_an_unknown_model_is_refused_with_the_nearest(adding: Adding) -> None:
    await adding.add()
    refused = await adding.client.refused(
        "chat/create", cwd=str(adding.home.work), harness=NAME, model="fake/smal"
    )
    assert (refused.name, refused.data["nearest"][0]) == ("ModelUnknown", "fake/small")
    made = await adding.client.call(
        "chat/create", cwd=str(adding.home.work), harness=NAME, model="fake/large"
    )
    assert made["chat"]["modelUsed"] == "fake/large"


async def test_its_own_commands_are_offered_and_carried_out(adding: Adding) -> None:
    chat = await adding.chat(commands=["review"])
    await chat.turn("@text hello")
    listed = (await chat.call("command/list"))["commands"]
    assert "/review" in [row["name"] for row in listed if row.get("source") == "agent"]
    await chat.turn("/review all of it")
    assert (await chat.texts())[-1] == "You said: /review all of it"
    await chat.turn("/review is a word", literal=True)
    assert (await chat.texts())[-1] == "You said:  /review is a word"


async def test_an_agent_that_cannot_ask_runs_at_full_only(adding: Adding) -> None:
    row = await adding.add("pi-acp", modes=False)
    assert (row["capabilities"]["asks"], row["capabilities"]["sealed"]) == (False, "none")
    refused = await adding.client.refused(
        "chat/create", cwd=str(adding.home.work), harness=NAME, level="standard"
    )
    assert (refused.name, refused.data["capability"]) == ("NotSupported", "asks")
    assert "full only" in refused.message
    chat = await adding.chat("pi-acp", "full", modes=False)
    assert (await chat.turn("@unasked touch made @text ok"))["reason"] == "done"
    lower = await chat.refused("chat/configure", level="standard")
    assert (lower.name, lower.data["capability"]) == ("NotSupported", "asks")


async def test_one_that_turns_out_to_be_another_must_be_added_as_that(adding: Adding) -> None:
    await adding.add(name="OpenCode")
    told = await adding.tested()
    assert not told["ok"]
    assert "--like opencode" in told["message"]


async def test_a_test_tells_what_it_is_and_leaves_nothing(adding: Adding) -> None:
    await adding.add(mode="auto")
    told = await adding.tested()
    assert told["ok"]
    assert (told["callsItself"], told["version"]) == ("scripted", "1.0")
    assert (told["modes"], told["mode"]) == (["Ask first", "Auto", "Plan"], "ask")
    assert told["models"] == ["fake/small", "fake/large"]
    assert not [words for words in adding.home.processes() if "fakes/acp_agent" in words]


async def test_a_test_tells_how_to_sign_in(adding: Adding) -> None:
    await adding.add("vibe", auth=True)
    told = await adding.tested()
    assert (told["ok"], told["signedIn"]) == (False, False)
    assert "vibe --setup" in told["message"]


async def test_a_program_that_is_not_there_is_told(adding: Adding, home: Home) -> None:
    await adding.client.call("harness/add", name="opencode", command=["no-opencode", "acp"])
    refused = await adding.client.refused("chat/create", cwd=str(home.work), harness="opencode")
    assert refused.name == "HarnessMissing"
    assert "no-opencode, which is not on the PATH" in refused.message


async def test_an_agent_that_is_removed_takes_its_chats_along(adding: Adding) -> None:
    chat = await adding.chat()
    await chat.turn("@text hello")
    removed = await adding.client.call("harness/remove", name=NAME)
    assert removed["chats"] == [chat.id]
    assert await chat.texts() == ["hello"]
    await chat.call("chat/reset")
    refused = await chat.refused("turn/send", text="hello")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", NAME)


async def test_a_name_of_our_own_is_not_given_away(adding: Adding, client: Client) -> None:
    for method, params in (
        ("harness/add", {"name": "pi", "command": ["x"]}),
        ("setting/set", {"key": "agents", "value": {"claude": {"command": ["x"]}}}),
        ("harness/add", {"name": "Not A Name", "command": ["x"]}),
        ("harness/add", {"name": "fine", "command": ["x"], "like": "nobody"}),
    ):
        refused = await client.refused(method, **params)
        assert refused.name == "InvalidParams"


async def test_harness_add_StoreFull(client: Client) -> None:
    with full_disk():
        refused = await client.refused("harness/add", name=NAME, command=["x"])
    assert refused.name == "StoreFull"


async def test_harness_remove_StoreFull(adding: Adding) -> None:
    await adding.add()
    with full_disk():
        refused = await adding.client.refused("harness/remove", name=NAME)
    assert refused.name == "StoreFull"


async def test_harness_remove_HarnessMissing(client: Client) -> None:
    refused = await client.refused("harness/remove", name="nobody")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "nobody")


async def test_harness_test_HarnessMissing(client: Client) -> None:
    for name in ("pi", "nobody"):
        refused = await client.refused("harness/test", name=name)
        assert (refused.name, refused.data["harness"]) == ("HarnessMissing", name)


async def test_what_it_keeps_is_listed_and_goes_with_the_chat_where_it_can_remove_it(
    adding: Adding,
) -> None:
    chat = await adding.chat(delete=True)
    await chat.turn("@text hi")
    [session] = (await chat.call("chat/traces"))["sessions"]
    [place] = adding.home.root.rglob(session)
    assert await chat.call("chat/erase") == {}
    assert not place.exists()


async def test_what_it_cannot_remove_is_told(adding: Adding) -> None:
    chat = await adding.chat()
    await chat.turn("@text hi")
    [session] = (await chat.call("chat/traces"))["sessions"]
    left = await chat.call("chat/erase")
    assert left["kept"] == [session]
    assert left["problem"] == "scripted has no way to remove a session from its history."
    [place] = adding.home.root.rglob(session)
    assert place.exists()
