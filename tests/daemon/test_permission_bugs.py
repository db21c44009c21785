"""Bugs that an earlier program had with permissions and attention. The numbers are those of the
record of them; those of tools are in `tests/e2e/test_tool_bugs.py`."""

import io
import json
import re
from typing import Any

import pytest
import trio

from claudette_cli.rendering.cards import card
from claudette_cli.rendering.details import details
from claudette_cli.terminal.output import Terminal
from tests.daemon.calls import asked_once, bash, recorded, tool
from tests.daemon.conftest import NewChat
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.test_stops import MARGIN, PROMISED
from tests.daemon.world import Chat, Daemon, Home


async def playing(puppets: Puppets, chat: Chat) -> tuple[Puppet, str]:
    """The puppet that plays the chat's agent, and its turn."""
    turn = await chat.send("work")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    return puppet, turn


async def asks(puppet: Puppet, ask: str = "a1", item: str = "t1", command: str = "make") -> None:
    await puppet.says("item.open", item=item, kind="tool", tool={"name": "bash"})
    request = {"tool": "bash", "access": "run", "digest": command, "command": command, "cwd": "/"}
    await puppet.says("ask", ask=ask, item=item, request=request)


async def test_bug_02_full_asks_nothing_and_standard_asks_again(new_chat: NewChat) -> None:
    chat = await new_chat(level="full")
    await chat.turn(bash("touch one"))
    assert not chat.events("permission/opened")
    await chat.call("chat/configure", level="standard")
    turn, asked = await asked_once(chat, bash("touch two"))
    await chat.decide(asked, "deny")
    await chat.ended(turn)
    await chat.call("chat/configure", level="full")
    await chat.turn(bash("touch three"))
    assert len(chat.events("permission/opened")) == 1


async def test_bug_03_who_asks_goes_by_its_own_name(chat: Chat) -> None:
    turn, asked = await asked_once(chat, bash("touch one"))
    told = await chat.get()
    assert ("agent", "pi") in details(told)
    shown = [*card(asked, Terminal(io.StringIO())), json.dumps(told), json.dumps(asked)]
    assert not re.search("codex|claude", "\n".join(shown).replace(told["cwd"], ""), re.IGNORECASE)
    await chat.decide(asked, "deny")
    await chat.ended(turn)


async def test_bug_16_a_result_without_a_call_is_nobodys_trouble(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    info = {"name": "bash", "phase": "ended"}
    await puppet.says("item.close", item="t9", status="done", tool=info, text="from nowhere")
    await puppet.says("ask.withdrawn", ask="a9")
    await asks(puppet)
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    assert (await puppet.hears("decide"))["ask"] == "a1"
    await puppet.ends_turn(turn)
    assert (await chat.ended(turn))["reason"] == "done"


async def test_bug_49_who_is_told_of_a_request_can_answer_it_at_once(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    for number in range(20):
        await asks(puppet, f"a{number}", f"t{number}")
        opened = await chat.event(
            "permission/opened",
            lambda event, n=number: event["permission"]["id"].endswith(f".a{n}"),
        )
        await chat.decide(opened["permission"], "deny")
        assert (await puppet.hears("decide"))["ask"] == f"a{number}"
    await puppet.ends_turn(turn)
    await chat.ended(turn)


async def test_bug_49_a_message_is_no_answer(chat: Chat, home: Home) -> None:
    turn, asked = await asked_once(chat, f"{bash('touch one')} @then @text done")
    later = await chat.send("yes, allow it")
    assert [one["id"] for one in await chat.asked()] == [asked["id"]]
    await chat.decide(asked, "deny")
    assert (await chat.ended(turn))["reason"] == "done"
    await chat.ended(later)
    assert not (home.work / "one").exists()


async def test_bug_50_an_answered_request_is_not_asked_again(
    daemon: Daemon, puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    await asks(puppet)
    (asked,) = await chat.asked()
    await chat.decide(asked, "allow")
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    assert "permissions" not in await again.snapshot()
    assert (await puppet.hears("decide"))["allow"] is True
    await puppet.ends_turn(turn)
    await again.ended(turn)
    assert not again.events("permission/opened")
    assert len(await recorded(again.client)) == 1
    assert [line["type"] for line in puppet.heard].count("decide") == 1


async def test_bug_51_every_kind_of_turn_can_ask(home: Home, chat: Chat) -> None:
    async def decides(turn: str, name: str) -> None:
        opened = await chat.event(
            "permission/opened",
            lambda event: event["permission"]["request"]["command"] == f"touch {name}",
        )
        assert opened["permission"]["turnId"] == turn
        await chat.decide(opened["permission"], "allow")
        assert (await chat.ended(turn))["reason"] in ("done", "failed")
        assert (home.work / name).exists()

    first = await chat.send(f"@hold door {bash('touch sent')} @then @fail It broke.")
    await home.gates.held("door")
    steered = await chat.send(f"@then {bash('touch queued')}")
    home.gates.release("door")
    await decides(first, "sent")
    known = len(chat.events("permission/opened"))
    (home.work / "sent").unlink()
    retried = (await chat.call("turn/retry"))["turnId"]
    await chat.client.until(lambda: len(chat.events("permission/opened")) > known)
    asked = chat.events("permission/opened")[-1]["permission"]
    assert asked["turnId"] == retried
    await chat.decide(asked, "allow")
    assert (await chat.ended(retried))["reason"] == "failed"
    await chat.call("queue/resume")
    await decides(steered, "queued")
    await chat.call("chat/compact")
    await chat.event("compaction/ended")
    await decides(await chat.send(bash("touch compacted")), "compacted")


ACCESSES = ("read", "list", "search", "write", "edit", "run", "fetch", "unknown")


async def test_bug_55_full_answers_every_kind_of_request(
    puppets: Puppets, new_chat: NewChat
) -> None:
    chat = await new_chat(level="full")
    puppet, turn = await playing(puppets, chat)
    for access in ACCESSES:
        await puppet.says("item.open", item=f"t-{access}", kind="tool", tool={"name": "x"})
        request: dict[str, Any] = {"tool": "x", "access": access, "digest": access}
        await puppet.says("ask", ask=f"a-{access}", item=f"t-{access}", request=request)
        answer = await puppet.hears("decide")
        assert (answer["ask"], answer["allow"]) == (f"a-{access}", True)
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    assert not chat.events("permission/opened")


async def test_bug_62_two_chats_may_use_the_same_names(puppets: Puppets, new_chat: NewChat) -> None:
    chats = [await new_chat() for _ in range(2)]
    played = [await playing(puppets, chat) for chat in chats]
    for puppet, _turn in played:
        await asks(puppet)
    requests = [(await chat.asked())[0] for chat in chats]
    assert len({one["id"] for one in requests}) == 2
    await chats[0].decide(requests[0], "allow")
    await chats[1].decide(requests[1], "deny")
    assert [(await puppet.hears("decide"))["allow"] for puppet, _turn in played] == [True, False]
    for chat, (puppet, turn) in zip(chats, played, strict=True):
        await puppet.ends_turn(turn)
        await chat.ended(turn)


async def test_bug_65_a_snapshot_has_what_waits(daemon: Daemon, chat: Chat) -> None:
    turn = await chat.send(f"{bash('touch one')} {bash('touch two')}")
    asked = await chat.asked(2)
    late = await Chat(await daemon.client(), chat.made).snapshot()
    assert late["permissions"] == asked
    tools = [item["tool"] for item in late["open"] if item["kind"] == "tool"]
    assert [one["phase"] for one in tools] == ["asking", "asking"]
    assert {one["permissionId"] for one in tools} == {one["id"] for one in asked}
    await chat.call("turn/stop")
    await chat.ended(turn)


async def test_latent_L17_a_request_after_the_stop_waits_for_nobody(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    stopping = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    await asks(puppet)
    decision = await puppet.hears("decide")
    assert decision["allow"] is False
    await puppet.answers(abort)
    await puppet.ends_turn(turn, "stopped")
    await chat.client.result_of(stopping)
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert not chat.events("permission/opened")


@pytest.mark.usefixtures("ends_what_hangs")
async def test_latent_L17_an_agent_that_does_not_stop_is_ended_with_what_it_asks(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    await asks(puppet)
    await chat.asked()
    before = trio.current_time()
    await chat.call("turn/stop")
    assert (await chat.ended(turn))["reason"] == "stopped"
    assert trio.current_time() - before < PROMISED + MARGIN
    assert "permissions" not in await chat.client.call("permission/list")
    assert [line["type"] for line in puppet.heard].count("decide") == 0


async def test_latent_L23_a_stop_is_no_denial_that_the_model_could_act_on(
    puppets: Puppets, chat: Chat
) -> None:
    puppet, turn = await playing(puppets, chat)
    await asks(puppet)
    await chat.asked()
    stopping = await chat.client.post("turn/stop", chatId=chat.id)
    abort = await puppet.hears("abort")
    assert "decide" not in [line["type"] for line in puppet.heard]
    resolved = await chat.event("permission/resolved")
    assert resolved["resolution"]["by"].startswith("anonymous/other")
    await puppet.says("ask.withdrawn", ask="a1")
    await puppet.answers(abort)
    await puppet.ends_turn(turn, "stopped")
    await chat.client.result_of(stopping)
    await chat.ended(turn)
    outcomes = [event["resolution"]["outcome"] for event in chat.events("permission/resolved")]
    assert outcomes == ["withdrawn"]
    assert "decide" not in [line["type"] for line in puppet.heard]


@pytest.mark.parametrize("ending", ["archive", "delete", "reset"])
async def test_what_ends_a_chats_agent_leaves_no_request_open(
    chat: Chat, home: Home, ending: str
) -> None:
    await chat.send(f"{bash('touch one')} {tool('write', path='two', content='')}")
    await chat.asked(2)
    await chat.call(f"chat/{ending}")
    await chat.client.until(lambda: len(chat.events("permission/resolved")) == 2)
    assert "permissions" not in await chat.client.call("permission/list")
    assert list(home.work.iterdir()) == []
