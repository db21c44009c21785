"""The daemon is found through its lock file, and the quick guess where that is agrees."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claudette_cli.client import finding
from claudette_cli.exits import Failure
from claudetted.protocol import places
from tests.unit.cli.conftest import Fake

NAMES = ("CLAUDETTED_DATA_DIR", "XDG_DATA_HOME", "HOME")


@pytest.mark.skipif(sys.platform != "linux", reason="guessed on Linux alone")
@pytest.mark.parametrize(
    "environment",
    [
        {"HOME": "/h"},
        {"HOME": "/h", "XDG_DATA_HOME": "/x/y"},
        {"HOME": "/h", "XDG_DATA_HOME": ""},
        {"HOME": "/h", "XDG_DATA_HOME": "relative"},
        {"HOME": "/h", "CLAUDETTED_DATA_DIR": "/d"},
        {"HOME": "/h", "CLAUDETTED_DATA_DIR": "here/d", "XDG_DATA_HOME": "/x"},
    ],
)
def test_the_guess_agrees_with_the_places(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert finding.guessed_data_dir() == str(places.data_dir())


def test_no_lock_file_means_no_daemon(data: Path) -> None:
    assert finding.running() is None
    assert not finding.crashed()


def test_a_running_daemon_is_found(fake: Fake) -> None:
    fake(chat_list=lambda params: {"chats": [1]})
    connection = finding.running()
    assert connection is not None
    with connection:
        assert connection.request("chat/list") == {"chats": [1]}
    assert not finding.crashed()


def write_lock(data: Path, content: str) -> None:
    data.mkdir()
    (data / "claudetted.lock").write_text(content)


@pytest.mark.parametrize("content", ["", "{", "{}", "[]", "7"])
def test_a_lock_file_without_a_socket_names_nobody(data: Path, content: str) -> None:
    write_lock(data, content)
    assert finding.running() is None
    assert not finding.crashed()


def test_a_daemon_that_died_has_crashed(data: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    write_lock(data, json.dumps({"pid": gone.pid, "socket": str(data / "s")}))
    assert finding.running() is None
    assert finding.crashed()


@pytest.mark.parametrize(("instance", "found"), [("i", True), ("another", False)])
def test_a_daemon_in_the_place_of_one_that_died_is_not_taken_for_it(
    fake: Fake, data: Path, instance: str, found: bool
) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    served = fake(chat_list=lambda params: {"chats": []})
    (data / "claudetted.lock").write_text(
        json.dumps({"pid": gone.pid, "instance": instance, "socket": str(served.path)})
    )
    connection = finding.running()
    assert (connection is not None) == found
    assert served.called("chat/list") == []
    if connection:
        connection.close()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere somebody always reaps")
def test_a_zombie_does_not_live() -> None:
    reader, writer = os.pipe()
    child = subprocess.Popen(["true"], pass_fds=[writer])
    os.close(writer)
    os.read(reader, 1)  # its end, before it is reaped
    os.close(reader)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not finding.alive(child.pid)
    child.wait()
    assert finding.alive(os.getpid())


def test_a_lock_file_that_cannot_be_read_is_named(data: Path) -> None:
    (data / "claudetted.lock").mkdir(parents=True)
    with pytest.raises(Failure, match=r"claudetted\.lock"):
        finding.running()
