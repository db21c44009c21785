"""How commands find, start and end the daemon: each test begins without one."""

import concurrent.futures
from pathlib import Path

import pytest

from claudette_cli import exits
from claudetted.protocol import places
from tests.daemon.world import Home
from tests.support.commands import Commands


@pytest.fixture
def chat(commands: Commands) -> str:
    return commands.new("--title", "the chat")


def test_the_first_command_starts_the_daemon_and_status_does_not(commands: Commands) -> None:
    assert "any command that needs it" in commands.run("status", code=exits.NO_DAEMON).err
    assert commands.run("ls").out.startswith("No chats.")
    assert commands.run("status", "--json").json["dataDir"] == str(places.data_dir())


@pytest.mark.parametrize("daemon", ["runs", "was killed"])
def test_uninstalling_ends_all_that_runs(
    commands: Commands, chat: str, home: Home, daemon: str
) -> None:
    commands.run("send", chat, "-", typed="@text one @hold door")
    home.gates.wait_held("door")
    if daemon == "was killed":
        commands.kill9_daemon()
    told = commands.run("uninstall", "--json").json
    assert (told["ended"], told["dataDir"]) == (True, str(places.data_dir()))
    assert home.processes() == []
    assert places.database_path().exists()


def test_first_clients_at_once_start_one_daemon(commands: Commands) -> None:
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda _: commands.run("rpc", "daemon/status"), range(6)))
    assert len({ended.json["instance"] for ended in told}) == 1


def test_a_daemon_that_cannot_start_says_why(commands: Commands, home: Home) -> None:
    places.data_dir().mkdir()
    places.database_path().write_text("this is no database at all, it is a text\n" * 100)
    said = commands.run("ls", code=exits.NO_DAEMON).err
    assert said.startswith("claudette: The daemon did not start: ")
    assert "log" in said
    while home.processes():
        pass  # it said why before its process had ended


def test_a_daemon_that_ends_at_once_is_quoted(
    commands: Commands, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/trio.py").write_text("raise RuntimeError('no trio today')\n")
    with monkeypatch.context() as patched:
        patched.setenv("PYTHONPATH", str(tmp_path / "broken"))
        said = commands.run("ls", code=exits.NO_DAEMON).err
    assert "RuntimeError: no trio today" in said


def test_two_data_directories_are_two_worlds(
    commands: Commands, chat: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "elsewhere"))
        patched.delenv("CLAUDETTED_RUNTIME_DIR")
        assert commands.run("status", code=exits.NO_DAEMON).err
