"""Where things live: sockets belong to a data directory."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from claudetted.protocol import places


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", pwd.getpwuid(os.getuid()).pw_dir)
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/7")


def test_the_users_own_data_has_the_usual_place(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = places.runtime_dir()
    assert usual.name == "claudetted"
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", "/elsewhere")
    assert places.runtime_dir() == Path("/elsewhere")


@pytest.mark.parametrize("name", ["HOME", "XDG_DATA_HOME"])
def test_other_data_has_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    seen = {places.runtime_dir()}
    for directory in ("/home/a", "/home/b"):
        monkeypatch.setenv(name, directory)
        assert places.data_dir().is_relative_to(directory) or name == "XDG_DATA_HOME"
        seen.add(places.runtime_dir())
    assert len(seen) == 3 or (name == "XDG_DATA_HOME" and sys.platform == "darwin")
    assert {places.keeper_socket_path().parent, places.runtime_lock_path().parent} <= seen


def test_a_session_without_a_directory_of_its_own_warns_nobody(tmp_path: Path) -> None:
    open_to_all = tmp_path / "open"
    open_to_all.mkdir(mode=0o755)
    for given in ("", str(open_to_all)):
        env = os.environ | {"XDG_RUNTIME_DIR": given, "TMPDIR": str(tmp_path)}
        env.pop("PYTHONWARNINGS", None)
        words = [sys.executable, "-c", "from claudetted.protocol.places import *; runtime_dir()"]
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
        assert done.stderr == ""
