"""Asking once: what is asked, in which chat, and how it ends."""

import json
import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.commands import ask
from claudette_cli.exits import Failure
from claudette_cli.main import main
from tests.support import pictures
from tests.unit.cli.commands.test_turns import ID, Chat, ended, message
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Faulty, Json


@contextmanager
def stdin(descriptor: int) -> Iterator[None]:
    """Python's standard input and the descriptor under it."""
    with os.fdopen(descriptor) as file, pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.stdin", file)
        yield


@pytest.fixture(autouse=True)
def nothing_is_piped_in() -> Iterator[None]:
    with stdin(os.open("/dev/null", os.O_RDONLY)):
        yield


@contextmanager
def piped(data: bytes) -> Iterator[None]:
    reader, writer = os.pipe()
    os.write(writer, data)
    os.close(writer)
    with stdin(reader):
        yield


def serve(fake: Fake, chat: Chat) -> FakeDaemon:
    return fake(
        chat_create=lambda params: {"chat": {"id": ID}},
        chat_delete=lambda params: {},
        chat_list=lambda params: {"chats": [{"id": ID, "cwd": os.getcwd()}]},
        event_subscribe=chat.subscribe,
        turn_send=chat.send,
        chat_get=chat.get,
    )


def test_a_question_opens_a_chat_and_prints_the_answer_alone(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    chat = Chat(message("four"), ended())
    daemon = serve(fake, chat)
    assert main(["-p", "two", "and", "two?", "--level", "readonly"]) == exits.DONE
    assert capsys.readouterr() == ("four\n", "")
    assert [sent["text"] for sent in chat.sent] == ["two and two?"]
    (created,) = daemon.called("chat/create")
    assert (created["cwd"], created["level"]) == (os.getcwd(), "readonly")
    assert not daemon.called("chat/delete")


def test_it_goes_on_in_the_chat_of_the_directory(fake: Fake) -> None:
    daemon = serve(fake, Chat(ended()))
    assert main(["ask", "-c", "again"]) == exits.DONE
    assert not daemon.called("chat/create")


def test_what_is_to_be_forgotten_is_deleted(fake: Fake) -> None:
    daemon = serve(fake, Chat(ended("failed", error="no luck")))
    assert main(["ask", "x", "--forget"]) == exits.TURN_FAILED
    assert daemon.called("chat/delete") == [{"chatId": ID}]


def test_a_message_that_is_refused_leaves_no_chat(fake: Fake) -> None:
    chat = Chat()

    def refuse(params: Json) -> Json:
        raise Faulty("ModelUnknown", "There is no such model.")

    daemon = serve(fake, chat)
    daemon.handlers["turn/send"] = refuse
    assert main(["ask", "x"]) == exits.FAILED
    assert daemon.called("chat/delete") == [{"chatId": ID}]


def test_as_json_every_event_is_a_line_and_the_last_one_the_answer(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(fake, Chat(message("four"), ended()))
    assert main(["ask", "two and two?", "--json"]) == exits.DONE
    *frames, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [frame["params"]["event"]["type"] for frame in frames] == ["item/closed", "turn/ended"]
    assert (last["chatId"], last["text"], last["turn"]["reason"]) == (ID, "four", "done")


def test_when_the_time_is_over_the_turn_is_stopped(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    chat = Chat()
    daemon = serve(fake, chat)

    def stop(params: Json) -> Json:
        assert chat.line
        chat.line.tell("event", chatId=ID, seq=2, at="", event=ended("stopped"))
        return {"stopped": True}

    daemon.handlers["turn/stop"] = stop
    assert main(["ask", "x", "--timeout", "0.01"]) == exits.TIMED_OUT
    assert "0.01 s" in capsys.readouterr().err


def test_who_is_patient_waits_for_somebody_elses_decision(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"id": "p1", "chatId": ID, "request": {"tool": "bash", "command": "make"}}
    opened = {"type": "permission/opened", "permission": asked}
    serve(fake, Chat(opened, message("done"), ended()))
    assert main(["ask", "x", "--patient"]) == exits.DONE
    assert capsys.readouterr().out == "done\n"


@pytest.mark.parametrize(
    "arguments", [["-c", "--chat", "c"], ["-c", "--forget"], ["-c", "--level", "full"]]
)
def test_what_contradicts_itself_is_refused(fake: Fake, arguments: list[str]) -> None:
    assert main(["ask", "x", *arguments]) == exits.USAGE


def test_what_is_piped_in_comes_after_the_text(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("of a file\n")
    with piped(b"piped\n"):
        assert ask.question(["explain", "this"]) == "explain this\n\npiped\n"
    with piped(b"piped\n"):
        assert ask.question(["before", "-", "after"]) == "before\n\npiped\n\n\nafter"
    with piped(b""):
        assert ask.question([f"@{tmp_path / 'f'}"]) == "of a file\n"


def test_a_pipe_that_is_never_closed_is_mentioned(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = os.pipe()
    real = select.select

    def empty(*arguments: object) -> object:
        monkeypatch.setattr(select, "select", real)
        os.close(writer)
        return [], [], []

    monkeypatch.setattr(select, "select", empty)
    with stdin(reader):
        assert ask.question(["x"]) == "x"
    assert "</dev/null" in capsys.readouterr().err


def test_nothing_to_ask_is_said() -> None:
    with pytest.raises(Failure, match="nothing to ask"):
        ask.question([])


def test_an_image_goes_with_the_question_and_standard_input_with_the_text(
    fake: Fake, tmp_path: Path
) -> None:
    (tmp_path / "shot.png").write_bytes(pictures.PNG)
    chat = Chat(message("seen"), ended())
    serve(fake, chat)
    with piped(b"piped in"):
        assert main(["ask", "look", "--image", str(tmp_path / "shot.png")]) == exits.DONE
    assert chat.sent[0]["text"] == "look\n\npiped in"
    assert [image["name"] for image in chat.sent[0]["images"]] == ["shot.png"]
