"""`/login`: a question that any client can show, and a sign-in that is followed in the chat."""

import trio

from tests.daemon.client import PATIENCE, Json
from tests.daemon.control_sidecar import KEYED, Agent, begun
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon

OAUTH = {**KEYED, "ways": ["oauth", "api_key"]}


async def choosing(chat: Chat, puppets: Puppets, row: Json) -> tuple[Agent, Json]:
    """The provider list is shown as a question."""
    number, agent = await begun(chat.client, puppets, "turn/send", chatId=chat.id, text="/login")
    agent.row = row
    await agent.answers("providers")
    told = await chat.client.result_of(number)
    assert (told["state"], told["command"]) == ("command", "/login")
    return agent, await asked(chat)


async def asked(chat: Chat, kind: str = "provider") -> Json:
    opened = await chat.event("question/opened", lambda event: event["question"]["kind"] == kind)
    return dict(opened["question"])


async def answers(chat: Chat, question: Json, value: str) -> int:
    params = {"questionId": question["id"], "value": value}
    return await chat.client.post("question/answer", **params)


async def infos(chat: Chat) -> list[str]:
    return [text for kind, text in await chat.notices() if kind in ("info", "error", "command")]


async def test_the_providers_are_a_question(chat: Chat, puppets: Puppets) -> None:
    _, question = await choosing(chat, puppets, KEYED)
    assert question["title"] == "Which provider do you want to set up?"
    option, none = question["options"]
    assert none["label"] == "None of them"
    assert (option["id"], option["label"], option["about"]) == (
        "openai",
        "OpenAI",
        "key, variables",
    )


async def test_asking_twice_is_one_question(chat: Chat, puppets: Puppets) -> None:
    agent, _ = await choosing(chat, puppets, KEYED)
    number = await chat.client.post("turn/send", chatId=chat.id, text="/login")
    await agent.answers("providers")
    await chat.client.result_of(number)
    assert len((await chat.call("question/list"))["questions"]) == 1


async def test_a_provider_with_a_key_says_where_the_key_goes(chat: Chat, puppets: Puppets) -> None:
    agent, question = await choosing(chat, puppets, KEYED)
    number = await answers(chat, question, "openai")
    await agent.answers("providers")
    await chat.client.result_of(number)
    assert (await infos(chat))[-1].endswith("claudette provider set openai")


async def signing_in(chat: Chat, puppets: Puppets) -> tuple[Agent, Json]:
    """A sign-in that was chosen in the chat and asks for a domain."""
    agent, question = await choosing(chat, puppets, OAUTH)
    number = await answers(chat, question, "openai")
    await agent.answers("providers")
    begin = await agent.puppet.hears("login.start")
    await chat.client.result_of(number)
    prompt = {"kind": "prompt", "message": "Which domain?", "placeholder": "x.ghe.com"}
    await agent.puppet.says("login.event", login=begin["login"], **prompt)
    return agent, begin


async def test_a_sign_in_is_asked_shown_and_ended_in_the_chat(chat: Chat, puppets: Puppets) -> None:
    agent, begin = await signing_in(chat, puppets)
    question = await asked(chat, "login")
    assert (question["title"], question["placeholder"]) == ("Which domain?", "x.ghe.com")
    number = await answers(chat, question, "hush.example")
    answer = await agent.puppet.hears("login.answer")
    assert answer["value"] == "hush.example"
    await agent.puppet.answers(answer)
    told = await chat.client.result_of(number)
    assert "hush" not in str(told)
    code = {"kind": "device", "url": "https://x.ghe.com/device", "code": "AB-CD"}
    await agent.puppet.says("login.event", login=begin["login"], **code)
    await agent.puppet.answers(begin)
    await agent.answers("models")
    await chat.event("item/added", lambda event: "Signed in" in event["item"].get("text", ""))
    texts = await infos(chat)
    assert "Open https://x.ghe.com/device and enter AB-CD" in texts
    assert texts[-1] == "Signed in to OpenAI."
    assert (await chat.call("question/list")).get("questions", []) == []
    assert "hush" not in str(await chat.items())


async def test_a_sign_in_that_fails_says_why(chat: Chat, puppets: Puppets) -> None:
    agent, begin = await signing_in(chat, puppets)
    await agent.puppet.refuses(begin, "HarnessFailed", "The code has expired.")
    failed = await chat.event("item/added", lambda event: event["item"].get("notice") == "error")
    assert failed["item"]["text"] == "The sign-in to OpenAI failed: The code has expired."
    assert (await chat.call("question/list")).get("questions", []) == []


async def test_the_death_of_the_daemon_ends_a_sign_in_with_a_word(
    chat: Chat, daemon: Daemon, puppets: Puppets
) -> None:
    await signing_in(chat, puppets)
    question = await asked(chat, "login")
    await daemon.restart()
    again = Chat(await daemon.client(), chat.made)
    await again.client.call("event/subscribe", chatId=chat.id)
    while (await again.call("question/list")).get("questions"):
        await again.event("question/resolved")
    (item,) = [item for item in await again.items() if item["id"] == question["id"]]
    assert item["answer"]["outcome"] == "withdrawn"
    assert "start it again with /login" in item["text"]


async def test_a_key_in_the_command_is_refused_and_kept_nowhere(chat: Chat) -> None:
    refused = await chat.refused("turn/send", text="/login openrouter sk-secret")
    assert refused.name == "InvalidParams"
    assert "sk-secret" not in refused.message
    assert await chat.items() == []


async def test_turn_send_ProviderUnknown(chat: Chat, puppets: Puppets) -> None:
    number, agent = await begun(
        chat.client, puppets, "turn/send", chatId=chat.id, text="/login openia"
    )
    await agent.answers("providers")
    error = (await chat.client.reply(number))["error"]
    assert (error["data"]["name"], error["data"]["nearest"]) == ("ProviderUnknown", ["openai"])


async def test_a_sign_in_is_given_up_in_its_chat(chat: Chat, puppets: Puppets) -> None:
    agent, begin = await signing_in(chat, puppets)
    await asked(chat, "login")
    number = await chat.client.post("turn/send", chatId=chat.id, text="/login cancel")
    cancel = await agent.puppet.hears("login.cancel")
    assert cancel["login"] == begin["login"]
    await agent.puppet.answers(cancel)
    await agent.puppet.refuses(begin, "HarnessFailed", "The sign-in was cancelled.")
    await chat.client.result_of(number)
    await chat.event("item/added", lambda event: event["item"].get("notice") == "error")
    assert (await chat.call("question/list")).get("questions", []) == []
    with trio.fail_after(PATIENCE):
        while "No sign-in runs" not in str(await chat.call("turn/send", text="/login cancel")):
            pass


async def test_a_question_stays_while_the_same_answer_is_wanted(
    chat: Chat, puppets: Puppets
) -> None:
    agent, begin = await signing_in(chat, puppets)
    question = await asked(chat, "login")
    code = {"kind": "url", "url": "https://x.ghe.com/paste"}
    await agent.puppet.says("login.event", login=begin["login"], **code)
    await chat.event("item/added", lambda event: "paste" in event["item"].get("text", ""))
    assert (await chat.call("question/list"))["questions"] == [question]


async def test_naming_a_provider_answers_the_list_too(chat: Chat, puppets: Puppets) -> None:
    agent, _ = await choosing(chat, puppets, KEYED)
    number = await chat.client.post("turn/send", chatId=chat.id, text="/login openai")
    await agent.answers("providers")
    await chat.client.result_of(number)
    ended = await chat.event("question/resolved")
    assert ended["answer"]["outcome"] == "withdrawn"


async def test_none_of_the_providers_is_an_answer(chat: Chat, puppets: Puppets) -> None:
    _, question = await choosing(chat, puppets, KEYED)
    await chat.client.result_of(await answers(chat, question, "cancel"))
    assert (await chat.call("question/list")).get("questions", []) == []
    assert await infos(chat) == []


async def test_a_bare_number_answers_what_is_asked_and_begins_no_turn(
    chat: Chat, puppets: Puppets
) -> None:
    agent, question = await choosing(chat, puppets, KEYED)
    refused = await chat.refused("turn/send", text="3")
    assert (refused.name, "answers 1 to 2" in refused.message) == ("InvalidParams", True)
    number = await chat.client.post("turn/send", chatId=chat.id, text=" 1\n", key="once")
    await agent.answers("providers")
    told = await chat.client.result_of(number)
    assert (told["state"], told["command"]) == ("command", "/answer")
    assert told["text"] == "Which provider do you want to set up? OpenAI"
    ended = await chat.event("question/resolved")
    assert (ended["questionId"], ended["answer"]["value"]) == (question["id"], "openai")
    assert await chat.call("turn/send", text=" 1\n", key="once") == told
    assert chat.events("turn/started") == []
    later = await chat.call("turn/send", text="2")
    assert later["state"] == "running"  # nothing is asked any more


async def test_a_number_is_text_where_text_is_wanted(chat: Chat, puppets: Puppets) -> None:
    agent, _ = await signing_in(chat, puppets)
    await asked(chat, "login")
    number = await chat.client.post("turn/send", chatId=chat.id, text="123456")
    answer = await agent.puppet.hears("login.answer")
    assert answer["value"] == "123456"
    await agent.puppet.answers(answer)
    assert "123456" not in str(await chat.client.result_of(number))
    assert "123456" not in str(await chat.items())


async def test_the_list_of_providers_is_closed_by_cancel(chat: Chat, puppets: Puppets) -> None:
    _, question = await choosing(chat, puppets, KEYED)
    told = await chat.call("turn/send", text="/login cancel")
    assert told["text"] == "No provider is set up."
    ended = await chat.event("question/resolved")
    assert (ended["questionId"], ended["answer"]["outcome"]) == (question["id"], "withdrawn")
    assert (await chat.call("question/list")).get("questions", []) == []


async def test_a_question_of_a_sign_in_ends_with_it(chat: Chat, puppets: Puppets) -> None:
    """Also when the sign-in ends well by another way than the answer to it."""
    agent, begin = await signing_in(chat, puppets)
    question = await asked(chat, "login")
    await agent.puppet.answers(begin)
    await agent.answers("models")
    ended = await chat.event(
        "question/resolved", lambda event: event["questionId"] == question["id"]
    )
    assert ended["answer"]["why"] == "The sign-in is over."
    assert (await chat.call("question/list")).get("questions", []) == []
