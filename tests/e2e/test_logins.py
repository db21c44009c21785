"""Signing in with the pinned Pi, against a server that plays GitHub. No real host is asked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from tests.daemon.world import Home
from tests.e2e.conftest import pi_environment
from tests.e2e.stage import Stage, made_stage
from tests.fakes.authority import Authority
from tests.fakes.github import CODE, GitHub
from tests.fakes.model_server import ModelServer
from tests.support.commands import Commands

REROUTE = Path(__file__).parents[1] / "fakes/reroute.ts"


on_stage = pytest.mark.usefixtures("stage", "github")


@pytest.fixture(scope="module")
def server() -> Iterator[GitHub]:
    with GitHub() as made:
        yield made


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, server: GitHub) -> Iterator[Stage]:
    """One daemon whose agents ask the server."""
    root = tmp_path_factory.mktemp("stage")
    env = {"BUN_OPTIONS": f"--preload={REROUTE}", "STAND_IN": server.url}
    with made_stage(root, **pi_environment(root), **env) as made:
        yield made


@pytest.fixture
def github(server: GitHub) -> GitHub:
    server.polls = ["authorization_pending", "slow_down", "granted"]
    server.asked.clear()
    return server


@pytest.fixture
def commands(commands: Commands, model: ModelServer) -> Commands:
    return commands


def stored(home: Home) -> dict[str, Any]:
    return dict(json.loads((home.root / "agent/auth.json").read_text()))


def login(commands: Commands, domain: str = "", code: int = exits.DONE) -> str:
    ended = commands.run("provider", "login", "github-copilot", typed=f"{domain}\n", code=code)
    return ended.out + ended.err


@on_stage
def test_a_device_code_signs_in_to_github(commands: Commands, github: GitHub, home: Home) -> None:
    said = login(commands)
    assert f"Open https://github.com/login/device and enter {CODE}" in said
    assert "Signed in to github-copilot." in said
    assert stored(home)["github-copilot"]["type"] == "oauth"
    assert github.asked.count("github.com/login/oauth/access_token") == 3
    row = next(
        row
        for row in commands.run("provider", "list", "--json").json
        if row["id"] == "github-copilot"
    )
    assert row["source"] == "auth.json"


@on_stage
def test_a_person_gets_a_code_for_the_telephone_and_the_page_in_the_browser(
    commands: Commands, github: GitHub, home: Home
) -> None:
    github.polls = ["granted"]
    browser = home.root / "browser"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {browser}.log\n')
    browser.chmod(0o755)
    here: Any = {"BROWSER": str(browser), "SSH_CONNECTION": "", "SSH_CLIENT": "", "SSH_TTY": ""}
    with commands.terminal("provider", "login", "github-copilot", **here) as terminal:
        terminal.expect("(company.ghe.com): ")
        terminal.type("\r")
        assert "▄▄▄▄▄" in terminal.expect(f"Open https://github.com/login/device and enter {CODE}")
        terminal.expect("Signed in to github-copilot.")
        assert terminal.ended()[0] == exits.DONE
    assert browser.with_name("browser.log").read_text() == "https://github.com/login/device\n"


@on_stage
def test_a_sign_in_in_a_seat_takes_its_answers_on_the_line(
    commands: Commands, github: GitHub, home: Home
) -> None:
    github.polls = ["granted"]
    with commands.terminal() as seat:
        seat.enter("/login github-copilot")
        seat.shows("answer ▸")
        seat.type("\r")
        seat.expect(f"and enter {CODE}")
        seat.expect("Signed in to GitHub Copilot.")
        seat.lacks("answer ▸")
    assert stored(home)["github-copilot"]["type"] == "oauth"


@on_stage
def test_an_enterprise_server_is_asked_at_its_own_domain(
    commands: Commands, github: GitHub, home: Home
) -> None:
    github.polls = ["granted"]
    assert "https://git.corp.example/login/device" in login(commands, "git.corp.example")
    assert "git.corp.example/login/device/code" in github.asked
    assert stored(home)["github-copilot"]["enterpriseUrl"] == "git.corp.example"
    assert not [asked for asked in github.asked if asked.startswith("github.com/")]


def test_an_enterprise_server_with_an_authority_of_its_own(
    commands: Commands, home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The certificate is known in the shell of the client, and not in the daemon's."""
    monkeypatch.setenv("BUN_OPTIONS", f"--preload={REROUTE}")
    authority = Authority(tmp_path)
    with GitHub("granted", tls=authority.tls) as server:
        monkeypatch.setenv("STAND_IN", server.url)
        said = login(commands, "git.corp.example", code=exits.FAILED)
        assert "certificate" in said
        assert server.asked == []
        monkeypatch.setenv("NODE_EXTRA_CA_CERTS", str(authority.file))
        assert "Signed in to github-copilot." in login(commands, "git.corp.example")
    assert stored(home)["github-copilot"]["enterpriseUrl"] == "git.corp.example"


@on_stage
@pytest.mark.parametrize("why", ["access_denied", "expired_token"])
def test_a_sign_in_that_is_denied_or_expires_says_so(
    commands: Commands, github: GitHub, home: Home, why: str
) -> None:
    github.polls = [why]
    assert why in login(commands, code=exits.FAILED)
    assert "github-copilot" not in stored(home)


@on_stage
def test_a_domain_that_is_none_is_refused(commands: Commands) -> None:
    said = login(commands, "not a domain", code=exits.FAILED)
    assert "Invalid GitHub Enterprise URL/domain" in said


@on_stage
def test_a_claude_subscription_cannot_be_used(commands: Commands) -> None:
    said = commands.run("provider", "login", "anthropic", code=exits.FAILED).err
    assert "claudette provider set anthropic" in said
