"""What single editors need, each as it was seen to behave: see clients/EDITORS.md."""

from tests.daemon.calls import bash, tool
from tests.daemon.client import Client, Json
from tests.daemon.editor import Editor, editor, is_update
from tests.daemon.world import Daemon, Home


async def test_an_editor_that_drops_what_is_late_is_reminded(
    daemon: Daemon, client: Client, home: Home
) -> None:
    async with editor() as acpx:
        await acpx.initialize("acpx")
        session = (await acpx.new(home.work))["sessionId"]
        sent = await client.call("turn/send", chatId=session, text="from elsewhere")
        await client.call("turn/wait", chatId=session, turnId=sent["turnId"])
        await acpx.update("agent_message_chunk")
        start = len(acpx.said)
        await acpx.answer(await acpx.prompts(session, '@text "mine"'))
        said = acpx.said[start:]
        texts = [each for each in said if is_update(each, "agent_message_chunk", {})]
        assert "meanwhile, elsewhere: “from elsewhere”" in str(texts[0])
        await acpx.answer(await acpx.prompts(session, '@text "again"'))
        assert acpx.text().count("meanwhile") == 1


async def test_what_waited_before_a_prompt_is_asked_with_it(
    daemon: Daemon, client: Client, home: Home
) -> None:
    """CodeCompanion drops what it is asked when none of its prompts is open."""
    async with editor() as companion:
        await companion.initialize("CodeCompanion.nvim")
        session = (await companion.new(home.work))["sessionId"]
        await client.call("turn/send", chatId=session, text=bash("echo hi > made.txt"))
        dropped = await companion.asked("session/request_permission")
        start = len(companion.said)
        prompt = await companion.prompts(session, '@text "mine"')
        again = await companion.asked("session/request_permission", start)
        assert again["params"] == dropped["params"]
        withdrawn = await companion.asked("$/cancel_request", start)
        assert withdrawn["params"] == {"requestId": dropped["id"]}
        await companion.chooses(again, "allow_once")
        assert await companion.answer(prompt) == {"stopReason": "end_turn"}
        assert (home.work / "made.txt").exists()


async def test_a_card_that_was_left_undecided_is_asked_again_with_the_next_prompt(
    daemon: Daemon, home: Home
) -> None:
    async with editor() as zed:
        await zed.initialize("zed")
        session = (await zed.new(home.work))["sessionId"]
        first = await zed.prompts(session, bash("echo hi > made.txt"))
        request = await zed.asked("session/request_permission")
        await zed.replies(request, {"outcome": {"outcome": "cancelled"}})
        await zed.call("session/list")
        start = len(zed.said)
        second = await zed.prompts(session, '@text "mine"')
        again = await zed.asked("session/request_permission", start)
        await zed.chooses(again, "deny")
        assert await zed.answer(first) == {"stopReason": "end_turn"}
        assert await zed.answer(second) == {"stopReason": "end_turn"}
        assert not (home.work / "made.txt").exists()


async def test_an_editor_that_shows_no_changes_is_told_them_first(
    daemon: Daemon, home: Home
) -> None:
    """The extension of VS Code asks with a title alone."""
    (home.work / "a.txt").write_text("one\n")
    async with editor() as code:
        await code.initialize("vscode-acp-client")
        session = (await code.new(home.work))["sessionId"]
        await code.prompts(session, tool("write", path="a.txt", content="two\n"))
        request = await code.asked("session/request_permission")
        said: list[Json] = code.said[: code.said.index(request)]
        words = str([each for each in said if is_update(each, "agent_message_chunk", {})])
        assert "-one" in words
        assert "+two" in words


async def answered_elsewhere(found: Editor, client: Client, home: Home) -> list[Json]:
    """A card of an editor that says no name; the requests that it is told are withdrawn."""
    await found.call("initialize", protocolVersion=1, clientCapabilities={})
    session = (await found.new(home.work))["sessionId"]
    prompt = await found.prompts(session, bash("echo hi > made.txt"))
    request = await found.asked("session/request_permission")
    offered = [option["optionId"] for option in request["params"]["options"]]
    assert offered == ["allow_once", "deny"]
    (asked,) = (await client.call("permission/list"))["permissions"]
    await client.call("permission/decide", permissionId=asked["id"], decision="deny")
    await found.answer(prompt)
    call = request["params"]["toolCall"]["toolCallId"]
    await found.update("tool_call_update", toolCallId=call, status="failed")
    told = [each for each in found.said if each.get("method") == "$/cancel_request"]
    assert all(each["params"]["requestId"] == request["id"] for each in told)
    return told


async def test_a_card_is_withdrawn_from_an_editor_without_a_name(
    daemon: Daemon, client: Client, home: Home
) -> None:
    """The protocol has it for all: who does not know it ignores it."""
    async with editor() as nameless:
        assert len(await answered_elsewhere(nameless, client, home)) == 1


async def test_avante_is_named_by_its_settings_and_not_told(
    daemon: Daemon, client: Client, home: Home
) -> None:
    """It would show an error. What it takes for an allowing answer, it knows by its id."""
    async with editor("--editor", "avante") as avante:
        assert await answered_elsewhere(avante, client, home) == []


async def test_an_editor_that_shows_kinds_alone_has_one_for_always(
    daemon: Daemon, home: Home
) -> None:
    async with editor() as companion:
        await companion.initialize("CodeCompanion.nvim")
        session = (await companion.new(home.work))["sessionId"]
        await companion.prompts(session, bash("echo hi > made.txt"))
        request = await companion.asked("session/request_permission")
        offered = [option["optionId"] for option in request["params"]["options"]]
        assert offered == ["allow_once", "chat", "deny"]


async def test_two_messages_are_two_paragraphs(daemon: Daemon, client: Client, home: Home) -> None:
    """Most editors do not look at what message a piece belongs to."""
    async with editor() as zed:
        await zed.initialize("zed")
        session = (await zed.new(home.work))["sessionId"]
        await client.call("turn/send", chatId=session, text="@hold door @text one")
        await home.gates.held("door")
        prompt = await zed.prompts(session, "@text two")
        await zed.call("session/list")
        home.gates.release("door")
        await zed.answer(prompt)
        assert zed.text() == "one\n\ntwo"
