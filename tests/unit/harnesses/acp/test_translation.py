"""The rules of the translation, one by one, against an agent that the test plays."""

import json

import pytest

from claudetted.harnesses.adapter import EndVendor, Exit, VendorEnd
from claudetted.protocol import sidecar as sc
from tests.unit.harnesses.acp.replay import Driven, ready

RUN = {"toolCallId": "c", "kind": "execute", "title": "x", "rawInput": {"command": "touch made"}}
YES = ("y", "Yes", "allow_once")
NO = ("n", "No", "reject_once")
MODES = {
    "modes": {
        "currentModeId": "auto",
        "availableModes": [{"id": "auto", "name": "Auto"}, {"id": "default", "name": "Default"}],
    }
}


def decided(
    driven: Driven, *options: tuple[str, str, str], allow: bool = True
) -> dict[str, object]:
    driven.prompt()
    driven.ask(0, RUN, *options)
    (asked,) = driven.all(sc.Ask)
    driven.line(sc.Decide(asked.ask, allow, "No."))
    outcome: dict[str, object] = driven.answer(0)["result"]["outcome"]
    return outcome


@pytest.mark.parametrize(
    "options",
    [
        [("a", "Always", "allow_always"), YES, NO],
        [("s", "Yes, for this session", "allow_once"), YES, NO],
        [YES, ("z", "Yes, and don't ask again", "allow_once"), NO],
    ],
    ids=["always", "session", "dont ask"],
)
def test_the_narrowest_option_is_chosen(options: list[tuple[str, str, str]]) -> None:
    assert decided(ready(), *options) == {"outcome": "selected", "optionId": "y"}


def test_a_standing_approval_is_never_given() -> None:
    driven = ready()
    outcome = decided(driven, ("a", "Always", "allow_always"), NO)
    assert outcome == {"outcome": "selected", "optionId": "n"}
    assert "only for good" in driven.all(sc.Notice)[0].text


def test_a_denial_takes_the_rejection_and_else_cancels() -> None:
    assert decided(ready(), YES, NO, allow=False)["optionId"] == "n"
    only = ("never", "Never", "reject_always")
    assert decided(ready(), YES, only, allow=False) == {"outcome": "cancelled"}


def test_the_reason_of_a_denial_comes_with_the_next_prompt() -> None:
    driven = ready()
    decided(driven, YES, NO, allow=False)
    prompt = next(one for one in driven.sent if one.get("method") == "session/prompt")
    driven.vendor({"id": prompt["id"], "result": {"stopReason": "end_turn"}})
    driven.prompt("T2", "next")
    texts = [block["text"] for block in driven.sent[-1]["params"]["prompt"]]
    assert texts == ["(Of the calls that were denied, the user says: No.)\n\n", "next"]


def test_an_unasking_mode_is_left_before_the_first_prompt() -> None:
    driven = ready(modes=MODES)
    setting = driven.sent[-1]
    assert (setting["method"], setting["params"]["modeId"]) == ("session/set_mode", "default")
    assert not driven.all(sc.Reply)
    driven.reply({})
    driven.started()


def test_a_known_agent_whose_mode_is_gone_is_refused_below_full() -> None:
    driven = ready("nanocoder", modes=MODES)
    assert driven.refused().name == "NotSupported"
    assert "has no mode normal any more" in driven.refused().message


def test_an_agent_that_cannot_ask_is_refused_below_full() -> None:
    driven = Driven("pi-acp")
    driven.start()
    driven.reply({"protocolVersion": 1})
    assert (driven.refused().name, driven.refused().data) == (
        "NotSupported",
        {"capability": "asks"},
    )


def test_one_that_hangs_is_given_up_and_ended() -> None:
    driven = Driven()
    driven.start()
    driven.woken("start 1")
    assert "did not answer initialize within 90 s" in driven.refused().message
    assert driven.all(EndVendor)


def test_one_that_dies_later_takes_the_adapter_along() -> None:
    driven = ready()
    driven.ended(VendorEnd(-9, "last words"))
    assert driven.all(Exit) == [Exit(1)]


def test_a_program_that_is_not_there_says_how_to_install_it() -> None:
    driven = Driven("opencode", "opencode")
    driven.start()
    driven.ended(VendorEnd(-1, "", "No such file"))
    assert "npm install -g opencode-ai" in driven.refused().message


def test_a_request_without_words_waits_for_them() -> None:
    """opencode asks for a call before it tells the arguments."""
    driven = ready()
    driven.prompt()
    driven.update(sessionUpdate="tool_call", toolCallId="c", title="read", kind="read")
    driven.ask(0, {"toolCallId": "c", "title": "read", "kind": "read", "rawInput": {}}, YES, NO)
    assert not driven.all(sc.Ask)
    update = {"toolCallId": "c", "rawInput": {"filePath": "a.txt"}}
    driven.update(sessionUpdate="tool_call_update", **update)
    (asked,) = driven.all(sc.Ask)
    assert (asked.request.access, asked.request.paths) == ("read", ["/work/project/a.txt"])


def test_a_request_whose_words_never_come_is_of_an_unknown_tool() -> None:
    driven = ready()
    driven.prompt()
    driven.ask(0, {"toolCallId": "c", "title": None, "kind": "execute", "rawInput": {}}, YES, NO)
    driven.woken("words c")
    assert driven.all(sc.Ask)[0].request.access == "unknown"


@pytest.mark.parametrize(
    ("call", "access"),
    [
        ({"kind": "execute", "rawInput": {"command": "ls", "env": {"LD_PRELOAD": "x"}}}, "unknown"),
        ({"kind": "execute", "rawInput": {"command": ["ls", "a b"]}}, "run"),
        ({"kind": "execute", "title": "ls", "rawInput": {"x": 1}}, "unknown"),
        ({"kind": "read", "rawInput": {"path": "a", "then": "rm"}}, "unknown"),
        ({"kind": "read", "title": "a", "locations": [{"path": "a"}]}, "unknown"),
        ({"kind": "search", "rawInput": {"pattern": "x"}}, "search"),
        ({"kind": "delete", "rawInput": {"path": "a"}}, "write"),
        ({"kind": "fetch", "rawInput": {"url": "https://user@host/"}}, "unknown"),
        ({"kind": "other", "rawInput": {"path": "a"}}, "unknown"),
    ],
    ids=str,
)
def test_only_what_is_plain_is_taken_for_what_it_says(call: dict[str, object], access: str) -> None:
    driven = ready()
    driven.prompt()
    driven.ask(0, {"toolCallId": "c", "title": "t", **call}, YES, NO)
    driven.woken("words c")
    assert driven.all(sc.Ask)[0].request.access == access


def test_a_permission_that_the_agent_takes_back_is_withdrawn_and_answered() -> None:
    driven = ready()
    driven.prompt()
    driven.ask(0, RUN, YES, NO)
    driven.vendor({"method": "$/cancel_request", "params": {"requestId": 0}})
    assert [line.ask for line in driven.all(sc.AskWithdrawn)] == [driven.all(sc.Ask)[0].ask]
    assert driven.answer(0)["error"]["code"] == -32800


def test_an_unknown_request_gets_an_error_and_an_unknown_update_is_left_out() -> None:
    driven = ready()
    driven.vendor({"id": "q1", "method": "craft/drainMidTurnQueue", "params": {}})
    assert driven.sent[-1]["error"]["code"] == -32601
    before = len(driven.told)
    driven.update(sessionUpdate="of_the_future", what=[1, 2])
    driven.raw(b"\xff\xfe{]")
    driven.raw(b"[" * 100_000)
    assert len(driven.told) == before


def test_a_plan_is_one_item_that_changes() -> None:
    driven = ready()
    driven.prompt()
    for status in ("in_progress", "completed"):
        driven.update(sessionUpdate="plan", entries=[{"content": "Look", "status": status}])
    (opened,), (changed,) = driven.all(sc.ItemOpen), driven.all(sc.ItemChange)
    assert bytes(opened.tool.input) == b'{"entries":[{"content":"Look","status":"in_progress"}]}'
    assert bytes(changed.tool.input) == b'{"entries":[{"content":"Look","status":"completed"}]}'
    driven.reply({"stopReason": "end_turn"})
    (closed,) = driven.all(sc.ItemClose)
    assert (closed.text, closed.tool.title) == ("[x] Look", "1 of 1 done")
    assert bytes(closed.tool.input) == bytes(changed.tool.input)


def test_a_very_long_text_comes_in_pieces_that_the_daemon_takes() -> None:
    driven = ready()
    driven.prompt()
    text = "x" * 60_000_000
    driven.update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": text})
    pieces = driven.all(sc.ItemDelta)
    assert sum(len(one.text) for one in pieces) == len(text)
    assert max(len(one.text) for one in pieces) < 1_000_000


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        ({"result": {"stopReason": "max_tokens"}}, "done", ""),
        ({"result": {"stopReason": "refusal"}}, "failed", "refused"),
        ({"result": None}, "done", ""),
        ({"error": {"code": -32000, "message": "Authentication required"}}, "failed", "signed in"),
        ({"error": {"code": -32603, "message": "Internal error: No luck"}}, "failed", "No luck."),
        ({"error": {"code": 1, "message": "", "data": {"details": "why"}}}, "failed", "why."),
    ],
    ids=str,
)
def test_a_turn_ends_in_words(answer: dict[str, object], reason: str, words: str) -> None:
    driven = ready()
    driven.prompt()
    driven.vendor({"id": driven.sent[-1]["id"], **answer})
    (end,) = driven.all(sc.TurnEnd)
    assert end.reason == reason and words in end.error


def test_commands_of_the_agent_become_known_and_a_summary_is_one_of_them() -> None:
    driven = ready()
    rows = [{"name": "compact", "description": "summarise"}]
    driven.update(sessionUpdate="available_commands_update", availableCommands=rows)
    hello = driven.all(sc.Hello)[-1]
    assert hello.capabilities.compact and [row.name for row in hello.commands] == ["compact"]
    driven.line(sc.Compact(9))
    assert driven.sent[-1]["params"]["prompt"][0]["text"] == "/compact"
    driven.update(sessionUpdate="agent_message_chunk", content={"type": "text", "text": "done"})
    driven.update(sessionUpdate="usage_update", used=10, size=100)
    prompt = next(one for one in driven.sent if one.get("method") == "session/prompt")
    driven.vendor({"id": prompt["id"], "result": {"stopReason": "end_turn"}})
    (end,) = driven.all(sc.CompactionEnd)
    assert (end.ok, end.after) == (True, 10)
    assert not driven.all(sc.ItemOpen)


def test_what_the_agent_is_told_is_json_of_one_line() -> None:
    driven = ready()
    driven.prompt(text="two\nlines \u2028 and “more”")
    sent = driven.sent[-1]["params"]["prompt"][0]["text"]
    assert sent == "two\nlines \u2028 and “more”"
    assert json.dumps(sent)
