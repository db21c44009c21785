"""What is said, and what is touched, when claudette is uninstalled."""

from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.commands import uninstalling
from claudette_cli.main import main
from claudette_cli.service import files, systemd

OURS = (
    "claudetted.db",
    "claudetted.db-wal",
    "config.toml",
    "drafts/0123456789abcdef",
    "hosts.json",
    "private_keys.json",
    "push_keys.json",
    "chats/c/tmp/x",
    "harness/1/main.js",
)


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("/home/u/.local/share/pipx/venvs/claudetted", "pipx uninstall claudetted"),
        ("/home/u/.local/pipx/venvs/other-name", "pipx uninstall other-name"),
        ("/home/u/.local/share/uv/tools/claudetted", "uv tool uninstall claudetted"),
        ("/home/u/venvs/claudetted", "/p/python -m pip uninstall claudetted"),
        ("/", "/p/python -m pip uninstall claudetted"),
    ],
)
def test_the_command_is_that_of_the_installer(prefix: str, said: str) -> None:
    assert uninstalling.next_command(prefix, "/p/python") == said


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory that nobody uses, and a directory of the user's to which a link leads."""
    monkeypatch.setenv("CLAUDETTED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("CLAUDETTED_RUNTIME_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in (
        "precious",
        *(f"data/{one}" for one in OURS),
        "run/runtime.lock",
        "run/scratch/1/x",
        "data/log/claudetted.log",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "data/chats/c/tmp/link").symlink_to(tmp_path)
    return tmp_path / "data"


def test_the_data_stays_and_is_named(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstall"]) == exits.DONE
    said = capsys.readouterr().out
    assert said.startswith("Nothing was running.\n")
    assert str(data) in said
    assert all((data / name).exists() for name in OURS)


def test_the_data_is_deleted_and_nothing_else(data: Path) -> None:
    assert main(["uninstall", "--data", "--yes"]) == exits.DONE
    assert not data.exists()
    assert not data.with_name("run").exists()
    assert data.with_name("precious").exists()


@pytest.mark.parametrize("options", [[], ["--data", "--yes"]])
def test_data_that_is_gone_is_not_said_to_stay(
    data: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    assert main(["uninstall", "--data", "--yes"]) == exits.DONE
    capsys.readouterr()
    assert main(["uninstall", *options]) == exits.DONE
    said = capsys.readouterr().out
    assert f"There are no chats and settings in {data}.\n" in said
    assert "stay in" not in said


def test_what_is_not_ours_stays_in_the_data_directory(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "thesis.txt").write_text("x")
    assert main(["uninstall", "--data", "--yes"]) == exits.DONE
    assert [path.name for path in data.iterdir()] == ["thesis.txt"]
    said = capsys.readouterr().out
    assert f"{data} stays" in said
    assert "Your chats and settings stay" not in said


def test_nothing_is_deleted_unasked(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["uninstall", "--data"]) == exits.FAILED
    assert "--yes" in capsys.readouterr().err
    assert all((data / name).exists() for name in OURS)


@pytest.mark.parametrize(("typed", "stays"), [("y", False), ("", True), ("no", True)])
def test_the_data_is_deleted_after_a_yes(
    data: Path, monkeypatch: pytest.MonkeyPatch, typed: str, stays: bool
) -> None:
    monkeypatch.setattr(uninstalling, "attended", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: typed)
    assert main(["uninstall", "--data"]) == (exits.FAILED if stays else exits.DONE)
    assert data.exists() == stays


def test_no_answer_is_no_yes(
    data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def end(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(uninstalling, "attended", lambda: True)
    monkeypatch.setattr("builtins.input", end)
    assert main(["uninstall", "--data"]) == exits.FAILED
    assert capsys.readouterr().err == "claudette: there was no answer; nothing was changed.\n"
    assert data.exists()


@pytest.mark.parametrize("name", ["CLAUDETTED_CHAT", "CLAUDETTE_HOST"])
def test_neither_an_agent_nor_another_machine_uninstalls(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "c" * 12)
    assert main(["uninstall", "--data", "--yes"]) == exits.FAILED
    assert all((data / name).exists() for name in OURS)


@pytest.mark.skipif("sys.platform != 'linux'", reason="units are systemd's")
@pytest.mark.parametrize("instance", ["usual", "another"])
def test_the_service_goes_with_its_own_instance_alone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: str
) -> None:
    units = tmp_path / "config/systemd/user"
    units.mkdir(parents=True)
    for name in (*systemd.UNITS, "others.service"):
        (units / name).write_text("x")
    asked: list[str] = []

    def control(*words: str) -> str:
        asked.append(words[0])
        return ""

    monkeypatch.setattr(systemd, "control", control)
    if instance == "usual":
        monkeypatch.setattr(files, "names_other_instance", lambda: "")
    assert main(["uninstall"]) == exits.DONE
    left = sorted(path.name for path in units.iterdir())
    assert left == (["others.service"] if asked else sorted([*systemd.UNITS, "others.service"]))
    assert ("disable" in asked) == (instance == "usual")
