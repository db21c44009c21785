"""Everything that goes wrong is one plain sentence that says what to do, and harms nothing."""

from pathlib import Path

import pytest

from claudetted.harnesses.adapter import EndVendor, Exit
from claudetted.protocol import sidecar as sc
from tests.unit.harnesses.claude.talk import SERVED, Talk


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Talk:
    return Talk(tmp_path, monkeypatch)


def plain(sentence: str, *words: str) -> None:
    assert not set(sentence) & set("{}\n")
    assert all(word in sentence for word in words), sentence


def test_a_program_that_cannot_be_started(talk: Talk) -> None:
    talk.opens()
    talk.dies(-1, error="[Errno 8] Exec format error")
    plain(talk.error(1).message, "cannot be started", "Install it again")


def test_a_program_that_ends_in_its_start(talk: Talk) -> None:
    talk.opens()
    talk.dies(1, "noise\nConfiguration file is corrupted\n")
    plain(talk.error(1).message, "Configuration file is corrupted", "Run `claude` in a terminal")


def test_a_session_that_does_not_resume(talk: Talk) -> None:
    talk.opens()
    talk.hears(
        '{"type":"result","subtype":"error_during_execution","is_error":true,'
        '"errors":["No conversation found with session ID: 1"]}'
    )
    talk.dies(1)
    plain(talk.error(1).message, "claudette reset")


def test_a_session_whose_note_is_gone(talk: Talk) -> None:
    talk.opens(session_path=str(talk.place / "gone.claude.json"))
    plain(talk.error(1).message, "gone.claude.json", "claudette reset")
    assert not talk.started


def test_a_program_that_hangs_in_its_start(talk: Talk) -> None:
    talk.opens()
    talk.wakes()
    plain(talk.error(1).message, "did not answer within", "Run `claude`")
    assert EndVendor(0.0) in talk.said
    talk.dies(-9)
    talk.starts()
    assert len(talk.started) == 2, "Another start may succeed."


def test_a_program_that_does_not_ask(talk: Talk) -> None:
    talk.opens()
    talk.answers('{"hooks_applied": false}')
    plain(talk.error(1).message, "does not let every call be asked about", "npm install")


def test_a_program_that_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    talk = Talk(tmp_path, monkeypatch)
    talk.claude._version = "1.0.44"
    talk.opens()
    error = talk.error(1)
    assert error.name == "HarnessMissing"
    plain(error.message, "1.0.44", "claude update")


def test_a_model_it_does_not_know(talk: Talk) -> None:
    talk.starts(model="claude/opsu")
    error = talk.error(1)
    assert (error.name, error.data["model"]) == ("ModelUnknown", "opsu")
    plain(error.message, "claude/opus")


def test_garbage_and_frames_of_the_future_are_passed_over(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    before = len(talk.said)
    for line in (
        b"not json",
        b'{"type": 5}',
        b'{"type":"a.frame.of.the.future","x":[1,2]}',
        b'{"type":"system","subtype":"new","status":{"a":1}}',
        b"[]",
        b"\xff\xfe",
    ):
        talk.hears(line)
    assert len(talk.said) == before
    talk.hears('{"type":"control_request","request_id":"r","request":{"subtype":"new_wish"}}')
    assert talk.sent[-1]["response"]["subtype"] == "error"


def test_a_death_in_mid_turn_is_the_end_of_the_process(
    talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    talk.starts()
    talk.prompts()
    talk.dies(-9, "out of memory\n")
    assert talk.said[-1] == Exit(1)
    plain(capsys.readouterr().err.strip(), "ended unexpectedly (signal 9)", "out of memory")
    assert not talk.all(sc.TurnEnd), "The daemon knows that the turn is lost."


def test_a_sign_in_that_expires_in_mid_turn(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.hears(
        '{"type":"system","subtype":"api_retry","attempt":1,"max_retries":10,'
        '"retry_delay_ms":500,"error_status":401,"error":"authentication_failed"}'
    )
    assert talk.sent[-1]["request"]["subtype"] == "interrupt"
    talk.hears('{"type":"result","is_error":true,"terminal_reason":"aborted_streaming"}')
    end = talk.one(sc.TurnEnd)
    assert end.reason == "failed"
    plain(end.error, "claude auth login", "401")


def test_a_key_of_a_server_that_is_refused(talk: Talk) -> None:
    talk.starts(model="fake/small", endpoint=SERVED)
    talk.prompts()
    talk.hears(
        '{"type":"system","subtype":"api_retry","error_status":401,"error":"authentication_failed"}'
    )
    talk.hears('{"type":"result","is_error":true,"terminal_reason":"aborted_streaming"}')
    plain(talk.one(sc.TurnEnd).error, "Fake", "claudette backend")


def test_who_is_signed_out(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.hears(
        '{"type":"assistant","error":"authentication_failed","message":{"model":"<synthetic>",'
        '"content":[{"type":"text","text":"Not logged in · Please run /login"}]}}'
    )
    talk.hears('{"type":"result","subtype":"success","is_error":true,"result":"Not logged in"}')
    plain(talk.one(sc.TurnEnd).error, "is not signed in", "claude auth login")
    talk.prompts(turn="T2")
    assert talk.sent[-1]["type"] == "user", "The chat is unharmed."


def test_a_model_that_the_service_does_not_have(talk: Talk) -> None:
    talk.starts()
    talk.prompts()
    talk.plays("no_model")
    plain(talk.one(sc.TurnEnd).error, "has no model", "HTTP 404", "claudette model")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("allowed_warning", ("91%", "this week")),
        ("rejected", ("is reached", "UTC")),
        ("allowed", ()),
    ],
)
def test_limits_of_a_plan(talk: Talk, status: str, words: tuple[str, ...]) -> None:
    talk.starts()
    talk.prompts()
    talk.hears(
        f'{{"type":"rate_limit_event","rate_limit_info":{{"status":"{status}",'
        '"rateLimitType":"seven_day","utilization":0.91,"resetsAt":1796000000}}'
    )
    notices = [line.text for line in talk.all(sc.Notice)]
    assert bool(notices) == bool(words)
    for text in notices:
        plain(text, *words)
