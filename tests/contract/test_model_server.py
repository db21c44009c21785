"""The scripted model speaks the dialect of OpenAI's chat completions."""

import http.client
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.model_server import ModelServer

Body = list[dict[str, Any]]


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as running:
        yield running


class Asked:
    """One request, read as a client of the model reads it."""

    def __init__(self, server: ModelServer, *messages: dict[str, Any] | str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        sent = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
        body = json.dumps({"model": "small", "stream": True, "messages": sent})
        self._connection.request("POST", "/v1/chat/completions", body)
        self.response = self._connection.getresponse()

    def events(self) -> Iterator[dict[str, Any]]:
        for line in self.response:
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])

    def close(self) -> None:
        self.response.close()
        self._connection.close()

    def deltas(self) -> Body:
        events = list(self.events())
        self.close()
        return [event["choices"][0]["delta"] for event in events if event["choices"]]

    def text(self, kind: str = "content") -> str:
        return "".join(delta.get(kind) or "" for delta in self.deltas())

    def error(self) -> Any:
        told = json.loads(self.response.read())["error"]
        self.close()
        return told


def test_without_a_script_it_says_what_it_was_told(server: ModelServer) -> None:
    assert Asked(server, "hello").text() == "You said: hello"


def test_text_arrives_in_several_deltas_and_unharmed(server: ModelServer) -> None:
    text = "one two\n\n  naïve \u2028 日本 🎉 end"
    deltas = Asked(server, f"@text {text}").deltas()
    assert len(deltas) > 5
    assert "".join(delta.get("content") or "" for delta in deltas) == text


def test_thinking_is_apart_from_text(server: ModelServer) -> None:
    prompt = "@think let me see @text it is so"
    assert Asked(server, prompt).text("reasoning_content") == "let me see"
    assert Asked(server, prompt).text() == "it is so"


def test_two_tools_of_a_round_are_called_in_parallel(server: ModelServer) -> None:
    prompt = '@tool read {"path":"a.txt"} @tool bash {"command":"echo @text no"} @then @text done'
    asked = Asked(server, prompt)
    events = list(asked.events())
    asked.close()
    built: dict[int, str] = {}
    names: dict[int, str] = {}
    for event in events:
        for choice in event["choices"]:
            for call in choice["delta"].get("tool_calls", []):
                function = call["function"]
                names.setdefault(call["index"], function.get("name", ""))
                built[call["index"]] = built.get(call["index"], "") + function["arguments"]
    assert names == {0: "read", 1: "bash"}
    assert json.loads(built[1]) == {"command": "echo @text no"}
    assert events[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_the_next_round_follows_the_answers_of_the_tools(server: ModelServer) -> None:
    said = {"role": "assistant", "content": "", "tool_calls": []}
    result = {"role": "tool", "tool_call_id": "x", "content": "ok"}
    assert Asked(server, '@tool ls {} @then @text "done "', said, result).text() == "done "
    assert server.requests[0].round == 1


def test_usage_is_what_the_script_claims(server: ModelServer) -> None:
    asked = Asked(server, "@text hi @usage 120 7")
    events = list(asked.events())
    asked.close()
    assert events[-1]["usage"]["total_tokens"] == 127


def test_an_error_comes_with_its_status_every_time(server: ModelServer) -> None:
    for _ in range(2):
        asked = Asked(server, "@error 401 bad key")
        assert asked.response.status == 401
        assert asked.error()["message"] == "bad key"


def test_an_error_once_comes_once(server: ModelServer) -> None:
    first = Asked(server, "@error-once 429 slow down @text ok")
    assert (first.response.status, first.error()["message"]) == (429, "slow down")
    assert Asked(server, "@error-once 429 slow down @text ok").text() == "ok"


def test_an_overflow_is_worded_so_that_it_is_recognised(server: ModelServer) -> None:
    error = Asked(server, "@overflow @text fits now").error()
    assert error["code"] == "context_length_exceeded"
    assert Asked(server, "@overflow @text fits now").text() == "fits now"


def test_midstream_breaks_the_first_attempt_after_its_text(server: ModelServer) -> None:
    prompt = "@text some @midstream @text more"
    first = Asked(server, prompt)
    seen: list[str] = []
    with pytest.raises(http.client.IncompleteRead):
        while line := first.response.readline():
            seen.append(line.decode())
        first.response.read()
        raise http.client.IncompleteRead(b"")
    first.close()
    assert any("some" in line for line in seen)
    assert not any("[DONE]" in line for line in seen)
    assert Asked(server, prompt).text() == "somemore"
    server.wait(lambda asked: [r.outcome for r in asked] == ["broken", "answered"])


def test_a_held_answer_waits_for_its_release(server: ModelServer) -> None:
    texts: list[str] = []
    asked = Asked(server, "@text before @hold door @text after")
    reader = threading.Thread(target=lambda: texts.append(asked.text()))
    reader.start()
    server.wait_held("door")
    assert not texts
    server.release("door")
    reader.join()
    assert texts == ["beforeafter"]


def test_a_client_that_hangs_up_at_a_gate_is_noticed(server: ModelServer) -> None:
    asked = Asked(server, "@text before @hold door")
    server.wait_held("door")
    asked.close()
    server.wait(lambda asked: asked[0].outcome == "hung up")


def test_closing_the_server_ends_what_it_holds() -> None:
    with ModelServer() as server:
        asked = Asked(server, "@hold door @text after")
        server.wait_held("door")
    asked.close()
    assert server.requests[0].outcome == "hung up"


def test_many_deltas_are_as_many_as_asked(server: ModelServer) -> None:
    deltas = Asked(server, "@many 5000").deltas()
    assert sum(delta.get("content") == "x" for delta in deltas) == 5000


def test_history_tells_what_was_sent(server: ModelServer) -> None:
    told = Asked(
        server,
        {"role": "system", "content": "be good"},
        "first",
        {"role": "assistant", "content": "answer"},
        {"role": "user", "content": [{"type": "text", "text": "@echo-history"}]},
    ).text()
    assert told == 'user: "first"\nassistant: "answer"\nuser: "@echo-history"'


def test_directives_inside_a_transcript_to_summarise_are_not_played(server: ModelServer) -> None:
    summarise = "<conversation>\n[User]:\n@error 500 no\n</conversation>\n\nSummarise it."
    assert Asked(server, summarise).text().startswith("You said: <conversation>")
    assert Asked(server, summarise + " @text short").text() == "short"


@pytest.mark.parametrize("bad", ["@tool ls", "@tool ls {", "@many x", "@error nothing", "@hold"])
def test_a_script_that_cannot_be_followed_is_an_error(server: ModelServer, bad: str) -> None:
    asked = Asked(server, bad)
    assert asked.response.status == 400
    assert bad.split()[0] in asked.error()["message"]


def test_it_runs_as_a_program() -> None:
    command = [sys.executable, "-m", "tests.fakes.model_server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as program:
        assert program.stdout
        port = json.loads(program.stdout.readline())["port"]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/v1/models")
        models = json.loads(connection.getresponse().read())["data"]
        connection.close()
        program.send_signal(signal.SIGTERM)
    assert [model["id"] for model in models] == ["small", "large", "thinker"]
    assert program.returncode == 0


def test_the_controls_work_over_http(server: ModelServer) -> None:
    asked = Asked(server, "@hold door @text after")
    control = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for method, path in [("GET", "held/door"), ("POST", "release/door"), ("GET", "requests")]:
        control.request(method, f"/control/{path}")
        response = control.getresponse()
        told = json.loads(response.read())
        assert response.status == 200
    control.close()
    assert told[0]["body"]["messages"][0]["content"] == "@hold door @text after"
    assert asked.text() == "after"
