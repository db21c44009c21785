"""Questions: asked in a chat, shown to all, answered once; and the trust that is asked for."""

from typing import Any

import pytest
import trio

from tests.daemon.client import PATIENCE, Client, Json
from tests.daemon.conftest import NewChat
from tests.daemon.mirror import Mirror
from tests.daemon.puppet import Puppet, Puppets
from tests.daemon.world import Chat, Daemon, Home, full_disk

FOUND = [".pi/SYSTEM.md", ".pi/prompts"]


async def begun(chat: Chat, puppets: Puppets, found: list[str] = FOUND) -> tuple[Puppet, Json]:
    """A chat whose agent has found something in the project; its process and its `start`."""
    await chat.send("hello")
    puppet = await puppets.next()
    start = await puppet.starts(resources=found)
    prompt = await puppet.takes_prompt()
    await puppet.ends_turn(prompt["turn"])
    await chat.ended(prompt["turn"])
    return puppet, start


async def asked(chat: Chat) -> Json:
    """The one open question of a chat, as it was told."""
    return dict((await chat.event("question/opened"))["question"])


async def listed(client: Client, **params: Any) -> list[Json]:
    return list((await client.call("question/list", **params)).get("questions", []))


async def answered(client: Client, question: Json, value: str, **params: Any) -> Json:
    told = await client.call("question/answer", questionId=question["id"], value=value, **params)
    return dict(told["answer"])


async def test_a_project_with_instructions_is_asked_about_and_nothing_waits_for_it(
    chat: Chat, puppets: Puppets
) -> None:
    _, start = await begun(chat, puppets)
    assert "trusted" not in start
    question = await asked(chat)
    assert (question["kind"], question["subject"]) == ("trust", chat.made["workspace"])
    assert ".pi/SYSTEM.md, .pi/prompts" in question["about"]
    assert [option["id"] for option in question["options"]] == ["no", "yes"]
    assert await listed(chat.client) == [question]
    got = await chat.get()
    assert (got["openQuestions"], got["attention"]) == (1, ["question"])
    assert got["status"]["name"] == "idle"


async def test_a_project_without_any_is_not_asked_about(chat: Chat, puppets: Puppets) -> None:
    await begun(chat, puppets, [])
    assert await listed(chat.client) == []


async def test_an_answer_is_told_to_all_and_stays_in_the_transcript(
    chat: Chat, daemon: Daemon, puppets: Puppets
) -> None:
    puppet, _ = await begun(chat, puppets)
    question = await asked(chat)
    other = await daemon.client()
    mirror = await Mirror.of(other, chat.id)
    told = await answered(chat.client, question, "yes")
    assert (told["outcome"], told["value"], told["label"]) == ("answered", "yes", "Yes")
    assert (await puppet.hears("configure"))["trusted"] is True
    resolved = await chat.event("question/resolved")
    assert resolved["answer"] == told
    (item,) = [item for item in await chat.items("notice") if item["notice"] == "answer"]
    assert (item["id"], item["answer"]) == (question["id"], told)
    assert await listed(chat.client) == []
    assert (await chat.get()).get("attention", []) == []
    seen = await Mirror.of(chat.client, chat.id)
    await other.until(lambda: other.events("question/resolved"))
    await other.until(lambda: other.told and other.told[-1]["params"].get("seq") == seen.state.seq)
    mirror.take(other.told)
    assert mirror.picture() == seen.picture()


async def test_what_was_answered_holds_for_the_workspace_and_is_asked_no_more(
    new_chat: NewChat, puppets: Puppets
) -> None:
    first = await new_chat()
    await begun(first, puppets)
    await answered(first.client, await asked(first), "yes")
    second = await new_chat()
    _, start = await begun(second, puppets, [])
    assert start["trusted"] is True
    assert second.events("question/opened") == []


async def test_a_no_is_kept_too(new_chat: NewChat, puppets: Puppets) -> None:
    first = await new_chat()
    await begun(first, puppets)
    await answered(first.client, await asked(first), "no")
    second = await new_chat()
    _, start = await begun(second, puppets)
    assert "trusted" not in start
    assert second.events("question/opened") == []


async def test_an_answer_in_one_chat_settles_the_question_of_another(
    new_chat: NewChat, puppets: Puppets
) -> None:
    first, second = await new_chat(), await new_chat()
    await begun(first, puppets)
    puppet, _ = await begun(second, puppets)
    question = await asked(second)
    await answered(first.client, await asked(first), "yes")
    assert (await puppet.hears("configure"))["trusted"] is True
    ended = await second.event("question/resolved")
    assert ended["answer"]["outcome"] == "withdrawn"
    refused = await second.client.refused("question/answer", questionId=question["id"], value="no")
    assert (refused.name, refused.data["outcome"]) == ("QuestionGone", "withdrawn")


async def test_trust_that_is_taken_back_ends_with_the_next_turn(
    chat: Chat, puppets: Puppets
) -> None:
    puppet, _ = await begun(chat, puppets)
    await answered(chat.client, await asked(chat), "yes")
    await puppet.hears("configure")
    key = f"trust_project:{chat.made['workspace']}"
    assert (await chat.client.call("setting/get", key=key))["setting"]["value"] == "yes"
    # Another choice is written after what the answer was, and takes nothing away.
    await chat.client.call("setting/set", key="notification", value="off")
    assert (await chat.client.call("setting/get", key=key))["setting"]["value"] == "yes"
    await chat.client.call("setting/set", key=key, value=None)
    assert (await puppet.hears("configure"))["trusted"] is False


async def test_a_question_outlives_the_daemon(chat: Chat, daemon: Daemon, puppets: Puppets) -> None:
    puppet, _ = await begun(chat, puppets)
    question = await asked(chat)
    await daemon.restart()
    client = await daemon.client()
    assert await listed(client) == [question]
    assert await listed(client, chatId=chat.id) == [question]
    everything = await client.call("event/subscribe", all=True)
    assert everything["questions"] == [question]
    await answered(client, question, "yes")
    assert (await puppet.hears("configure"))["trusted"] is True
    resolved = await client.until(
        lambda: [
            frame["params"]
            for frame in client.told
            if frame["method"] == "feed" and frame["params"].get("questionId")
        ]
    )
    assert resolved[0]["questionId"] == question["id"]


async def test_one_of_two_answers_wins_and_the_other_learns_of_it(
    chat: Chat, daemon: Daemon, puppets: Puppets
) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    clients = [await daemon.client(), await daemon.client()]
    params = {"questionId": question["id"]}
    numbers = [
        await client.post("question/answer", **params, value=value)
        for client, value in zip(clients, ("yes", "no"), strict=True)
    ]
    replies = [await client.reply(number) for client, number in zip(clients, numbers, strict=True)]
    (won,) = [reply["result"] for reply in replies if "result" in reply]
    (lost,) = [reply["error"]["data"] for reply in replies if "error" in reply]
    assert lost["name"] == "QuestionGone"
    assert lost["answer"] == won["answer"]["label"]
    assert len(chat.events("question/resolved")) <= 1


async def test_an_answer_that_is_sent_again_with_its_key_is_the_same(
    chat: Chat, puppets: Puppets
) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    first = await answered(chat.client, question, "yes", key="k")
    assert await answered(chat.client, question, "yes", key="k") == first


async def test_an_answer_that_is_not_offered_is_refused_and_changes_nothing(
    chat: Chat, puppets: Puppets
) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    refused = await chat.client.refused("question/answer", questionId=question["id"], value="on")
    assert (refused.name, refused.data["path"]) == ("InvalidParams", "$.value")
    assert "no, yes" in refused.message
    assert await listed(chat.client) == [question]


async def test_a_deleted_chat_asks_no_more(chat: Chat, puppets: Puppets) -> None:
    await begun(chat, puppets)
    await chat.call("chat/delete")
    assert await listed(chat.client) == []


async def test_question_list_ChatNotFound(client: Client) -> None:
    assert (await client.refused("question/list", chatId="nobody")).name == "ChatNotFound"


@pytest.mark.parametrize("name", ["nobody.q1", "x", "CHAT.q999"])
async def test_question_answer_QuestionNotFound(chat: Chat, name: str) -> None:
    wanted = name.replace("CHAT", chat.id)
    refused = await chat.client.refused("question/answer", questionId=wanted, value="yes")
    assert (refused.name, refused.data["questionId"]) == ("QuestionNotFound", wanted)


async def test_question_answer_QuestionGone(chat: Chat, puppets: Puppets) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    await answered(chat.client, question, "no")
    refused = await chat.client.refused("question/answer", questionId=question["id"], value="yes")
    assert (refused.name, refused.data["answer"]) == ("QuestionGone", "No")
    assert refused.data["by"].startswith("anonymous")


async def test_question_answer_KeyReused(chat: Chat, puppets: Puppets) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    await answered(chat.client, question, "no", key="k")
    params = {"questionId": question["id"], "value": "yes", "key": "k"}
    assert (await chat.client.refused("question/answer", **params)).name == "KeyReused"


async def test_question_answer_StoreFull(chat: Chat, home: Home, puppets: Puppets) -> None:
    await begun(chat, puppets)
    question = await asked(chat)
    with full_disk():
        refused = await chat.client.refused(
            "question/answer", questionId=question["id"], value="yes"
        )
        assert refused.name == "StoreFull"
    assert await listed(chat.client) == [question]
    with trio.fail_after(PATIENCE):
        assert (await answered(chat.client, question, "yes"))["outcome"] == "answered"
