"""Providers on the command line: keys come from stdin, and values are never printed."""

import io
from pathlib import Path
from typing import Any

import pytest

from claudette_cli import exits
from claudette_cli.commands import providers
from claudette_cli.exits import Failure
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import FakeDaemon, Json

ROW = {
    "id": "openrouter",
    "name": "OpenRouter",
    "kind": "api_key",
    "group": "default",
    "docs": "https://openrouter.ai/keys",
    "variables": ["OPENROUTER_API_KEY"],
    "models": 3,
}
RESULT = {"provider": {**ROW, "configured": True, "source": "private"}, "notes": ["Mind this."]}


@pytest.fixture
def daemon(fake: Fake) -> FakeDaemon:
    def environment(params: Json) -> Json:
        names = [name for name, value in params["variables"].items() if value]
        return {"set": names, "summary": "1/1 configured"}

    return fake(
        provider_list=lambda params: {"providers": [ROW], "summary": "0/1 configured"},
        provider_setKey=lambda params: RESULT,
        provider_clearKey=lambda params: RESULT,
        provider_environment=environment,
    )


def test_a_key_is_read_from_stdin_and_told_to_nobody_else(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("sesame\n"))
    extra: list[Any] = ["--extra", "A=1", "--extra", "B=x=y"]
    assert main(["provider", "set", "openrouter", "--private", *extra]) == exits.DONE
    (params,) = daemon.called("provider/setKey")
    assert params == {
        "provider": "openrouter",
        "key": "sesame",
        "private": True,
        "extra": {"A": "1", "B": "x=y"},
    }
    said = capsys.readouterr().out
    assert "via private" in said
    assert "Mind this." in said
    assert "sesame" not in said


def test_latent_L22_a_key_is_no_argument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["provider", "set", "openrouter", "sesame"])
    assert ended.value.code == exits.USAGE


def test_clearing_names_the_provider(daemon: FakeDaemon) -> None:
    assert main(["provider", "clear", "openrouter", "--json"]) == exits.DONE
    assert daemon.called("provider/clearKey") == [{"provider": "openrouter"}]


def test_refreshing_hands_over_what_providers_look_at_and_prints_names_alone(
    daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENROUTER_API_KEY", "sesame")
    assert main(["env", "refresh"]) == exits.DONE
    assert daemon.called("provider/environment") == [
        {"variables": {"OPENROUTER_API_KEY": "sesame"}}
    ]
    said = capsys.readouterr().out
    assert "OPENROUTER_API_KEY" in said
    assert "sesame" not in said


def test_an_agent_signs_in_with_its_own_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program = tmp_path / "agent"
    program.write_text(f'#!/bin/sh\necho "$*" > {tmp_path}/asked\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    agent = {"id": "agent", "name": "Agent", "signIn": "agent auth login"}
    assert providers.sign_in_there(agent) == 3
    assert (tmp_path / "asked").read_text() == "auth login\n"
    assert "Agent signs in itself: agent auth login" in capsys.readouterr().out
    program.unlink()
    with pytest.raises(Failure, match="not on this shell's PATH"):
        providers.sign_in_there(agent)
    with pytest.raises(Failure, match="Install it"):
        providers.sign_in_there(agent | {"missing": "Install it."})
