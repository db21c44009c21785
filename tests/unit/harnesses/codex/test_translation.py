"""Lines of Codex become ours as they did when they were recorded; odd ones harm nothing."""

from typing import Any

import pytest

from tests.unit.harnesses.codex.talk import Json, Talk, recording

CLOCK = ("durationMs", "pid", "digest")
"""What depends on when and where it was recorded."""


def timeless(done: Any) -> Any:
    if isinstance(done, dict):
        return {name: timeless(value) for name, value in done.items() if name not in CLOCK}
    return [timeless(one) for one in done] if isinstance(done, list) else done


@pytest.mark.parametrize("name", ["work", "stops"])
def test_what_was_recorded_is_said_again(name: str) -> None:
    talk = Talk()
    for number, step in enumerate(recording(name)):
        done = talk.give(step["given"])
        assert timeless(done) == timeless(step["then"]), f"line {number + 1} of {name}"


def prompt(talk: Talk, turn: str = "T1") -> Json:
    """A turn begins, as Codex names it `V1`: what it was begun with."""
    [sent] = talk.line("prompt", id=50, turn=turn, text="hello")
    number = sent["toVendor"]["id"]
    talk.give({"vendorLine": {"id": number, "result": {"turn": {"id": "V1"}}}})
    thread = sent["toVendor"]["params"]["threadId"]
    talk.told("turn/started", threadId=thread, turn={"id": "V1", "status": "inProgress"})
    params: Json = sent["toVendor"]["params"]
    return params


def thread_of(talk: Talk) -> str:
    path = str(next(iter(talk.notes)))
    return path.rpartition("/")[2].removesuffix(".codex.json")


def completed(talk: Talk, **turn: Any) -> None:
    told = {"id": "V1", "status": "completed", **turn}
    talk.told("turn/completed", threadId=thread_of(talk), turn=told)


def hooked(talk: Talk, name: str, given: Json, caller: int = 1, call: str = "c1") -> list[Json]:
    question = {
        "tool_name": name,
        "tool_use_id": call,
        "tool_input": given,
        "cwd": "/chat/work",
        "session_id": thread_of(talk),
    }
    return talk.give({"caller": caller, "question": question})


def test_every_turn_asks_and_only_readonly_has_a_sandbox() -> None:
    talk = Talk().opened()
    sandboxes = []
    for level in ("standard", "confined", "full", "readonly"):
        talk.line("configure", id=51, level=level)
        sent = prompt(talk)
        assert sent["approvalPolicy"] == "untrusted"
        sandboxes.append(sent["sandboxPolicy"]["type"])
        completed(talk)
    assert sandboxes == [*["dangerFullAccess"] * 3, "readOnly"]


@pytest.mark.parametrize(
    "line",
    [
        b"Segmentation fault",
        b'{"method": "a/line/of/the/future", "params": {"x": 1}}',
        b'{"method": "item/started", "params": {"item": 7}}',
        b'{"id": 9000, "result": null}',
        b"[]",
    ],
)
def test_a_line_that_is_not_understood_changes_nothing(line: bytes) -> None:
    talk = Talk().opened()
    assert talk.raw(line) == []
    prompt(talk)
    completed(talk)
    assert talk.last_said("turn.end")["reason"] == "done"


def test_a_request_that_is_not_known_is_answered() -> None:
    talk = Talk().opened()
    [answer] = talk.asked(0, "item/of/the/future", threadId="t")
    assert answer["toVendor"]["id"] == 0
    assert answer["toVendor"]["error"]["message"]


def test_an_item_of_a_new_kind_is_shown_by_its_name() -> None:
    talk = Talk().opened()
    prompt(talk)
    item = {"id": "x1", "type": "holodeck"}
    talk.told("item/started", item=item, threadId=thread_of(talk))
    talk.told("item/completed", item=item, threadId=thread_of(talk))
    assert talk.last_said("item.open")["tool"]["name"] == "holodeck"
    assert talk.last_said("item.close")["item"] == talk.last_said("item.open")["item"]


def test_a_start_that_hangs_is_given_up_in_one_sentence() -> None:
    talk = Talk()
    talk.give({"begun": True})
    talk.line("start", id=1, chat="c", cwd="/w", sessionDir="/s", tempDir="/t")
    assert talk.woken("start")[-1] == {"does": "EndVendor"}
    assert "did not answer within 60 s" in talk.refusal()
    talk.ended(-9)
    talk.line("prompt", id=2, turn="T1", text="hello")
    assert "did not answer" in talk.refusal()


@pytest.mark.parametrize(
    ("stderr", "error", "said"),
    [
        ('Error: approval_policy = "untrusted" is no longer supported', "", "remove the line"),
        ("\x1b[31mError: out of luck.\x1b[0m", "", "started: out of luck. Run `codex`"),
        ("", "No such file", "could not be started: No such file."),
        ("", "", "exit code 7"),
    ],
)
def test_a_program_that_ends_at_once_is_explained(stderr: str, error: str, said: str) -> None:
    talk = Talk()
    talk.give({"begun": True})
    talk.ended(7, stderr, error)
    assert talk.says[0]["type"] == "hello"
    talk.line("start", id=1, chat="c", cwd="/w", sessionDir="/s", tempDir="/t")
    assert said in talk.refusal()


def test_a_program_that_dies_in_a_session_takes_the_adapter_with_it() -> None:
    talk = Talk().opened()
    prompt(talk)
    assert talk.ended(-9) == [{"does": "Exit"}]


def test_a_codex_without_the_hook_runs_at_full_only() -> None:
    for level, fine in (("standard", False), ("full", True)):
        talk = Talk()
        for step in recording("work"):
            given = step["given"]
            if "line" in given and given["line"]["type"] == "start":
                given["line"]["level"] = level
            result = given.get("vendorLine", {}).get("result", {})
            if "data" in result:
                result["data"] = []
            talk.give(given)
            if talk.says and talk.says[-1]["type"] == "reply":
                break
        told = talk.last_said("reply")
        assert ("error" not in told) is fine
        assert fine or "does not ask before each call" in told["error"]["message"]


@pytest.mark.parametrize(("version", "told"), [("0.171.9", 0), ("0.999.0", 1)])
def test_a_version_that_was_not_tested_runs_with_a_notice(version: str, told: int) -> None:
    talk = Talk()
    for step in recording("work"):
        result = step["given"].get("vendorLine", {}).get("result", {})
        if "userAgent" in result:
            result["userAgent"] = result["userAgent"].replace("0.171.0", version)
        talk.give(step["given"])
    notices = [line["text"] for line in talk.says if line["type"] == "notice"]
    assert len([text for text in notices if f"Codex {version}" in text]) == told
    assert talk.last_said("turn.end")["reason"] == "done"


def test_what_passed_the_hook_is_not_asked_about_again() -> None:
    talk = Talk().opened()
    prompt(talk)
    hooked(talk, "Bash", {"command": "touch a"})
    ask = talk.last_said("ask")
    assert ask["request"]["command"] == "touch a"
    [_, verdict] = talk.line("decide", ask=ask["ask"], allow=True)
    assert verdict == {"answerCaller": 1, "verdict": {}}
    request = {"itemId": "c1", "command": "/bin/bash -lc 'touch a'", "cwd": "/chat/work"}
    [answer] = talk.asked(0, "item/commandExecution/requestApproval", threadId="t", **request)
    assert answer["toVendor"] == {"id": 0, "result": {"decision": "accept"}}


def test_another_command_than_the_allowed_one_asks() -> None:
    talk = Talk().opened()
    prompt(talk)
    hooked(talk, "Bash", {"command": "touch a"})
    talk.line("decide", ask=talk.last_said("ask")["ask"], allow=True)
    request = {"itemId": "c1", "command": "/bin/bash -lc 'touch b'", "cwd": "/chat/work"}
    talk.asked(3, "item/commandExecution/requestApproval", threadId="t", **request)
    ask = talk.last_said("ask")
    assert ask["request"]["command"] == "touch b"
    *_, answer = talk.line("decide", ask=ask["ask"], allow=False, reason="no")
    assert answer["toVendor"] == {"id": 3, "result": {"decision": "decline"}}


def test_a_call_that_codex_gives_up_asks_no_longer() -> None:
    talk = Talk().opened()
    prompt(talk)
    hooked(talk, "Bash", {"command": "touch a"})
    name = talk.last_said("ask")["ask"]
    assert talk.give({"callerLeft": 1}) == [{"says": {"type": "ask.withdrawn", "ask": name}}]
    assert talk.line("decide", ask=name, allow=True) == []


@pytest.mark.parametrize("name", ["multi_agent_v1wait_agent", "update_plan"])
def test_what_stays_within_codex_needs_nobody(name: str) -> None:
    talk = Talk().opened()
    prompt(talk)
    assert hooked(talk, name, {}) == [{"answerCaller": 1, "verdict": {}}]


def test_a_tool_of_a_server_is_asked_about_whatever_its_name() -> None:
    talk = Talk().opened()
    prompt(talk)
    hooked(talk, "mcp__any__update_plan", {})
    assert talk.last_said("ask")["request"]["tool"] == "mcp__any__update_plan"


def test_a_question_of_codex_is_a_question_to_a_person() -> None:
    talk = Talk().opened()
    prompt(talk)
    options = [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": ""}]
    asked = {"id": "q", "question": "Which?", "header": "Colour", "options": options}
    talk.asked(4, "item/tool/requestUserInput", threadId="t", questions=[asked])
    inquiry = talk.last_said("inquiry")
    assert (inquiry["title"], [one["id"] for one in inquiry["options"]]) == (
        "Which?",
        ["Red", "Blue"],
    )
    [answer] = talk.line("inform", inquiry=inquiry["inquiry"], value="Blue")
    assert answer["toVendor"]["result"] == {"answers": {"q": {"answers": ["Blue"]}}}


def test_a_limit_that_is_near_is_told_once() -> None:
    talk = Talk().opened()
    for used in (10, 91, 95):
        window = {"usedPercent": used, "windowDurationMins": 300}
        talk.told("account/rateLimits/updated", rateLimits={"primary": window})
    notices = [line["text"] for line in talk.says if line["type"] == "notice"]
    assert notices == ["The Codex account has used 91 % of its limit of 5 h."]


def test_a_plan_is_shown_whole() -> None:
    talk = Talk().opened()
    prompt(talk)
    steps = [{"step": "look", "status": "completed"}, {"step": "fix", "status": "pending"}]
    steps.append({"step": "test", "status": "inProgress"})
    talk.told("turn/plan/updated", plan=steps, explanation="So:")
    closed = talk.last_said("item.close")
    assert closed["text"] == "So:\n[x] look\n[ ] fix\n[~] test"
    assert closed["tool"]["input"]["entries"] == [
        {"content": "look", "status": "completed"},
        {"content": "fix", "status": "pending"},
        {"content": "test", "status": "in_progress"},
    ]


def test_what_only_a_start_teaches_it_begins_it_anew_before_the_next_turn() -> None:
    talk = Talk().opened()
    talk.line("environment", env={"SSH_AUTH_SOCK": "/new"})
    assert talk.line("prompt", id=50, turn="T1", text="hello") == [{"does": "EndVendor"}]
    started, _, asked = talk.ended(0)
    assert (started["does"], asked["toVendor"]["method"]) == ("StartVendor", "initialize")


def test_a_turn_that_it_begins_by_itself_is_stopped() -> None:
    talk = Talk().opened()
    [notice, asked] = talk.told("turn/started", threadId=thread_of(talk), turn={"id": "V9"})
    assert notice["says"]["text"].startswith("Codex began to work by itself")
    assert (asked["toVendor"]["method"], asked["toVendor"]["params"]["turnId"]) == (
        "turn/interrupt",
        "V9",
    )


def test_an_agent_of_the_second_kind_is_shown_under_the_call_that_began_it() -> None:
    talk = Talk().opened()
    prompt(talk)
    began = {"type": "subAgentActivity", "kind": "started", "agentThreadId": "T9"}
    for method in ("item/started", "item/completed"):
        item = {**began, "id": "c1", "agentPath": "/root/one"}
        talk.told(method, threadId=thread_of(talk), item=item)
    call = talk.last_said("item.open")
    talk.told("item/agentMessage/delta", threadId="T9", itemId="m1", delta="hi")
    assert talk.last_said("item.open")["parent"] == call["item"]
    known = len(talk.says)
    over = {**began, "kind": "completed", "id": "subagent-completed-1", "agentPath": "/root/one"}
    for method in ("item/started", "item/completed"):
        talk.told(method, threadId=thread_of(talk), item=over)
    assert len(talk.says) == known


def test_a_turn_is_over_when_the_agents_that_it_has_started_are_done_or_gone() -> None:
    for end in ("turn/completed", "thread/closed"):
        talk = Talk().opened()
        prompt(talk)
        talk.told("turn/started", threadId="T9", turn={"id": "V2"})
        completed(talk)
        assert not [line for line in talk.says if line["type"] == "turn.end"]
        talk.told(end, threadId="T9", turn={"id": "V2", "status": "completed"})
        assert talk.last_said("turn.end")["reason"] == "done"


def refuses(talk: Talk, **more: Any) -> list[Json]:
    """Codex tells that OpenAI does not know who it is."""
    error = {"message": "Your token has expired.", "codexErrorInfo": "unauthorized"}
    return talk.told("error", error=error, threadId=thread_of(talk), turnId="V1", **more)


@pytest.mark.parametrize("status", ["interrupted", "failed"])
def test_a_refused_sign_in_ends_the_turn_at_the_first_attempt(status: str) -> None:
    talk = Talk().opened()
    prompt(talk)
    [stopped] = refuses(talk, willRetry=True)
    assert stopped["toVendor"]["method"] == "turn/interrupt"
    refuses(talk, willRetry=False)
    completed(talk, status=status)
    end = talk.last_said("turn.end")
    told = "Your token has expired. Check the key of fake in Codex's configuration."
    assert (end["reason"], end["error"]) == ("failed", told)
    assert not [line for line in talk.says if line["type"] == "notice"]


def test_the_turn_after_a_refused_sign_in_begins_with_what_codex_knows_then() -> None:
    talk = Talk().opened("openai")
    prompt(talk)
    refuses(talk, willRetry=False)
    completed(talk, status="failed")
    assert "claudette provider login codex" in talk.last_said("turn.end")["error"]
    assert talk.line("prompt", id=60, turn="T2", text="again") == [{"does": "EndVendor"}]


def test_a_stop_after_a_refused_sign_in_is_a_stop() -> None:
    talk = Talk().opened()
    prompt(talk)
    refuses(talk, willRetry=True)
    talk.line("abort", id=60)
    completed(talk, status="interrupted")
    number = next(one["toVendor"]["id"] for one in talk.then if "toVendor" in one)
    talk.give({"vendorLine": {"id": number, "result": {"data": []}}})
    assert talk.last_said("turn.end")["reason"] == "stopped"
