"""Service files of one installation: where its programs are, and what of the shell they keep."""

import plistlib
from pathlib import Path

import pytest

from claudette_cli.exits import Failure
from claudette_cli.service import files

UNIT = files.template("systemd", "claudetted.service")
JOB = files.template("launchd", "claudetted.plist")
ODD = Path('/opt/my 100% "apps"/it\'s/bin')


def test_a_unit_runs_this_installation() -> None:
    text = files.unit(UNIT, Path("/opt/venv/bin"), {"XDG_DATA_HOME": "/data/100%"})
    assert "ExecStart=/opt/venv/bin/claudetted\n" in text
    assert 'Environment="XDG_DATA_HOME=/data/100%%"\n' in text
    assert "%h/.local" not in text


def test_odd_paths_are_quoted_for_systemd() -> None:
    text = files.unit(UNIT, ODD, {})
    assert 'ExecStart="/opt/my 100%% \\"apps\\"/it\'s/bin/claudetted"\n' in text


def test_a_job_runs_this_installation() -> None:
    job = plistlib.loads(files.plist(JOB, ODD, {"CODEX_HOME": "/a & b"}).encode())
    assert job["ProgramArguments"][-1] == ("exec '/opt/my 100% \"apps\"/it'\"'\"'s/bin/claudetted'")
    assert job["EnvironmentVariables"] == {"CODEX_HOME": "/a & b"}
    assert job["RunAtLoad"] is True


def test_what_differs_is_named_and_comments_are_not() -> None:
    fresh = files.unit(UNIT, Path("/new/bin"), {})
    assert files.differences("# another comment\n" + fresh, fresh) == []
    old = files.unit(UNIT, Path("/old/bin"), {})
    assert files.differences(old, fresh) == [
        "lacks ExecStart=/new/bin/claudetted",
        "has ExecStart=/old/bin/claudetted",
    ]
    job = files.plist(JOB, Path("/old/bin"), {})
    assert any("/new/bin" in one for one in files.differences(job, job.replace("old", "new")))


def test_only_directories_that_a_shell_moved_are_kept() -> None:
    environ = {"XDG_DATA_HOME": "/d", "PATH": "/bin", "OPENAI_API_KEY": "sk-x", "CODEX_HOME": ""}
    assert files.pinned(environ) == {"XDG_DATA_HOME": "/d"}


def test_another_data_directory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", "/elsewhere")
    with pytest.raises(Failure, match="CLAUDETTED_DATA_DIR names another one"):
        files.refuse_other_instances()
