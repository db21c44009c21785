"""The first lines of a chat that nobody has used."""

from typing import Any

import pytest

from claudette_cli.attach.welcome import Found, lines
from claudette_cli.terminal.output import columns

PI = {"id": "pi", "name": "Pi"}
CLAUDE = {"id": "claude", "name": "Claude Code"}
CODEX = {"id": "codex", "name": "Codex", "missing": "Codex is not installed."}
AGENTS = [PI, CLAUDE, CODEX]


def model(group: str, **more: Any) -> dict[str, Any]:
    return {"id": f"{group}/m", "group": group, "usable": True, **more}


def server(name: str, *models: str) -> dict[str, Any]:
    return {"backend": {"name": name}, "ok": bool(models), "models": list(models)}


def fresh() -> Found:
    """A machine on which nothing can be used yet."""
    return Found(
        agents=AGENTS,
        asked={"claude": {"version": "2.1.332", "signedIn": False}},
        providers=[{"id": "openrouter"}],
        models={"models": [model("OpenAI", usable=False)]},
        servers={"ollama": server("Ollama"), "lmstudio": server("LM Studio")},
    )


def shown(found: Found, width: int = 80) -> list[str]:
    return [row for _, row in lines(found, width)]


def test_a_fresh_machine_is_told_what_is_there_and_how_to_begin() -> None:
    assert shown(fresh()) == [
        "agents   Pi, which comes along · Claude Code 2.1.332, not signed in · no Codex",
        "models   none that can be used yet",
        "local    Ollama does not run · LM Studio does not run",
        "keys     none",
        "One of these, and you can begin:",
        "  /key openrouter        store a key of OpenRouter's; /key shows whose else",
        "  /login github-copilot  sign in with a Copilot subscription; /login lists oth…",
        "  !ollama pull qwen3     once Ollama runs (https://ollama.com); found by itself",
        "  /login claude          sign in to Claude Code, for a chat with it",
    ]


def test_what_can_be_used_is_counted_and_what_comes_next_is_said() -> None:
    found = fresh()
    found.providers = [{"id": "openrouter", "configured": True, "source": "auth.json"}]
    found.models = {
        "models": [model("OpenRouter"), model("OpenRouter"), model("Ollama", backend="ollama")],
        "default": "openrouter/x",
    }
    found.asked["claude"] = {"version": "2.1.332"}
    found.servers["ollama"] = server("Ollama", "qwen3")
    assert shown(found, 120)[1:] == [
        "models   2 of OpenRouter, 1 of Ollama; this chat begins with openrouter/x",
        "local    Ollama: 1 model · LM Studio does not run",
        "keys     openrouter (auth.json)",
        "Write a message. /model picks a model, @ names a file, ! runs a command, /help more.",
    ]


def test_a_signed_in_agent_and_a_server_without_models_are_ways_to_begin() -> None:
    found = fresh()
    found.asked["claude"] = {"version": "2.1.332"}
    found.servers["ollama"] = {"backend": {"name": "Ollama"}, "ok": True}
    rows = shown(found)
    assert "  !ollama pull qwen3     get a model that can call tools" in rows
    assert "  /new claude            a chat with Claude Code" in rows


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_chat_of_another_agent_is_told_of_its_sign_in(signed_in: bool) -> None:
    found = fresh()
    found.harness = "claude"
    found.asked["claude"] = {"version": "2", "signedIn": signed_in}
    *_, last = shown(found)
    assert last.startswith("Write a message." if signed_in else "/login claude signs in")


@pytest.mark.parametrize("width", [30, 40, 80, 120])
def test_it_is_short_and_fits(width: int) -> None:
    found = fresh()
    rows = shown(found, width)
    assert all(columns(row) < width for row in rows)
    assert width < 80 or len(rows) <= 12


def test_what_is_not_known_yet_is_not_guessed() -> None:
    assert shown(Found()) == ["agents   …", "models   …", "local    …", "keys     …"]
