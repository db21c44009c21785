"""Sending: which text, what is waited for, and how it ends."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudette_cli.commands.turns import decoded, text_of
from claudette_cli.exits import Failure
from claudette_cli.main import main
from tests.support import pictures
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json, Line

ID = "c" * 12


class Chat:
    """Plays one chat whose next turn goes as the test says."""

    def __init__(self, *events: Json, permissions: list[Json] | None = None) -> None:
        self.events = events
        self.permissions = permissions or []
        self.sent: list[Json] = []
        self.line: Line | None = None

    def subscribe(self, params: Json, line: Line) -> Json:
        self.line = line
        snapshot = {"chat": {"id": ID}, "seq": 1, "cursor": "j.1"}
        return {"snapshot": snapshot | {"permissions": self.permissions}}

    def send(self, params: Json) -> Json:
        self.sent.append(params)
        for seq, event in enumerate(self.events, 2):
            assert self.line, "sent before it was followed"
            self.line.tell("event", chatId=ID, seq=seq, at="", event=event)
        queued = any(event["type"] == "queue/changed" for event in self.events)
        return {"turnId": "t", "state": "queued" if queued else "running"}

    def get(self, params: Json) -> Json:
        return {"chat": {"id": ID}}


def message(text: str, **more: Any) -> Json:
    item = {"id": "m", "kind": "message", "status": "done", "turnId": "t", "text": text}
    return {"type": "item/closed", "item": item | more}


def ended(reason: str = "done", **more: Any) -> Json:
    turn = {"id": "t", "chatId": ID, "state": "ended", "reason": reason, **more}
    return {"type": "turn/ended", "turn": turn, "reason": reason}


def run(fake: Fake, chat: Chat, *arguments: str) -> int:
    fake(event_subscribe=chat.subscribe, turn_send=chat.send, chat_get=chat.get)
    return main(["send", ID, *arguments])


def test_in_a_pipe_it_tells_the_turn_and_returns(
    fake: Fake, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    chat = Chat()
    assert run(fake, chat, "hello", "--when", "steer", "--key", "k") == exits.DONE
    assert capsys.readouterr().out == "t\n"
    (sent,) = chat.sent
    env = sent.pop("env")
    assert env["SSH_AUTH_SOCK"] == "/agent" and "PATH" not in env
    assert sent == {"chatId": ID, "text": "hello", "key": "k", "when": "steer"}


@pytest.mark.parametrize("options", [("--no-wait",), ("--wait",)])
def test_the_answer_to_a_command_is_printed_and_nothing_is_waited_for(
    fake: Fake, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    chat = Chat()
    sent: list[Json] = []

    def send(params: Json) -> Json:
        sent.append(params)
        return {"turnId": None, "state": "command", "command": "/usage", "text": "Much."}

    fake(event_subscribe=chat.subscribe, turn_send=send, chat_get=chat.get)
    assert main(["send", ID, "/usage", *options]) == exits.DONE
    assert capsys.readouterr().out == "Much.\n"
    assert main(["send", ID, "/usage", "--literal", *options]) == exits.DONE
    assert [params.get("literal", False) for params in sent] == [False, True]


def test_waiting_prints_the_answer_and_nothing_else(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    withdrawn = message("oops", status="discarded")
    other = message("not ours", turnId="x")
    chat = Chat(message("one"), withdrawn, other, message("two"), ended())
    assert run(fake, chat, "hello", "--wait") == exits.DONE
    assert capsys.readouterr().out == "one\n\ntwo\n"


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("failed", exits.TURN_FAILED),
        ("stopped", exits.TURN_STOPPED),
        ("lost", exits.TURN_LOST),
    ],
)
def test_the_exit_code_tells_how_the_turn_ended(
    fake: Fake, capsys: pytest.CaptureFixture[str], reason: str, code: int
) -> None:
    assert run(fake, Chat(ended(reason, error="no luck")), "hello", "--wait") == code
    assert capsys.readouterr().err == f"The turn ended {reason}: no luck\n"


def test_a_permission_that_nobody_can_answer_ends_the_wait(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"id": "p1", "chatId": ID, "request": {"tool": "bash", "command": "make"}}
    chat = Chat({"type": "permission/opened", "permission": asked})
    assert run(fake, chat, "hello", "--wait") == exits.ASKED
    said = capsys.readouterr().err
    assert "bash make" in said
    assert "claudette approve p1" in said


def test_json_has_the_turn_and_the_text(fake: Fake, capsys: pytest.CaptureFixture[str]) -> None:
    run(fake, Chat(message("one"), message("two"), ended()), "hello", "--wait", "--json")
    told = json.loads(capsys.readouterr().out)
    assert (told["turn"]["reason"], told["text"]) == ("done", "one\n\ntwo")


def test_a_message_that_steers_is_watched_to_the_end_of_its_turn(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    steered = {"type": "turn/steered", "turn": {"id": "t", "steers": "running"}}
    end = ended() | {"turn": {"id": "running", "chatId": ID, "state": "ended", "reason": "done"}}
    chat = Chat(steered, message("for both", turnId="running"), end)
    assert run(fake, chat, "left", "--wait") == exits.DONE
    assert capsys.readouterr().out == "for both\n"


def test_a_message_removed_from_the_queue_ends_the_wait(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    queued = {"type": "queue/changed", "entries": [{"turnId": "t", "text": "x"}]}
    chat = Chat(queued, {"type": "queue/changed", "entries": []})
    assert run(fake, chat, "hello", "--wait") == exits.TURN_STOPPED
    assert "removed from the queue" in capsys.readouterr().err


def test_texts_come_from_files_and_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("from a file\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"piped")))
    assert text_of(f"@{tmp_path / 'f'}") == "from a file\n"
    assert text_of("-") == "piped"
    assert text_of("plain") == "plain"


@pytest.mark.parametrize(
    ("encoding", "text"), [("utf-8", None), ("ascii", None), ("latin-1", "\u00e9t\u00e9")]
)
def test_a_text_may_be_in_the_encoding_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, encoding: str, text: str | None
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    assert decoded("\u00e9t\u00e9".encode(), "stdin") == "\u00e9t\u00e9"
    if text is None:
        with pytest.raises(Failure, match="iconv"):
            decoded(b"\xe9t\xe9", "stdin")
    else:
        assert decoded(b"\xe9t\xe9", "stdin") == text
    with pytest.raises(Failure, match="only text can be sent"):
        decoded(b"\xe9\0", "stdin")


@pytest.mark.parametrize(
    ("content", "said"), [(b"\xff", "not UTF-8"), (b"  \n", "empty"), (None, "pipe it in")]
)
def test_a_text_that_cannot_be_sent_is_explained(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "f").write_bytes(content)
    with pytest.raises(Failure, match=said) as failed:
        text_of(f"@{tmp_path / 'f'}")
    assert failed.value.code == exits.USAGE


def test_images_go_with_the_message_and_a_bad_one_keeps_it_back(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one.png", "two.png"):
        (tmp_path / name).write_bytes(pictures.PNG)
    (tmp_path / "bad.png").write_bytes(b"")
    paths = [f"--image={tmp_path / name}" for name in ("one.png", "two.png")]
    chat = Chat(message("seen"), ended())
    assert run(fake, chat, "look", *paths, "--wait") == exits.DONE
    (sent,) = chat.sent
    assert [image["name"] for image in sent["images"]] == ["one.png", "two.png"]
    assert main(["send", ID, "look", f"--image={tmp_path / 'bad.png'}"]) == exits.USAGE
    assert "bad.png is empty" in capsys.readouterr().err
    assert chat.sent == [sent]
