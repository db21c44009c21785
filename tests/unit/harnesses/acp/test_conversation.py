"""What opencode and claude-agent-acp really say becomes turns, calls and requests of ours."""

import pytest

from claudetted.protocol import sidecar as sc
from tests.unit.harnesses.acp.replay import WORK, Driven, replay

OPENCODE = "opencode-1.18.33"
CLAUDE = "claude-agent-acp-0.101.0"


@pytest.fixture(params=[("opencode", OPENCODE), ("claude-agent-acp", CLAUDE)], ids=lambda p: p[0])
def played(request: pytest.FixtureRequest) -> Driven:
    like, recording = request.param
    driven = Driven(like, like, **{"a.txt": "one\ntwo\nthree\n"})
    replay(driven, recording)
    return driven


def test_the_session_begins_in_the_mode_that_asks(played: Driven) -> None:
    started = played.started()
    assert started.session_path == "/s/session.json"
    assert played.disk.files["/s/session.json"]
    methods = [one["method"] for one in played.sent if "method" in one][:4]
    assert methods[:2] == ["initialize", "session/new"]


def test_each_turn_ends_once_with_what_it_used(played: Driven) -> None:
    ends = played.all(sc.TurnEnd)
    assert len({end.turn for end in ends}) == len(ends) > 10
    assert ends[0].reason == "done"
    assert ends[0].usage and ends[0].usage.output in (7, 14)
    assert ends[-1].reason == "stopped"


def test_what_it_says_and_thinks_is_there_once() -> None:
    played = Driven("opencode", "opencode")
    replay(played, OPENCODE)
    first = {line.item: line.kind for line in played.all(sc.ItemOpen)[:2]}
    texts = dict.fromkeys(first, "")
    for line in played.all(sc.ItemDelta):
        if line.item in texts:
            texts[line.item] += line.text
    said = {kind: texts[item].strip() for item, kind in first.items()}
    assert said == {"reasoning": "hmm ok", "message": "Hello there."}


def test_every_item_that_opens_closes(played: Driven) -> None:
    opened = [line.item for line in played.all(sc.ItemOpen)]
    closed = [line.item for line in played.all(sc.ItemClose)]
    assert sorted(opened) == sorted(closed)


def test_its_calls_ask_for_what_they_would_do(played: Driven) -> None:
    asked = {(one.request.access, one.request.command) for one in played.all(sc.Ask)}
    assert ("run", "echo hi; exit 3") in asked
    reading = next(one.request for one in played.all(sc.Ask) if one.request.access == "read")
    assert (reading.tool, reading.paths) == ("read", [f"{WORK}/a.txt"])
    editing = next(one.request for one in played.all(sc.Ask) if one.request.access == "edit")
    assert editing.paths == [f"{WORK}/a.txt"]
    assert "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n" in editing.diff
    writing = next(one.request for one in played.all(sc.Ask) if one.request.access == "write")
    assert writing.paths == [f"{WORK}/new.txt"] and "+x\n+y\n" in writing.diff
    fetching = next(one.request for one in played.all(sc.Ask) if one.request.access == "fetch")
    assert fetching.hosts == ["127.0.0.1"]


def test_a_command_that_fails_shows_its_output_and_exit_code(played: Driven) -> None:
    asked = next(one for one in played.all(sc.Ask) if one.request.command == "echo hi; exit 3")
    (closed,) = [one for one in played.all(sc.ItemClose) if one.item == asked.item]
    said = "".join(one.text for one in played.all(sc.ItemDelta) if one.item == asked.item)
    assert closed.tool and (closed.tool.exit_code, closed.status) == (3, "failed")
    assert "hi" in (said or closed.text or "")


def test_a_denied_call_says_why(played: Driven) -> None:
    denied = [one for one in played.all(sc.ItemClose) if one.tool and "denied" in one.tool.error]
    assert [one.status for one in denied] == ["failed"]
    assert denied[0].tool and denied[0].tool.error == "The call was denied. Not now."


def test_a_stop_while_it_asks_withdraws_the_request(played: Driven) -> None:
    assert played.all(sc.AskWithdrawn)


def test_a_file_that_it_wants_us_to_write_is_refused() -> None:
    """opencode asks for it although we do not offer it."""
    driven = Driven("opencode", "opencode")
    replay(driven, OPENCODE)
    errors = [one for one in driven.sent if one.get("error", {}).get("code") == -32601]
    assert errors and "fs/write_text_file" in errors[0]["error"]["message"]


def test_the_replay_of_a_loaded_session_is_left_out() -> None:
    driven = Driven("opencode", "opencode")
    driven.disk.files["/s/session.json"] = '{"agent":"opencode","sessionId":"S","cwd":"/work"}'
    driven.start(path="/s/session.json")
    driven.reply({"protocolVersion": 1, "agentCapabilities": {"loadSession": True}})
    loading = driven.sent[-1]
    assert (loading["method"], loading["params"]["sessionId"]) == ("session/load", "S")
    replayed = Driven("opencode", "opencode")
    replay(replayed, "opencode-1.18.33-load")
    assert not replayed.all(sc.ItemOpen)
