"""What a client takes away from a chat's environment: what its own shell has no longer."""

import os

import pytest

from claudette_cli.client import environment


@pytest.fixture(autouse=True)
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setenv("LC_TIME", "C")
    monkeypatch.setenv("HOME", "/nowhere")


def is_attended(monkeypatch: pytest.MonkeyPatch, answer: bool) -> None:
    monkeypatch.setattr(environment, "attended", lambda: answer)


def test_a_persons_shell_takes_away_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    is_attended(monkeypatch, True)
    found = environment.refreshed()
    assert {name for name, value in found.items() if value} == {"PATH", "LC_TIME"}
    missing = {"SSH_AUTH_SOCK", "VIRTUAL_ENV", "https_proxy", "LC_ALL", "DISPLAY", "SSL_CERT_FILE"}
    assert missing < {name for name, value in found.items() if value == ""}
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    assert environment.refreshed()["SSH_AUTH_SOCK"] == "/tmp/agent"


def test_what_is_no_text_is_left_out_and_the_rest_goes_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/bin:/home/j\udcf6rg/bin:/ü:/sbin")
    monkeypatch.setenv("XAUTHORITY", "/home/j\udcf6rg/.Xauthority")
    monkeypatch.setenv("DISPLAY", "")
    assert environment.carried() == {"PATH": "/bin:/ü:/sbin", "LC_TIME": "C", "DISPLAY": ""}


def test_a_job_takes_away_only_the_way_to_an_ssh_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    is_attended(monkeypatch, False)
    assert environment.refreshed() == {"LC_TIME": "C", "SSH_AUTH_SOCK": "", "SSH_AGENT_PID": ""}
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    assert environment.refreshed()["SSH_AUTH_SOCK"] == "/tmp/agent"


def test_a_server_is_asked_the_way_of_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    is_attended(monkeypatch, False)
    assert environment.network() == {}
    monkeypatch.setenv("SSL_CERT_FILE", "/ca.pem")
    assert environment.network() == {"SSL_CERT_FILE": "/ca.pem"}
    is_attended(monkeypatch, True)
    found = environment.network()
    assert (found["SSL_CERT_FILE"], found["https_proxy"]) == ("/ca.pem", "")
    assert "PATH" not in found and "LC_TIME" not in found


def test_a_shell_without_a_path_leaves_the_chats(monkeypatch: pytest.MonkeyPatch) -> None:
    is_attended(monkeypatch, True)
    monkeypatch.delenv("PATH")
    assert "PATH" not in environment.refreshed()
