"""Providers with the pinned Pi: who there is, and which credential the next turn would use."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudetted.providers.catalogue import CURATED
from tests.daemon.world import Home
from tests.e2e.conftest import Connect
from tests.fakes.model_server import ModelServer
from tests.support.commands import Commands

on_stage = pytest.mark.usefixtures("stage", "model")


@pytest.fixture
def agent(home: Home, model: ModelServer) -> Path:
    """Pi's own directory."""
    return home.root / "agent"


def rows(commands: Commands) -> dict[str, Any]:
    told = commands.run("provider", "list", "--json").json
    return {row["id"]: row for row in told}


def write_auth(agent: Path, **credentials: Any) -> None:
    (agent / "auth.json").write_text(json.dumps(credentials))


@on_stage
def test_every_provider_of_pi_is_listed_with_its_variable_and_models(commands: Commands) -> None:
    told = rows(commands)
    assert list(told)[: len(CURATED)] == list(CURATED)
    assert len(told) == 44  # Pi's 43 and the one of models.json
    assert told["openrouter"]["variables"] == ["OPENROUTER_API_KEY"]
    assert told["google"]["variables"] == ["GEMINI_API_KEY"]
    assert told["moonshotai-cn"]["variables"] == ["MOONSHOT_API_KEY"]
    assert told["github-copilot"]["ways"] == ["oauth", "api_key", "environment"]
    assert told["anthropic"]["ways"] == ["api_key", "environment"]
    assert told["openrouter"]["models"] > 100
    assert not any(told[provider].get("configured") for provider in CURATED)


def test_the_label_names_the_credential_in_use_and_those_it_overrides(
    commands: Commands, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XAI_API_KEY", "from-the-shell")
    monkeypatch.setenv("GROQ_API_KEY", "from-the-shell")
    models = json.loads((agent / "models.json").read_text())
    models["providers"]["groq"] = {"apiKey": "from-a-file"}
    (agent / "models.json").write_text(json.dumps(models))
    write_auth(agent, xai={"type": "api_key", "key": "shared"})
    told = rows(commands)
    assert (told["xai"]["source"], told["xai"]["overrides"]) == ("auth.json", ["$XAI_API_KEY"])
    assert (told["groq"]["source"], told["groq"]["overrides"]) == (
        "models.json",
        ["$GROQ_API_KEY"],
    )
    assert told["fake"]["source"] == "models.json"
    # A change from outside is seen at the next look.
    write_auth(agent)
    assert rows(commands)["xai"]["source"] == "$XAI_API_KEY"


def test_bug_05_and_06_recipes_of_models_json_count_and_nothing_else_is_shown(
    commands: Commands, agent: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", "from-the-shell")
    models = json.loads((agent / "models.json").read_text())
    models["providers"]["by-command"] = {**models["providers"]["fake"], "apiKey": "!echo key"}
    models["providers"]["deepseek"] = {"apiKey": "a key"}
    (agent / "models.json").write_text(json.dumps(models))
    write_auth(agent, xai={"type": "api_key", "key": "shared"})
    told = rows(commands)
    configured = {one: row["source"] for one, row in told.items() if row.get("configured")}
    assert configured == {
        "by-command": "models.json",
        "deepseek": "models.json",
        "fake": "models.json",
        "groq": "$GROQ_API_KEY",
        "xai": "auth.json",
    }
    found = commands.run("model", "--refresh", "--json").json
    assert {model["provider"] for model in found} == set(configured)


@pytest.mark.skipif(sys.platform != "linux", reason="the mark is Linux's")
@on_stage
def test_a_command_in_pis_configuration_has_the_mark_of_an_agents_process(
    commands: Commands, agent: Path
) -> None:
    limits = agent / "limits"
    models = json.loads((agent / "models.json").read_text())
    key = f"!cp /proc/self/limits {limits}; echo key"
    models["providers"]["by-command"] = {**models["providers"]["fake"], "apiKey": key}
    (agent / "models.json").write_text(json.dumps(models))
    commands.run("ask", "--model", "by-command/small", "hello")
    (found,) = [line for line in limits.read_text().splitlines() if "file locks" in line]
    assert "unlimited" not in found


@on_stage
def test_a_person_sees_what_is_configured_and_where_to_read_on(
    commands: Commands, agent: Path
) -> None:
    write_auth(agent, groq={"type": "api_key", "key": "k"})
    said = commands.run("provider").out
    assert "● groq" in said
    assert "Groq, via auth.json" in said
    assert "○ github-copilot" in said
    assert "2/44 configured" in said
    assert "● fake" in said
    assert "baseten" not in said
    assert "baseten" in commands.run("provider", "list", "--all").out
    docs = commands.run("provider", "docs", "azure-openai-responses").out
    assert docs.endswith("docs/providers.md#azure-openai\n")
    wrong = commands.run("provider", "docs", "opnrouter", code=exits.NOT_FOUND).err
    assert "did you mean openrouter" in wrong


@on_stage
def test_a_broken_models_json_is_told(commands: Commands, agent: Path) -> None:
    (agent / "models.json").write_text("{broken")
    trouble = commands.run("provider", "list", "--json").err
    assert "models.json" in trouble
    assert trouble.strip() in commands.run("provider").out


@on_stage
async def test_latent_L08_a_sign_in_to_nothing_is_refused_and_hurts_nobody(
    connected: Connect,
) -> None:
    client = await connected()
    assert (await client.refused("login/start")).name == "InvalidParams"
    for nobody in ("", "no-such-provider", "../x"):
        refused = await client.refused("login/start", provider=nobody)
        assert refused.name == "ProviderUnknown"
    assert (await client.call("provider/list"))["providers"]
