"""The log is shown by its last lines, by the chat they are about, and as they come."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from claudette_cli.main import main

ONE, OTHER = "aaaaaaaaaaaa", "aaaabbbbbbbb"


def line(message: str, chat: str = "") -> str:
    entry = {"at": "2026-01-01T10:11:12.345+00:00", "level": "info", "from": "x"}
    return json.dumps(entry | {"message": message} | ({"chat": chat} if chat else {})) + "\n"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path))
    (tmp_path / "log").mkdir()
    return tmp_path / "log" / "claudetted.log"


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["logs", *words]) == 0
    return [one.split(maxsplit=2)[2] for one in capsys.readouterr().out.splitlines()]


def test_only_what_is_about_a_chat(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And not what only happens to name it."""
    path.write_text(
        line("of one", ONE) + line(f"names {ONE}") + line("of another", OTHER) + "torn {\n"
    )
    assert shown(capsys, ONE) == ["of one"]
    assert shown(capsys, "aaaab") == ["of another"]
    assert shown(capsys, "zzz") == []


def test_the_last_lines_go_back_beyond_the_file_that_is_written(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path.with_name(f"{path.name}.2").write_text(line("oldest"))
    path.with_name(f"{path.name}.1").write_text(line("older"))
    path.write_text(line("new"))
    assert shown(capsys) == ["oldest", "older", "new"]
    assert shown(capsys, "-n", "2") == ["older", "new"]


def test_it_is_followed_from_one_file_to_the_next(path: Path) -> None:
    path.write_text(line("before", ONE))
    program = "import sys; from claudette_cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", program, "logs", "-f", "--json", ONE]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as following:
        assert following.stdout

        def comes(message: str) -> bool:
            assert following.stdout
            return bool(json.loads(following.stdout.readline())["message"] == message)

        try:
            assert comes("before")
            with path.open("a") as file:
                file.write(line("of another", OTHER) + line("meanwhile", ONE)[:30])
                file.flush()
                file.write(line("meanwhile", ONE)[30:])
            assert comes("meanwhile")
            with path.open("a") as file:
                file.write(line("last of the old", ONE))
            path.rename(path.with_name(f"{path.name}.1"))
            path.write_text(line("first of the new", ONE))
            assert comes("last of the old")
            assert comes("first of the new")
        finally:
            following.kill()


def test_without_a_log_it_says_where_it_would_be(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["logs"]) != 0
    assert str(path) in capsys.readouterr().err


@pytest.mark.parametrize("number", ["-1", "all", "1.5"])
def test_a_number_of_lines_counts(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["logs", f"--lines={number}"])
    assert ended.value.code == 2
    assert "give 0 or more" in capsys.readouterr().err
