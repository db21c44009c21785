"""What the bridge shows of a chat besides text, each as the editor can show it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.daemon.calls import bash
from tests.daemon.client import Client, Json
from tests.daemon.editor import EVERYTHING, Editor, editor
from tests.daemon.puppet import Puppets
from tests.daemon.world import Chat, Daemon, Home


@pytest.fixture
async def zed(daemon: Daemon) -> AsyncIterator[Editor]:
    async with editor() as found:
        await found.initialize("zed", **EVERYTHING)
        yield found


@pytest.fixture
async def plain(daemon: Daemon) -> AsyncIterator[Editor]:
    """Shows messages and calls, and nothing else."""
    async with editor() as found:
        await found.initialize("plain")
        yield found


async def loads(other: Editor, session: str, home: Home) -> None:
    await other.call("session/load", sessionId=session, cwd=str(home.work), mcpServers=[])


async def test_usage_is_told_as_it_changes(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await zed.answer(await zed.prompts(session, f"@text {'long ' * 200}"))
    await zed.call("session/list")
    told = [(update["used"], update["size"]) for update in zed.updates("usage_update")]
    assert told == sorted(told)
    assert 200 < told[-1][0] < told[-1][1] == 40_000


async def test_a_compaction_and_a_notice_are_told_by_capability(
    zed: Editor, plain: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await loads(plain, session, home)
    await zed.answer(await zed.prompts(session, f"@error-once 500 busy @text {'long ' * 200}"))
    await zed.update("notice", severity="warning")
    await client.call("chat/compact", chatId=session)
    await zed.update("compaction_update", status="completed")
    await plain.heard(lambda message: "The conversation was compacted from" in str(message))
    assert "overloaded" in plain.text()
    assert "overloaded" not in zed.text()
    assert plain.updates("notice") == plain.updates("compaction_update") == []


async def test_a_question_is_a_form_or_is_answered_by_its_number(
    zed: Editor, plain: Editor, client: Client, home: Home, puppets: Puppets
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await puppets.next()  # which is asked for models
    prompt = await zed.prompts(session, "hello")
    puppet = await puppets.next()
    await puppet.starts(resources=[".pi/prompts"])
    form = await zed.asked("elicitation/create")
    assert "trust" in form["params"]["message"].lower()
    await loads(plain, session, home)
    await plain.heard(lambda message: "Send the number of an answer." in str(message))
    await puppet.ends_turn((await puppet.takes_prompt())["turn"])
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    assert await plain.answer(await plain.prompts(session, "1")) == {"stopReason": "end_turn"}
    withdrawn = await zed.asked("$/cancel_request")
    assert withdrawn["params"] == {"requestId": form["id"]}
    assert not (await client.call("question/list")).get("questions")


async def test_a_form_that_is_filled_in_answers_its_question(
    zed: Editor, client: Client, home: Home, puppets: Puppets
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await puppets.next()  # which is asked for models
    await zed.prompts(session, "hello")
    await (await puppets.next()).starts(resources=[".pi/prompts"])
    form = await zed.asked("elicitation/create")
    options = form["params"]["requestedSchema"]["properties"]["answer"]["oneOf"]
    assert {option["const"] for option in options} == {"no", "yes"}
    await client.call("event/subscribe", chatId=session)
    chat = Chat(client, (await client.call("chat/get", chatId=session))["chat"])
    await zed.replies(form, {"action": "accept", "content": {"answer": "no"}})
    await chat.event("question/resolved")
    assert not (await client.call("question/list")).get("questions")


@pytest.mark.parametrize(
    ("several", "content", "told"),
    [
        (False, {"answer": "B"}, "B"),
        (False, {"answer": "B", "other": " neither "}, "neither"),
        (True, {"answer": ["A", "B"], "other": ""}, "A\nB"),
        (True, {"other": "neither"}, "neither"),
    ],
)
async def test_a_form_takes_several_options_and_a_text_of_ones_own(
    zed: Editor,
    plain: Editor,
    home: Home,
    puppets: Puppets,
    several: bool,
    content: Json,
    told: str,
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await puppets.next()  # which is asked for models
    await loads(plain, session, home)
    await zed.prompts(session, "hello")
    puppet = await puppets.next()
    await puppet.starts()
    await puppet.takes_prompt()
    options = [{"id": "A", "label": "First"}, {"id": "B", "label": "Second"}]
    await puppet.says(
        "inquiry", inquiry="i1", title="Which one?", options=options, free=True, several=several
    )
    form = await zed.asked("elicitation/create")
    await plain.heard(lambda message: "answer with a text of your own" in str(message))
    await zed.replies(form, {"action": "accept", "content": content})
    assert (await puppet.hears("inform"))["value"] == told


async def test_a_running_turn_is_steered(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, "@hold door @text one")
    await home.gates.held("door")
    block: Json = {"type": "text", "text": "@text two"}
    steered = await zed.call("_session/steering", sessionId=session, prompt=[block])
    assert steered == {"outcome": "injected"}
    home.gates.release("door")
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    idle = (await zed.new(home.work))["sessionId"]
    refused = await zed.refused("_session/steering", sessionId=idle, prompt=[block])
    assert "No turn runs" in refused.message


async def test_prompts_that_are_cancelled_on_their_way_do_not_run(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    first = await zed.prompts(session, "@hold door")
    await zed.notifies("session/cancel", sessionId=session)
    assert await zed.answer(first) == {"stopReason": "cancelled"}
    second = await zed.prompts(session, bash("echo hi > made.txt"))
    await zed.asked("session/request_permission")
    third = await zed.prompts(session, '@text "never"')
    await zed.notifies("session/cancel", sessionId=session)
    for cancelled in (second, third):
        assert await zed.answer(cancelled) == {"stopReason": "cancelled"}
    assert not (await client.call("queue/list", chatId=session)).get("entries")
    assert await zed.answer(await zed.prompts(session, "@text on")) == {"stopReason": "end_turn"}
    assert "never" not in zed.text()


ODD: list[Any] = [None, 5, [], {}, "", "\0", "\ud800"]
ODD_PARAMETERS = [
    *(("session/set_mode", {"modeId": value}) for value in ODD),
    *(
        ("session/set_config_option", {"configId": option, "value": value})
        for option in ("level", "model", "thinking", "agent", "")
        for value in ODD
    ),
    *(("session/load", {"cwd": value, "mcpServers": []}) for value in ODD),
    *(("session/prompt", {"prompt": [{"type": "nothing", "text": value}]}) for value in ODD),
]


async def test_odd_parameters_are_refused_and_harm_nothing(daemon: Daemon, home: Home) -> None:
    async with editor() as zed:
        await zed.initialize()
        session = (await zed.new(home.work))["sessionId"]
        for value in ODD:
            await zed.notifies("$/cancel_request", requestId=value)
            await zed.notifies("session/cancel", sessionId=value)
        for number, (method, params) in enumerate(ODD_PARAMETERS, 100):
            request = {"method": method, "params": {"sessionId": session, **params}}
            await zed.writes({"id": number, **request})
            assert (await zed.reply(number))["error"]["code"] == -32602, request
        for cwd in ("\0", "\ud800"):
            await zed.writes({"id": "list", "method": "session/list", "params": {"cwd": cwd}})
            assert (await zed.reply("list"))["error"]["code"] == -32602
            zed.said.clear()
        for text in ("@text one", "@text two"):
            prompt = [{"type": "text", "text": text}]
            params = {"sessionId": session, "prompt": prompt}
            await zed.writes({"id": "same", "method": "session/prompt", "params": params})
        first = await zed.reply("same")
        assert first["result"] == {"stopReason": "end_turn"}
        zed.said.remove(first)
        assert (await zed.reply("same"))["result"] == {"stopReason": "end_turn"}


async def test_options_are_set_and_what_cannot_be_is_refused(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    set_option = "session/set_config_option"
    answer = await zed.call(set_option, sessionId=session, configId="thinking", value="high")
    assert answer["configOptions"][2]["currentValue"] == "high"
    assert (await client.call("chat/get", chatId=session))["chat"]["thinking"] == "high"
    for option, value in (("agent", "claude"), ("model", "nobody"), ("what", "high")):
        refused = await zed.refused(set_option, sessionId=session, configId=option, value=value)
        assert refused.code == -32602


async def test_signing_in_is_offered_where_there_are_terminals(zed: Editor, plain: Editor) -> None:
    (method,) = zed.said[0]["result"]["authMethods"]
    assert (method["type"], method["args"]) == ("terminal", ["--sign-in"])
    assert plain.said[0]["result"]["authMethods"] == []
    refused = await zed.refused("authenticate", methodId=method["id"])
    assert "in a terminal" in refused.message


async def test_a_card_is_over_everywhere_when_one_of_three_has_answered(
    zed: Editor, plain: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await loads(plain, session, home)
    prompt = await zed.prompts(session, bash("echo hi > made.txt"))
    here = await zed.asked("session/request_permission")
    there = await plain.asked("session/request_permission")
    (asked,) = (await client.call("permission/list"))["permissions"]
    await plain.chooses(there, "allow_once")
    assert (await zed.asked("$/cancel_request"))["params"] == {"requestId": here["id"]}
    await zed.chooses(here, "deny")
    await zed.chooses(here, "deny")
    await zed.answer(prompt)
    assert not (await client.call("permission/list")).get("permissions")
    (decision,) = (await client.call("permission/audit", chatId=session))["decisions"]
    assert decision["permissionId"] == asked["id"]
    assert (decision["outcome"], decision["by"].split("/")[0]) == ("allow", "plain")
    assert (home.work / "made.txt").exists()


async def test_twenty_sessions_of_one_editor_go_on_side_by_side(zed: Editor, home: Home) -> None:
    sessions = [(await zed.new(home.work))["sessionId"] for _ in range(20)]
    prompts = [
        await zed.prompts(session, f"@text answer-{number}.")
        for number, session in enumerate(sessions)
    ]
    for number, session in enumerate(sessions):
        assert await zed.answer(prompts[number]) == {"stopReason": "end_turn"}
        assert zed.text(session=session) == f"answer-{number}."
