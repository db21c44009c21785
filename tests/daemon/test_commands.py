"""Slash commands: carried out by the daemon for every client, once, and told to all."""

from typing import Any

import pytest

from tests.daemon.client import Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk


async def commanded(chat: Chat, text: str, **params: Any) -> Json:
    """The answer to a command that begins no turn."""
    told = dict(await chat.call("turn/send", text=text, **params))
    assert (told["state"], told["turnId"]) == ("command", None)
    return told


async def told(chat: Chat) -> list[tuple[str, str]]:
    """What was typed and what was answered, as everybody sees it."""
    items = await chat.items("notice")
    return [(item["command"], item["text"]) for item in items if item["notice"] == "command"]


async def prompts(chat: Chat) -> list[str]:
    return [item["text"] for item in await chat.items("user")]


async def test_a_command_is_answered_and_shown_to_every_client(chat: Chat, daemon: Daemon) -> None:
    other = Chat(await daemon.client(), chat.made)
    await other.call("event/subscribe")
    answer = await commanded(chat, "/permissions  full ")
    assert answer["command"] == "/permissions"
    assert answer["text"].startswith("The permission level is full from now on")
    assert (await chat.get())["level"] == "full"
    added = await other.event("item/added")
    assert added["item"]["command"] == "/permissions  full"
    assert added["item"]["text"] == answer["text"]
    assert await prompts(chat) == []
    assert chat.events("turn/started") == []


async def test_what_is_typed_is_no_prompt_and_literally_it_is(chat: Chat) -> None:
    await commanded(chat, "/usage")
    turn = await chat.call("turn/send", text="/usage", literal=True)
    assert (await chat.ended(turn["turnId"]))["reason"] == "done"
    assert await prompts(chat) == ["/usage"]


@pytest.mark.parametrize(
    "text",
    [
        "/usr/bin/foo is broken",
        "/tmp is full",
        "/Users/me/x",
        "/ is a slash",
        "//comment",
        "a /stop in between",
        " /stop after a blank",
        "/2 is a half",
    ],
)
async def test_a_path_is_a_message_like_any_other(chat: Chat, text: str) -> None:
    await chat.turn(text)
    assert await prompts(chat) == [text]


async def test_a_template_of_the_agent_begins_a_turn_and_is_expanded_there(
    chat: Chat, puppets: Puppets
) -> None:
    number = await chat.client.post("turn/send", chatId=chat.id, text="/review a.py")
    control = await puppets.next()
    await control.greets()
    asked = await control.hears("commands")
    assert asked["cwd"] == chat.made["workspace"]
    await control.answers(asked, {"commands": [{"name": "review", "about": "Reviews."}]})
    assert (await chat.client.result_of(number))["state"] == "running"
    agent = await puppets.next()
    await agent.starts()
    prompt = await agent.takes_prompt()
    assert (prompt["text"], prompt["expand"]) == ("/review a.py", True)
    waits = await chat.client.post("turn/send", chatId=chat.id, text="/review b.py", when="steer")
    await control.answers(
        await control.hears("commands"), {"commands": [{"name": "review", "about": "Reviews."}]}
    )
    assert (await chat.client.result_of(waits))["state"] == "queued"
    await agent.ends_turn(prompt["turn"])
    later = await agent.takes_prompt()
    assert (later["text"], later["expand"]) == ("/review b.py", True)
    await agent.ends_turn(later["turn"], "failed", error="no")
    await chat.ended(later["turn"])
    again = await chat.call("turn/retry")
    assert (await agent.takes_prompt())["expand"] is True
    await agent.ends_turn(again["turnId"])
    assert await prompts(chat) == ["/review a.py", "/review b.py", "/review b.py"]


async def test_a_chat_lists_ours_and_the_agents_commands(chat: Chat) -> None:
    await chat.client.call("model/refresh")
    told = await chat.call("command/list")
    commands = {command["name"]: command for command in told["commands"]}
    assert commands["/model"]["completions"] == ["fake/small", "fake/large", "fake/thinker"]
    assert commands["/permissions"]["completions"] == ["readonly", "standard", "confined", "full"]
    assert {"/login", "/compact", "/clear", "/stop", "/usage", "/help"} <= set(commands)
    assert commands["/skill:rig"]["source"] == "agent"
    assert commands["/review"]["arguments"] == "<file>"


async def test_the_list_does_without_an_agent_and_says_so(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", "/nowhere")
    told = await chat.call("command/list")
    assert "/nowhere" in told["trouble"]
    assert {command.get("source", "daemon") for command in told["commands"]} == {"daemon"}
    assert "/nowhere" in (await commanded(chat, "/help"))["text"]


async def test_help_names_every_command(chat: Chat) -> None:
    listed = [command["name"] for command in (await chat.call("command/list"))["commands"]]
    text = (await commanded(chat, "/help"))["text"]
    assert [line.split()[0] for line in text.split("\n")] == listed


async def test_a_command_that_is_sent_again_with_its_key_happens_once(chat: Chat) -> None:
    first = await commanded(chat, "/title Ships", key="k")
    assert await commanded(chat, "/title Ships", key="k") == first
    assert len(await told(chat)) == 1


async def test_the_model_is_shown_and_changed_by_any_name_it_has(chat: Chat) -> None:
    await chat.client.call("model/refresh")
    assert "fake/thinker" in (await commanded(chat, "/model"))["text"]
    for name in ("pi/fake/large", "fake/large", "FAKE/Large", "large"):
        await chat.call("chat/configure", model="fake/small")
        await commanded(chat, f"/model {name}")
        assert (await chat.get())["model"] == "fake/large"
    assert "already" in (await commanded(chat, "/model large"))["text"]
    assert "• fake/large" in (await commanded(chat, "/model"))["text"]


async def test_configuring_and_creating_understand_the_same_names(
    chat: Chat, new_chat: NewChat
) -> None:
    await chat.client.call("model/refresh")
    assert (await new_chat(model="pi/fake/large")).made["model"] == "fake/large"
    told = await chat.call("chat/configure", model="thinker")
    assert told["chat"]["model"] == "fake/thinker"
    setting = await chat.client.call("setting/set", key="default_model", value="pi/fake/small")
    assert setting["setting"]["value"] == "fake/small"


async def test_the_level_changes_at_once_while_a_turn_runs(home: Home, chat: Chat) -> None:
    turn = await chat.send("@hold door @text done")
    await home.gates.held("door")
    await commanded(chat, "/permissions readonly")
    assert (await chat.get())["level"] == "readonly"
    assert "readonly" in (await commanded(chat, "/level"))["text"]
    home.gates.release("door")
    assert (await chat.ended(turn))["reason"] == "done"


async def test_a_stop_acts_at_once_and_the_transcript_says_so(home: Home, chat: Chat) -> None:
    turn = await chat.send("@hold door")
    await home.gates.held("door")
    assert (await commanded(chat, "/stop"))["text"] == "Stopping."
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert [notice for notice, _ in await chat.notices()] == ["stopped"]
    assert (await commanded(chat, "/stop"))["text"] == "Nothing is running."
    assert await told(chat) == [("/stop", "Nothing is running.")]


async def test_a_stop_acts_on_a_full_disk(home: Home, chat: Chat) -> None:
    turn = await chat.send("@hold door")
    await chat.event("turn/started")
    await home.gates.held("door")
    with full_disk():
        assert (await commanded(chat, "/stop", key="k"))["text"] == "Stopping."
    assert (await chat.ended(turn))["reason"] == "stopped"


async def test_bug_42_compact_is_no_prompt_and_wakes_an_agent_that_is_gone(
    home: Home, chat: Chat, puppets: Puppets
) -> None:
    turn = await chat.send("one")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    await puppet.closes()
    await chat.event("sidecar/lost")
    assert (await commanded(chat, "/compact the plan"))["text"] == "Compacting."
    woken = await puppets.next()
    await woken.starts()
    assert (await woken.hears("compact"))["instructions"] == "the plan"
    assert [line["type"] for line in woken.heard] == ["start", "compact"]
    assert await prompts(chat) == ["one"]


async def test_compact_waits_for_the_turns_end(home: Home, chat: Chat) -> None:
    await chat.turn("@text one")
    running = await chat.send("@hold door @text two")
    await home.gates.held("door")
    assert "when the turn ends" in (await commanded(chat, "/compact"))["text"]
    assert not chat.events("compaction/started")
    home.gates.release("door")
    assert (await chat.ended(running))["reason"] == "done"
    await chat.event("compaction/ended")


async def test_clear_hides_what_was_said_and_reset_keeps_it(chat: Chat) -> None:
    await chat.turn("@text one")
    await commanded(chat, "/reset")
    await chat.event("chat/reset")
    assert await chat.texts() == ["one"]
    await chat.turn("@text two")
    await commanded(chat, "/clear")
    await chat.event("chat/reset", lambda event: event.get("hidden"))
    assert await chat.texts() == []
    assert [notice for notice, _ in await chat.notices()] == ["reset"]
    turn = await chat.turn("@echo-history")
    assert turn["reason"] == "done"
    assert "two" not in "".join(await chat.texts())


async def test_usage_tells_the_totals(chat: Chat) -> None:
    await chat.turn("@text one @usage 1200 7")
    text = (await commanded(chat, "/usage"))["text"]
    assert "1 200 tokens in, 7 out" in text
    assert "of 40 000 tokens" in text


async def test_steer_retry_resume_title_and_thinking(home: Home, chat: Chat) -> None:
    running = await chat.send("@hold door @text one @then @text two")
    await home.gates.held("door")
    steered = await chat.call("turn/send", text="/steer @text left")
    assert steered["state"] == "steering"
    queued = await chat.send("@text queued")
    await commanded(chat, "/stop")
    await chat.ended(running)
    assert "was resumed" in (await commanded(chat, "/resume"))["text"]
    assert (await chat.ended(queued))["reason"] == "done"
    failed = await chat.turn("@fail It broke.")
    assert failed["reason"] == "failed"
    again = await chat.call("turn/send", text="/retry")
    assert (await chat.ended(again["turnId"]))["reason"] == "failed"
    await commanded(chat, "/title Ships")
    await commanded(chat, "/thinking high")
    got = await chat.get()
    assert (got["title"], got["thinking"]) == ("Ships", "high")
    assert (await commanded(chat, "/thinking"))["text"] == "Thinking is high."


@pytest.mark.parametrize(
    ("text", "hint"),
    [("/permissions root", "root"), ("/title", "needs"), ("/thinking hard", "hard")],
)
async def test_an_argument_that_cannot_be_is_refused_and_nothing_is_told(
    chat: Chat, text: str, hint: str
) -> None:
    refused = await chat.refused("turn/send", text=text)
    assert refused.name == "InvalidParams"
    assert hint in refused.message
    assert await chat.items() == []


async def test_a_command_in_a_chat_of_an_agent_is_not_for_the_agent_itself(chat: Chat) -> None:
    """A text that reaches the model and comes back as a message of its own is no command."""
    await chat.turn("@text /permissions full")
    assert (await chat.get())["level"] == "standard"


async def test_command_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("command/list", chatId="nobody")).name == "ChatNotFound"


async def test_turn_send_CommandUnknown(chat: Chat) -> None:
    refused = await chat.refused("turn/send", text="/modle fake/large")
    assert (refused.name, refused.data["command"]) == ("CommandUnknown", "/modle")
    assert refused.data["nearest"][0] == "/model"
    assert (await chat.refused("turn/send", text="/reviw a.py")).data["nearest"] == ["/review"]
    assert await chat.items() == []


async def test_turn_send_ModelUnknown(chat: Chat) -> None:
    await chat.client.call("model/refresh")
    refused = await chat.refused("turn/send", text="/model pi/fake/smal")
    assert (refused.name, refused.data["nearest"][0]) == ("ModelUnknown", "fake/small")
    assert (await chat.get()).get("model") is None


async def test_turn_send_NothingToCompact(chat: Chat) -> None:
    assert (await chat.refused("turn/send", text="/compact")).name == "NothingToCompact"


async def test_turn_send_NothingToRetry(chat: Chat) -> None:
    assert (await chat.refused("turn/send", text="/retry")).name == "NothingToRetry"


async def test_turn_send_ChatBusy(home: Home, chat: Chat) -> None:
    await chat.send("@hold door")
    await home.gates.held("door")
    assert (await chat.refused("turn/send", text="/retry")).name == "ChatBusy"


async def test_turn_send_HarnessMissing(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", "/nowhere")
    assert (await chat.refused("turn/send", text="/login")).name == "HarnessMissing"
    refused = await chat.refused("turn/send", text="hello")
    assert (refused.name, refused.data["harness"]) == ("HarnessMissing", "pi")
    assert await chat.items() == []


async def test_turn_send_HarnessFailed(chat: Chat, home: Home) -> None:
    home.set_sidecar(FAKE_DIE_AT_START="3")
    assert (await chat.refused("turn/send", text="/login")).name == "HarnessFailed"
