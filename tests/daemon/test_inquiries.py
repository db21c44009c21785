"""What an agent wants to know of a person: asked in the chat, answered once, gone with the turn."""

from typing import Any

import pytest

from tests.daemon.client import Json
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat

CHOICE = [{"id": "A", "label": "First"}, {"id": "B", "label": "Second"}]


async def asking(chat: Chat, puppets: Puppets, **inquiry: Any) -> tuple[Puppet, str, Json]:
    """A chat whose agent asks in mid-turn; its process, the turn and the question."""
    turn = await chat.send("hello")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.says("inquiry", inquiry="i1", title="Which one?", **inquiry)
    return puppet, turn, dict((await chat.event("question/opened"))["question"])


async def answered(chat: Chat, question: Json, value: str) -> Json:
    told = await chat.client.call("question/answer", questionId=question["id"], value=value)
    return dict(told["answer"])


async def test_the_answer_reaches_the_agent_whose_turn_waits(chat: Chat, puppets: Puppets) -> None:
    puppet, turn, question = await asking(chat, puppets, options=CHOICE)
    assert (question["kind"], question["options"]) == ("agent", CHOICE)
    status = await chat.status("waiting")
    assert "Which one?" in status["why"]
    waited = await chat.call("turn/wait", turnId=turn, orAsked=True)
    assert waited["asked"] == 1
    assert (await answered(chat, question, "B"))["label"] == "Second"
    told = await puppet.hears("inform")
    assert (told["inquiry"], told["value"]) == ("i1", "B")
    await puppet.ends_turn(turn)
    await chat.ended(turn)


async def test_several_answers_and_a_text_of_ones_own(chat: Chat, puppets: Puppets) -> None:
    puppet, _, question = await asking(chat, puppets, options=CHOICE, several=True, free=True)
    assert (await answered(chat, question, "A\nB"))["label"] == "First, Second"
    assert (await puppet.hears("inform"))["value"] == "A\nB"
    await puppet.says("inquiry", inquiry="i2", title="And now?", options=CHOICE, free=True)
    opened = await chat.event("question/opened", lambda e: e["question"]["title"] == "And now?")
    second = opened["question"]
    assert (await answered(chat, second, "neither"))["label"] == "neither"


async def test_what_is_no_answer_is_refused(chat: Chat, puppets: Puppets) -> None:
    _, _, question = await asking(chat, puppets, options=CHOICE)
    refused = await chat.client.refused(
        "question/answer", questionId=question["id"], value="neither"
    )
    assert refused.name == "InvalidParams"


@pytest.mark.usefixtures("ends_what_hangs")
async def test_a_question_goes_with_the_stop_of_its_turn(chat: Chat, puppets: Puppets) -> None:
    *_, question = await asking(chat, puppets)
    await chat.client.call("turn/stop", chatId=chat.id)
    resolved = await chat.event("question/resolved")
    assert (resolved["questionId"], resolved["answer"]["outcome"]) == (question["id"], "withdrawn")


async def test_the_agent_withdraws_its_question(chat: Chat, puppets: Puppets) -> None:
    puppet, *_ = await asking(chat, puppets)
    await puppet.says("inquiry.withdrawn", inquiry="i1")
    resolved = await chat.event("question/resolved")
    assert resolved["answer"]["why"] == "The agent withdrew it."


async def test_a_question_goes_with_its_agent(chat: Chat, puppets: Puppets) -> None:
    puppet, *_ = await asking(chat, puppets)
    await puppet.closes()
    resolved = await chat.event("question/resolved")
    assert resolved["answer"]["outcome"] == "withdrawn"


async def test_an_item_names_the_call_that_it_is_of(chat: Chat, puppets: Puppets) -> None:
    turn = await chat.send("hello")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    await puppet.says("item.open", item="t1", kind="tool", tool={"name": "Agent"})
    await puppet.says("item.open", item="m1", kind="message", parent="t1")
    await puppet.says("item.close", item="m1", text="from below")
    await puppet.says("item.close", item="t1")
    await puppet.ends_turn(turn)
    await chat.ended(turn)
    (message,) = await chat.items("message")
    (call,) = await chat.items("tool")
    assert message["parentId"] == call["id"]
