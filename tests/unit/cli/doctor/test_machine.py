"""What the doctor finds without a daemon."""

import os
import sys
from pathlib import Path

import pytest

from claudette_cli.doctor import machine
from claudette_cli.doctor.finding import NOTE, OK, PROBLEM, Finding
from claudette_cli.service import systemd


def found(name: str) -> Finding:
    return next(finding for finding in machine.look() if finding.name == name)


def test_a_directory_that_others_may_enter_is_closed(data: Path) -> None:
    assert found("data").state == OK
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    open_to_all = found("data")
    assert (open_to_all.state, open_to_all.advice) == (PROBLEM, f"chmod 700 {data}")
    assert open_to_all.repair
    open_to_all.repair()
    assert found("data").state == OK


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_cannot_be_written_is_a_problem(data: Path) -> None:
    data.mkdir(mode=0o500)
    assert found("data").advice.startswith("chmod u+rwx")


def test_another_installation_on_path_is_mentioned(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "claudette").write_text("#!/bin/sh\n")
    (tmp_path / "claudette").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert str(tmp_path / "claudette") in found("PATH").said
    monkeypatch.setenv("PATH", "/nowhere")
    assert found("PATH").advice == f"add {Path(sys.executable).parent} to PATH"


@pytest.mark.skipif(sys.platform != "linux", reason="launchd has other files")
def test_a_service_of_another_installation_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLAUDETTED_DATA_DIR", "CLAUDETTED_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("PATH", "/nowhere")
    assert found("service").said == "not installed"
    for name, text in systemd.wanted().items():
        systemd.directory().mkdir(parents=True, exist_ok=True)
        (systemd.directory() / name).write_text(text.replace("ExecStart=/", "ExecStart=/old/"))
    drifted = found("service")
    assert drifted.state == PROBLEM and drifted.repair
    assert "has ExecStart=/old/" in drifted.said


def test_a_terminal_without_utf8_is_mentioned(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open(os.devnull, "w", encoding="latin-1") as narrow:
        monkeypatch.setattr("sys.stdout", narrow)
        assert found("locale").state == NOTE
