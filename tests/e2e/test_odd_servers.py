"""Servers that answer in another way than the SDKs expect, with the real Pi: identities of calls,
waits that are asked for, answers that are none, and what stands in between."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudetted.protocol import sidecar as sc
from tests.contract.driver import Sidecar
from tests.daemon.world import Home
from tests.e2e.conftest import PI_HARNESS, SOON
from tests.fakes.canned_model import Canned, CannedModel, page, refused, said, streamed
from tests.fakes.model_server import write_pi_config
from tests.support.commands import Commands
from tests.support.isolation import QUICK_BUN

Launch = Callable[..., tuple[Sidecar, CannedModel]]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Starts Pi with a model that gives these answers."""
    with ExitStack() as stack:

        def made(*answers: Canned, **env: str) -> tuple[Sidecar, CannedModel]:
            model = stack.enter_context(CannedModel(*answers))
            write_pi_config(tmp_path / "agent", model.port)
            (tmp_path / "home").mkdir()
            told = {
                **QUICK_BUN,
                "HOME": os.fspath(tmp_path / "home"),
                "PATH": "/usr/bin:/bin",
                "PI_CODING_AGENT_DIR": os.fspath(tmp_path / "agent"),
                **env,
            }
            sidecar = Sidecar([os.fspath(PI_HARNESS)], told, tmp_path)
            stack.callback(sidecar.close)
            sidecar.start()
            return sidecar, model

        yield made


def call(text: str, **more: Any) -> dict[str, Any]:
    """A call of the shell as a server sends it; without what is left out."""
    function = {"name": "bash", "arguments": json.dumps({"command": f"echo {text}"})}
    return {"type": "function", "function": function, **more}


def outputs(sidecar: Sidecar) -> list[str]:
    return [text.strip() for text in sidecar.texts("tool")]


def notices(sidecar: Sidecar) -> list[str]:
    return [line.text for line in sidecar.all(sc.Notice)]


IDENTITIES = {
    "empty": [
        {"tool_calls": [call("one", index=0, id="")]},
        {"tool_calls": [call("two", index=1, id="")]},
    ],
    "missing, in one piece": [{"tool_calls": [call("one"), call("two")]}],
    "missing, in two pieces": [{"tool_calls": [call("one")]}, {"tool_calls": [call("two")]}],
    "null": [{"tool_calls": [call("one", index=0, id=None), call("two", index=1, id=None)]}],
    "repeated": [{"tool_calls": [call("one", index=0, id="x"), call("two", index=1, id="x")]}],
    "repeated without an index": [{"tool_calls": [call("one", id="x"), call("two", id="x")]}],
    "repeated with its index": [
        {"tool_calls": [call("one", index=0, id="x")]},
        {"tool_calls": [call("two", index=0, id="x")]},
    ],
    "one index": [{"tool_calls": [call("one", index=0, id="y"), call("two", index=0, id="z")]}],
}


def test_two_calls_run_whatever_their_ids_are(launch: Launch) -> None:
    sidecar, model = launch(said("unused"))
    for nth, (case, deltas) in enumerate(IDENTITIES.items(), 1):
        model.answers[:] = [streamed(*deltas, finish="tool_calls"), said("done")]
        assert sidecar.turn("go", case).reason == "done", case
        assert outputs(sidecar) == ["one", "two"] * nth, case
        told = model.asked[-1]["messages"]
        ids = [one["id"] for message in told for one in message.get("tool_calls") or []]
        assert all(ids) and len(set(ids)) == 2 * nth, case
        assert [message["tool_call_id"] for message in told if message["role"] == "tool"] == ids
    assert {line.status for line in sidecar.all(sc.ItemClose)} == {"done"}


def test_an_id_that_an_earlier_answer_used_is_another_call(launch: Launch) -> None:
    again = [streamed({"tool_calls": [call(text, index=0, id="call_0")]}, finish="tool_calls")
             for text in ("one", "two")]  # fmt: skip
    sidecar, model = launch(*again, said("done"))
    assert sidecar.turn("go").reason == "done"
    assert outputs(sidecar) == ["one", "two"]
    ids = [
        one["id"]
        for message in model.asked[2]["messages"]
        for one in message.get("tool_calls") or []
    ]
    assert ids[0] == "call_0" and len(set(ids)) == 2


def test_one_call_in_many_pieces_is_one(launch: Launch) -> None:
    """As most servers send it, and as some do that repeat the name and the id with each piece."""
    whole = json.dumps({"command": "echo one"})
    for repeated in ({}, {"id": "x"}):
        named = {"name": "bash"} if repeated else {}
        pieces = [
            {"tool_calls": [{"index": 0, **repeated, "function": {**named, "arguments": piece}}]}
            for piece in (whole[:4], whole[4:9], whole[9:])
        ]
        head = {"index": 0, "id": "x", "function": {"name": "bash", "arguments": ""}}
        answer = streamed({"tool_calls": [head]}, *pieces, finish="tool_calls")
        if not repeated:
            sidecar, model = launch(answer, said("done"))
        else:
            model.answers[:] = [answer, said("done")]
        assert sidecar.turn("go", "T2" if repeated else "T1").reason == "done"
    assert outputs(sidecar) == ["one", "one"]


def test_a_wait_that_is_asked_for_is_kept_and_told(launch: Launch) -> None:
    sidecar, model = launch(refused(429, "Slow down.", Retry_After="3"), said("here"))
    begun = time.monotonic()
    assert sidecar.turn("go").reason == "done"
    assert time.monotonic() - begun >= 3
    (notice,) = notices(sidecar)
    assert notice.startswith(f"127.0.0.1:{model.port} asks to wait (HTTP 429); trying again at ")
    assert sidecar.texts() == ["here"]


def test_a_long_wait_can_be_stopped(launch: Launch) -> None:
    sidecar, model = launch(refused(503, "Busy.", Retry_After="3000"))
    sidecar.prompt("go")
    sidecar.next(sc.Notice)
    begun = time.monotonic()
    sidecar.abort()
    assert sidecar.end().reason == "stopped"
    assert time.monotonic() - begun < SOON
    assert len(model.asked) == 1


def test_a_wait_of_days_is_told_and_not_kept(launch: Launch) -> None:
    sidecar, _ = launch(refused(429, "Weekly limit reached.", Retry_After=str(3 * 86_400)))
    sidecar.prompt("go")
    sidecar.next(sc.Notice)
    sidecar.abort()
    assert "Weekly limit reached; 127.0.0.1:" in notices(sidecar)[0]
    assert "asks to wait until" in notices(sidecar)[0]


LACKING = [
    (streamed({"content": "Half a sen"}, finish="length"), "length", "was cut off"),
    (streamed({"content": ""}), "empty", "answered with nothing"),
    (streamed({"content": " \n"}), "empty", "check the model and its server's URL"),
    (streamed({"reasoning_content": "Hm."}), "reasoning", "gave no answer"),
]


def test_an_answer_that_is_none_marks_the_turn(launch: Launch) -> None:
    sidecar, model = launch(said("All of it."))
    for nth, (answer, lack, notice) in enumerate(LACKING, 1):
        model.answers[:] = [answer]
        end = sidecar.turn("go", f"lacking {nth}")
        assert (end.reason, end.incomplete) == ("done", lack)
        assert len(notices(sidecar)) == nth
        assert notice in notices(sidecar)[-1]
    model.answers[:] = [said("All of it.")]
    assert sidecar.turn("go", "whole").incomplete == ""
    assert len(notices(sidecar)) == len(LACKING)


def test_a_web_page_is_no_answer(launch: Launch) -> None:
    sidecar, model = launch(page("Welcome to nginx"))
    end = sidecar.turn("go")
    assert end.reason == "failed"
    assert end.error.startswith(
        f"http://127.0.0.1:{model.port}/v1/chat/completions answered with a web page"
    )
    assert "Is that the right URL?" in end.error
    assert len(model.asked) == 1, "trying again does not help"


@pytest.fixture
def refusing() -> Iterator[int]:
    """A port that refuses whoever connects, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


def test_what_runs_here_is_asked_directly_whatever_the_proxy(launch: Launch, refusing: int) -> None:
    proxy = f"http://127.0.0.1:{refusing}"
    sidecar, model = launch(
        said("here"), HTTP_PROXY=proxy, http_proxy=proxy, NO_PROXY="example.org"
    )
    assert sidecar.turn("go").reason == "done"
    assert model.targets == ["/v1/chat/completions"]
    model.answers[:] = [
        streamed({"tool_calls": [{**call("x"), "function": {
            "name": "bash", "arguments": json.dumps({"command": "echo $HTTP_PROXY $NO_PROXY"})
        }}]}, finish="tool_calls"),
        said("done"),
    ]  # fmt: skip
    sidecar.turn("go", "T2")
    assert outputs(sidecar) == [f"{proxy} example.org"], "commands have the user's own"


def test_a_server_that_is_away_is_named_with_the_proxy_in_between(
    launch: Launch, tmp_path: Path, refusing: int
) -> None:
    proxy = f"http://user:secret@127.0.0.1:{refusing}"
    sidecar, _ = launch(said("never"), http_proxy=proxy)
    config = tmp_path / "agent/models.json"
    sidecar.close()
    config.write_text(config.read_text().replace("127.0.0.1", "model.example"))
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "http_proxy": proxy}
    other = Sidecar(
        [os.fspath(PI_HARNESS)], {**env, "PI_CODING_AGENT_DIR": str(tmp_path / "agent")}, tmp_path
    )
    try:
        other.start()
        other.prompt("go")
        told = other.next(sc.Notice).text
        other.abort()
    finally:
        other.close()
    assert "http://model.example:" in told and "/v1/chat/completions cannot be reached" in told
    assert f"through the proxy http://127.0.0.1:{refusing}" in told
    assert "secret" not in told and "the url?" not in told


@pytest.fixture
def commands(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Commands]:
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", os.fspath(PI_HARNESS))
    monkeypatch.setenv("PI_CODING_AGENT_DIR", os.fspath(home.root / "agent"))
    with Commands(home.work) as made:
        yield made


def test_an_incomplete_answer_has_an_exit_code_of_its_own(commands: Commands) -> None:
    cut = streamed({"content": "Half a sen"}, finish="length")
    with CannedModel(cut) as model:
        url = f"http://127.0.0.1:{model.port}"
        commands.run(
            *("backend", "set", "custom-openai", "--runtime", "pi", "--url", url),
            *("--models", "small"),
        )
        chat = commands.new("--model", "custom-openai/small")
        told = commands.run("send", chat, "go", "--wait", code=exits.TURN_INCOMPLETE)
        assert "The answer is incomplete (length)." in told.err
        told = commands.run("wait", chat, "--json", code=exits.TURN_INCOMPLETE)
        assert (told.json["reason"], told.json["incomplete"]) == ("done", "length")
        assert "The answer was cut off" in commands.run("history", chat).out
        model.answers[:] = [said("All of it.")]
        commands.run("send", chat, "go on", "--wait")


def test_what_the_newest_client_carries_is_there_for_the_next_command(
    commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent's process goes on; a client with other variables came meanwhile."""

    def shown(expression: str) -> list[Canned]:
        function = {"name": "bash", "arguments": json.dumps({"command": f"echo {expression}"})}
        calls = [{"index": 0, "id": "x", "function": function}]
        return [streamed({"tool_calls": calls}, finish="tool_calls"), said("done")]

    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/old-agent")
    monkeypatch.setenv("http_proxy", "http://proxy.example:1")
    with CannedModel(*shown("$SSH_AUTH_SOCK $http_proxy")) as model:
        url = f"http://127.0.0.1:{model.port}"
        set_ = ("backend", "set", "custom-openai", "--runtime", "pi", "--models", "small")
        commands.run(*set_, "--url", url)
        chat = commands.new("--model", "custom-openai/small", "--level", "full")
        commands.run("send", chat, "go", "--wait")
        assert "/tmp/old-agent http://proxy.example:1" in commands.run("history", chat).out
        monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/new-agent")
        monkeypatch.setenv("UNRELATED", "no")
        model.answers[:] = shown("$SSH_AUTH_SOCK $http_proxy $UNRELATED.")
        commands.run("send", chat, "go", "--wait")
        history = commands.run("history", chat).out
        assert "/tmp/new-agent http://proxy.example:1 ." in history
        assert "The agent's next commands have the client's SSH_AUTH_SOCK." in history
        assert "SSH_AUTH_SOCK=/tmp/new-agent" in commands.run("env").out
        told = commands.run("env", "show", chat, "--json").json["env"]
        assert (told["SSH_AUTH_SOCK"], "UNRELATED" in told) == ("/tmp/new-agent", False)
        commands.run("send", chat, "go", "--wait")
        assert commands.run("history", chat).out.count("have the client's") == 1
        monkeypatch.delenv("SSH_AUTH_SOCK")
        model.answers[:] = shown("[$SSH_AUTH_SOCK] $http_proxy")
        commands.run("send", chat, "go", "--wait")
        assert "[] http://proxy.example:1" in commands.run("history", chat).out
        assert "SSH_AUTH_SOCK" not in commands.run("env", "show", chat, "--json").json["env"]


def test_of_a_flood_head_and_tail_are_kept_and_only_while_the_turn_runs(
    commands: Commands, home: Home
) -> None:
    flood = "seq 1 3000000; ls -l $TMPDIR | wc -l"
    function = {"name": "bash", "arguments": json.dumps({"command": flood})}
    call = {"index": 0, "id": "x", "function": function}
    look = {"command": "wc -c < $TMPDIR/pi-bash-*.log; head -n 1 $TMPDIR/pi-bash-*.log"}
    second = {"name": "bash", "arguments": json.dumps(look)}
    answers = [
        streamed({"tool_calls": [call]}, finish="tool_calls"),
        streamed(
            {"tool_calls": [{"index": 0, "id": "y", "function": second}]}, finish="tool_calls"
        ),
        said("done"),
    ]
    with CannedModel(*answers) as model:
        url = f"http://127.0.0.1:{model.port}"
        set_ = ("backend", "set", "custom-openai", "--runtime", "pi", "--models", "small")
        commands.run(*set_, "--url", url)
        commands.run("setting", "output_megabytes", "2")
        chat = commands.new("--model", "custom-openai/small", "--level", "full")
        commands.run("send", chat, "go", "--wait")
        told = [str(one["content"]) for one in model.asked[-1]["messages"] if one["role"] == "tool"]
    assert "3000000\n2\n" in told[0], "one file of the agent's own, and none of ours"
    assert "[The output was longer than 2 MB: 20888" in told[0]
    assert "Full output, until this turn ends: " in told[0]
    size, first = told[1].split()[:2]
    assert int(size) < 2_000_200 and first == "1"
    assert list(home.root.rglob("pi-bash-*")) == []
