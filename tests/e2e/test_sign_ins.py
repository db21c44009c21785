"""Every way of signing in that Pi has, end to end: a code, a page that leads back, a paste."""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.e2e.conftest import pi_environment
from tests.e2e.stage import Stage, made_stage
from tests.fakes.accounts import CODE, Accounts
from tests.fakes.model_server import ModelServer
from tests.fakes.stand_in import Refuse
from tests.support.commands import Commands, Terminal

REROUTE = Path(__file__).parents[1] / "fakes/reroute.ts"
BACK = "/auth/callback"


on_stage = pytest.mark.usefixtures("stage")


@pytest.fixture(scope="module")
def host() -> str:
    """Where the pages lead back to: of this test run alone, because OpenAI's port is fixed."""
    pid = os.getpid()
    return f"127.{1 + pid // 65536 % 250}.{pid // 256 % 256}.{1 + pid % 255}"


@pytest.fixture(scope="module")
def accounts() -> Iterator[Accounts]:
    with Accounts() as server:
        yield server


@pytest.fixture(scope="module")
def rerouted(host: str, accounts: Accounts) -> dict[str, str]:
    """What leads agents there."""
    env = {"BUN_OPTIONS": f"--preload={REROUTE}", "STAND_IN": accounts.url}
    return env | ({"PI_OAUTH_CALLBACK_HOST": host} if sys.platform == "linux" else {})


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, rerouted: dict[str, str]) -> Iterator[Stage]:
    root = tmp_path_factory.mktemp("stage")
    with made_stage(root, **pi_environment(root), **rerouted) as made:
        yield made


@pytest.fixture
def commands(commands: Commands, model: ModelServer) -> Commands:
    return commands


def stored(home: Home, provider: str) -> dict[str, Any]:
    return dict(json.loads((home.root / "agent/auth.json").read_text())[provider])


def page(terminal: Terminal) -> str:
    """The link that a person is told to open."""
    terminal.expect("Open https://")
    return f"https://{terminal.expect(chr(10)).strip()}"


def led_back(url: str) -> str:
    """Where the page would lead to after its work."""
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    back = asked.get("callback_url") or asked["redirect_uri"]
    return f"{back}?code=granted&state={asked.get('state', '')}&client_id=issued"


def visit(url: str, host: str) -> None:
    """As the browser does that was led back."""
    place = urlsplit(url)
    near = host if sys.platform == "linux" else place.hostname
    with urllib.request.urlopen(place._replace(netloc=f"{near}:{place.port}").geturl()) as answer:
        assert answer.status == 200


def done(terminal: Terminal, provider: str) -> None:
    terminal.expect(f"Signed in to {provider}.")
    assert terminal.ended()[0] == exits.DONE


@on_stage
def test_device_codes_sign_in_and_a_refusal_is_told(
    commands: Commands, accounts: Accounts, home: Home
) -> None:
    for provider in ("xai", "meta"):
        said = commands.run("provider", "login", provider).out
        assert f"?code={CODE} and enter {CODE}" in said
        assert f"Signed in to {provider}." in said
        assert stored(home, provider)["type"] == "oauth"
    rows = commands.run("provider", "list", "--json").json
    sources = {row["id"]: row.get("source") for row in rows}
    assert (sources["xai"], sources["meta"]) == ("auth.json", "auth.json")
    accounts.refusals["auth.x.ai/oauth2/token"] = Refuse(400, {"error": "access_denied"})
    assert "was denied" in commands.run("provider", "login", "xai", code=exits.FAILED).err
    accounts.refusals.clear()


@on_stage
def test_a_choice_is_made_by_number_and_a_wrong_one_asked_again(
    commands: Commands, home: Home
) -> None:
    said = commands.run("provider", "login", "openai-codex", typed="7\n2\n").out
    assert "  1  Browser login (default)" in said
    assert said.count("Select OpenAI Codex login method: ") == 2
    assert f"Open https://auth.openai.com/codex/device and enter {CODE}" in said
    assert stored(home, "openai-codex")["accountId"] == "account"


@on_stage
def test_a_page_that_leads_back_ends_the_wait_for_a_paste(
    commands: Commands, home: Home, host: str
) -> None:
    for provider in ("openai", "openrouter"):
        with commands.terminal("provider", "login", provider) as terminal:
            url = page(terminal)
            terminal.expect("redirect URL here (")
            visit(led_back(url), host)
            done(terminal, provider)
        assert stored(home, provider)["type"] == "oauth"


@on_stage
def test_a_machine_without_a_browser_is_given_what_another_one_shows(
    commands: Commands, home: Home
) -> None:
    for provider in ("openai", "openai-codex", "openrouter"):
        with commands.terminal("provider", "login", provider) as terminal:
            if provider == "openai-codex":
                terminal.expect("login method: ")
                terminal.type("\r")
            url = page(terminal)
            terminal.expect("redirect URL here (")
            terminal.type(led_back(url) + "\r")
            done(terminal, provider)
        assert stored(home, provider)["type"] == "oauth"


@on_stage
def test_a_script_without_input_waits_for_the_page(
    commands: Commands, home: Home, host: str
) -> None:
    with commands.started("provider", "login", "openrouter") as out:
        line = next(line for line in iter(out.readline, b"") if line.startswith(b"Open "))
        visit(led_back(line.decode().split()[1]), host)
        assert b"Signed in to openrouter." in out.read()
    assert stored(home, "openrouter")["access"] == "sk-or-granted"


def test_a_page_of_another_sign_in_is_refused_and_leaving_gives_up(
    commands: Commands, rerouted: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in rerouted.items():
        monkeypatch.setenv(name, value)
    with commands.terminal("provider", "login", "openai") as terminal:
        page(terminal)
        terminal.expect("redirect URL here (")
        terminal.type(f"http://127.0.0.1:1455{BACK}?code=c&state=forged&client_id=x\r")
        code, said = terminal.ended()
    assert code == exits.FAILED
    assert "state mismatch" in said
    with commands.terminal("provider", "login", "openrouter") as terminal:
        page(terminal)
        terminal.expect("redirect URL here (")
        terminal.type("\x03")
        assert terminal.ended()[0] == exits.INTERRUPTED
    states = [login["state"] for login in commands.run("rpc", "login/list").json["logins"]]
    assert states == ["failed", "failed"]
