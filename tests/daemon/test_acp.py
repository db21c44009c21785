"""The bridge for editors: a real one on pipes, with a daemon and scripted agents behind it."""

from collections.abc import AsyncIterator

import pytest

from tests.daemon.calls import bash, tool
from tests.daemon.client import Client, Json
from tests.daemon.editor import EVERYTHING, Editor, editor, is_update
from tests.daemon.world import Chat, Daemon, Home
from tests.support import pictures
from tests.support.acp_schema import Oracle
from tests.support.agents import program


@pytest.fixture
async def zed(daemon: Daemon) -> AsyncIterator[Editor]:
    async with editor() as found:
        await found.initialize("zed", **EVERYTHING)
        yield found


async def test_a_prompt_is_answered_when_its_turn_has_ended(zed: Editor, home: Home) -> None:
    opened = await zed.new(home.work)
    session = opened["sessionId"]
    prompt = await zed.prompts(session, '@think "Hm." @text "Grüße, "')
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    assert zed.text() == "Grüße, "
    assert zed.text("agent_thought_chunk") == "Hm."
    assert zed.updates("user_message_chunk") == []
    assert opened["modes"]["currentModeId"] == "standard"
    ids = [option["id"] for option in opened["configOptions"]]
    assert ids == ["level", "model", "thinking", "agent"]


async def test_nothing_is_said_of_a_session_before_the_editor_knows_it(
    zed: Editor, home: Home
) -> None:
    opened = await zed.new(home.work)
    await zed.update("available_commands_update")
    methods = [message.get("method", "reply") for message in zed.said]
    assert methods[:3] == ["reply", "reply", "session/update"]
    assert zed.said[1]["result"] == opened
    commands = {
        each["name"] for each in zed.updates("available_commands_update")[0]["availableCommands"]
    }
    assert {"compact", "level", "model"} <= commands


async def test_a_card_is_answered_in_the_editor(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, f'{bash("echo hi > made.txt")} @text "It ran."')
    request = await zed.asked("session/request_permission")
    call = request["params"]["toolCall"]
    assert (call["title"], call["kind"], call["status"]) == (
        "echo hi > made.txt",
        "execute",
        "pending",
    )
    kinds = [option["kind"] for option in request["params"]["options"]]
    assert (kinds[0], kinds[-1]) == ("allow_once", "reject_once")
    await zed.chooses(request, "allow_once")
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    await zed.update("tool_call_update", toolCallId=call["toolCallId"], status="completed")
    assert (home.work / "made.txt").read_text() == "hi\n"


async def test_a_denied_call_does_not_run(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, bash("echo hi > made.txt"))
    request = await zed.asked("session/request_permission")
    await zed.chooses(request, "deny")
    await zed.answer(prompt)
    call = request["params"]["toolCall"]["toolCallId"]
    await zed.update("tool_call_update", toolCallId=call, status="failed")
    assert not (home.work / "made.txt").exists()


async def test_a_change_is_shown_as_old_and_new_text(zed: Editor, home: Home) -> None:
    (home.work / "a.txt").write_text("one\ntwo\n")
    session = (await zed.new(home.work))["sessionId"]
    await zed.prompts(session, tool("write", path="a.txt", content="one\nthree\n"))
    request = await zed.asked("session/request_permission")
    (change,) = [
        content for content in request["params"]["toolCall"]["content"] if content["type"] == "diff"
    ]
    assert (change["oldText"], change["newText"]) == ("one\ntwo\n", "one\nthree\n")
    assert change["path"].endswith("a.txt")


async def test_a_card_that_is_answered_elsewhere_is_withdrawn(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, bash("echo hi > made.txt"))
    request = await zed.asked("session/request_permission")
    (asked,) = (await client.call("permission/list"))["permissions"]
    await client.call("permission/decide", permissionId=asked["id"], decision="allow")
    withdrawn = await zed.asked("$/cancel_request")
    assert withdrawn["params"] == {"requestId": request["id"]}
    await zed.answer(prompt)
    # Answers that come all the same change nothing.
    await zed.chooses(request, "deny")
    await zed.writes({"id": None, "error": {"code": -32601, "message": "what?"}})
    await zed.writes({"id": request["id"], "error": {"code": -32800, "message": "cancelled"}})
    assert await zed.call("session/list") is not None


@pytest.mark.parametrize(
    "answer",
    [
        {"result": {"outcome": {"outcome": "cancelled"}}},
        {"error": {"code": -32603, "message": "no"}},
        {"result": {"outcome": {"outcome": "selected", "optionId": "what"}}},
        {"result": []},
    ],
)
async def test_an_editor_that_decides_nothing_has_not_denied(
    zed: Editor, client: Client, home: Home, answer: Json
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, bash("echo hi > made.txt"))
    request = await zed.asked("session/request_permission")
    await zed.writes({"id": request["id"], **answer})
    await zed.call("session/list")
    (asked,) = (await client.call("permission/list"))["permissions"]
    await client.call("permission/decide", permissionId=asked["id"], decision="allow")
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    assert (home.work / "made.txt").exists()


async def test_stop_is_a_cancelled_prompt_and_a_withdrawn_card(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, bash("echo hi > made.txt"))
    await zed.asked("session/request_permission")
    await zed.notifies("session/cancel", sessionId=session)
    assert await zed.answer(prompt) == {"stopReason": "cancelled"}
    await zed.asked("$/cancel_request")
    assert not (home.work / "made.txt").exists()


async def test_a_queued_prompt_is_taken_back_alone(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    first = await zed.prompts(session, bash("echo hi > made.txt"))
    request = await zed.asked("session/request_permission")
    second = await zed.prompts(session, '@text "never"')
    await zed.call("session/list")
    await zed.notifies("$/cancel_request", requestId=second)
    assert await zed.answer(second) == {"stopReason": "cancelled"}
    await zed.chooses(request, "allow_once")
    assert await zed.answer(first) == {"stopReason": "end_turn"}
    assert "never" not in zed.text()


async def test_another_editor_loads_the_chat_and_reads_it_once(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await zed.answer(await zed.prompts(session, '@text "first answer"'))
    await zed.prompts(session, f'@text "second " {bash("echo hi > made.txt")} @text "answer"')
    await zed.asked("session/request_permission")
    zed.process.kill()
    async with editor() as other:
        await other.initialize("other")
        params: Json = {"sessionId": session, "cwd": str(home.work), "mcpServers": []}
        load = await other.asks("session/load", **params)
        await other.answer(load)
        replayed = other.text("user_message_chunk")
        assert replayed.count("first answer") == 1
        request = await other.asked("session/request_permission")
        before = other.said.index(request)
        assert not any("result" in message for message in other.said[before:])
        await other.chooses(request, "allow_once")
        await other.update("tool_call_update", status="completed")
        chat = Chat(client, (await client.call("chat/get", chatId=session))["chat"])
        await chat.call("turn/wait")
        await other.call("session/list")
        words = " ".join(other.text().replace("> ", "").split())
        assert words.count("second answer") == 1, words
        assert other.text().count("first answer") == 1
        again = await other.refused("session/load", **params | {"cwd": str(home.root)})
        assert again.code == -32602
        assert str(home.work) in again.message


async def test_an_editor_resumes_without_a_replay(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await zed.answer(await zed.prompts(session, '@text "first answer"'))
    async with editor() as other:
        await other.initialize("other")
        await other.call("session/resume", sessionId=session, cwd=str(home.work), mcpServers=[])
        await other.update("available_commands_update")
        assert other.text() == ""
        await other.answer(await other.prompts(session, '@text "second answer"'))
        assert other.text() == "second answer"
        # The first one sees what the second has sent.
        await zed.update("user_message_chunk")
        await zed.call("session/list")
        assert zed.text() == "first answersecond answer"


async def test_a_prompt_outlives_the_daemon(zed: Editor, daemon: Daemon, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    prompt = await zed.prompts(session, f'@text "before " {bash("echo hi > a")} @text "after"')
    first = await zed.asked("session/request_permission")
    await daemon.restart()
    await zed.chooses(first, "allow_once")
    assert await zed.answer(prompt) == {"stopReason": "end_turn"}
    assert zed.text() == "before after"
    requests = [each for each in zed.said if each.get("method") == "session/request_permission"]
    assert len(requests) == 1
    assert (home.work / "a").exists()


async def test_an_editor_stays_below_what_it_was_given(daemon: Daemon, home: Home) -> None:
    async with editor("--max-level", "standard") as zed:
        await zed.initialize()
        opened = await zed.new(home.work)
        session = opened["sessionId"]
        modes = [mode["id"] for mode in opened["modes"]["availableModes"]]
        assert modes == ["readonly", "standard"]
        for method, params in (
            ("session/set_mode", {"modeId": "full"}),
            ("session/set_config_option", {"configId": "level", "value": "full"}),
            ("session/prompt", {"prompt": [{"type": "text", "text": "/level full"}]}),
        ):
            refused = await zed.refused(method, sessionId=session, **params)
            assert "standard" in refused.message, method
        assert await zed.call("session/set_mode", sessionId=session, modeId="readonly") == {}
        await zed.update("current_mode_update", currentModeId="readonly")


async def test_an_editor_that_may_not_approve_sees_that_something_waits(
    daemon: Daemon, client: Client, home: Home
) -> None:
    async with editor("--may-approve", "no") as zed:
        await zed.initialize()
        session = (await zed.new(home.work))["sessionId"]
        prompt = await zed.prompts(session, bash("echo hi > made.txt"))
        waits = await zed.heard(
            lambda message: (
                is_update(message, "tool_call_update", {}) and "claudette approve" in str(message)
            )
        )
        assert "echo hi > made.txt" in str(waits)
        (asked,) = (await client.call("permission/list"))["permissions"]
        await client.call("permission/decide", permissionId=asked["id"], decision="deny")
        await zed.answer(prompt)
        assert not any(each.get("method", "").startswith("session/req") for each in zed.said)


async def test_a_change_of_another_client_is_told(zed: Editor, client: Client, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await client.call("chat/configure", chatId=session, level="full")
    await client.call("chat/rename", chatId=session, title="Something")
    await zed.update("current_mode_update", currentModeId="full")
    await zed.update("session_info_update", title="Something")
    changed = zed.updates("config_option_update")[-1]["configOptions"]
    assert changed[0]["currentValue"] == "full"


async def test_sessions_are_listed_by_directory(zed: Editor, home: Home) -> None:
    made = [(await zed.new(home.work))["sessionId"] for _ in range(20)]
    elsewhere = home.root / "elsewhere"
    elsewhere.mkdir()
    other = (await zed.new(elsewhere))["sessionId"]
    listed = await zed.call("session/list", cwd=str(home.work))
    assert {each["sessionId"] for each in listed["sessions"]} == set(made)
    listed = await zed.call("session/list", cwd=str(elsewhere))
    assert [each["sessionId"] for each in listed["sessions"]] == [other]


async def test_the_end_of_input_detaches_and_stops_no_work(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await zed.prompts(session, bash("echo hi > made.txt"))
    await zed.asked("session/request_permission")
    assert await zed.closes() == 0
    (asked,) = (await client.call("permission/list"))["permissions"]
    await client.call("permission/decide", permissionId=asked["id"], decision="allow")
    waited = await client.call("turn/wait", chatId=session)
    assert waited["turn"]["reason"] == "done"
    assert (home.work / "made.txt").exists()


WRONG = [
    (b"what", -32700),
    (b"\xff\xfe", -32700),
    (b"[]", -32600),
    (b'{"jsonrpc":"1.0","id":"x","method":"initialize"}', -32600),
    (b'{"jsonrpc":"2.0","id":{},"method":"initialize"}', -32600),
    (b'{"jsonrpc":"2.0","id":"x","method":"_what"}', -32601),
    (b'{"jsonrpc":"2.0","id":"x","method":["initialize"]}', -32601),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/close","params":{"sessionId":"a"}}', -32601),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/prompt","params":[1]}', -32602),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/prompt","params":{"sessionId":"a"}}', -32002),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/new","params":{"cwd":1}}', -32602),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/new","params":{"cwd":"/no/such"}}', -32603),
    (b'{"jsonrpc":"2.0","id":"x","method":"session/load","params":{"sessionId":"a"}}', -32002),
    (b'{"jsonrpc":"2.0","id":"x","method":"initialize","params":{}}', -32602),
]


async def test_what_is_wrong_is_answered_and_harms_nothing(daemon: Daemon) -> None:
    async with editor() as zed:
        for line, code in WRONG:
            start = len(zed.said)
            await zed.sends(line + b"\n")
            reply = await zed.heard(lambda message: "error" in message, start)
            assert reply["error"]["code"] == code, line
        for harmless in (b"", b'{"jsonrpc":"2.0","id":null,"result":{}}', b'{"jsonrpc":"2.0"}'):
            await zed.sends(harmless + b"\n")
        await zed.notifies("_what", any=True)
        await zed.notifies("session/cancel", sessionId="a")
        future = await zed.call("initialize", protocolVersion=65535)
        assert future["protocolVersion"] == 1


async def test_a_long_prompt_is_sent_whole_and_a_longer_one_refused(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    await zed.answer(await zed.prompts(session, f"@swallow {'x' * (10 << 20)}"))
    (asked,) = [item for item in await items(client, session) if item["kind"] == "user"]
    assert asked["textBytes"] > 10 << 20
    refused = await zed.refused(
        "session/prompt", sessionId=session, prompt=[{"type": "text", "text": "x" * (16 << 20)}]
    )
    assert "15 MiB" in refused.message
    assert await zed.call("session/list")


async def items(client: Client, session: str) -> list[Json]:
    page = await client.call("chat/history", chatId=session)
    return list(page["items"])


async def test_files_and_links_reach_the_agent_as_text(
    zed: Editor, client: Client, home: Home
) -> None:
    session = (await zed.new(home.work))["sessionId"]
    blocks: list[Json] = [
        {"type": "text", "text": "Look at "},
        {"type": "resource_link", "name": "a", "uri": "file:///w/a%20b.py#L3:7"},
        {"type": "resource", "resource": {"uri": "file:///w/c.md", "text": "```\ncode\n```"}},
    ]
    await zed.call("session/prompt", sessionId=session, prompt=blocks)
    (asked,) = [item for item in await items(client, session) if item["kind"] == "user"]
    assert asked["text"] == "Look at @/w/a b.py:3-7\n\n@/w/c.md\n````\n```\ncode\n```\n````"
    sound: Json = {"type": "audio", "data": "", "mimeType": "audio/wav"}
    refused = await zed.refused("session/prompt", sessionId=session, prompt=[sound])
    assert "'audio'" in refused.message


async def test_images_reach_the_agent_and_are_replayed(zed: Editor, home: Home) -> None:
    session = (await zed.new(home.work))["sessionId"]
    data = pictures.sent(pictures.PNG)["data"]
    image: Json = {"type": "image", "data": data, "mimeType": "image/png"}
    prompt = [{"type": "text", "text": "@seen"}, image]
    await zed.call("session/prompt", sessionId=session, prompt=prompt)
    assert zed.text().startswith("image/png ")
    bad = {**image, "data": ""}
    refused = await zed.refused("session/prompt", sessionId=session, prompt=[bad])
    assert refused.code == -32602 and "Image 1 is empty" in refused.message
    async with editor() as other:
        await other.initialize("other")
        params = {"sessionId": session, "cwd": str(home.work), "mcpServers": []}
        await other.answer(await other.asks("session/load", **params))
        told = [message["params"]["update"] for message in other.said if "params" in message]
        replayed = [one["content"] for one in told if one["sessionUpdate"] == "user_message_chunk"]
        assert replayed == [{"type": "text", "text": "@seen"}, image]


def test_the_schema_is_there_and_finds_what_is_wrong() -> None:
    """What every conversation above was held against, both ways."""
    program("claude-agent-acp")
    oracle = Oracle()
    update: Json = {"sessionUpdate": "agent_message_chunk", "content": {"type": "text"}}
    message: Json = {"method": "session/update", "params": {"sessionId": "s", "update": update}}
    (fault,) = oracle.faults(message, "agent")
    assert fault.startswith("session/update Notification $.update")
    update["content"]["text"] = "x"
    assert oracle.faults(message, "agent") == []
