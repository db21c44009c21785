"""Settings: whose value holds, where it comes from, and what else it could be."""

import json
from pathlib import Path

import pytest

from claudette_cli import exits
from claudette_cli.main import main
from tests.unit.cli.conftest import Fake
from tests.unit.cli.fake_daemon import Json


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("general", "local", "value", "whence"),
    [
        (None, None, "standard", "the default"),
        ("full", None, "full", "/c.toml:3, for everything"),
        ("full", "readonly", "readonly", "/c.toml:3, for {}"),
    ],
)
def test_the_nearest_choice_holds(
    fake: Fake,
    work: Path,
    capsys: pytest.CaptureFixture[str],
    general: str | None,
    local: str | None,
    value: str,
    whence: str,
) -> None:
    def get(params: Json) -> Json:
        chosen = local if ":" in params["key"] else general
        known = {"default": "standard", "values": "full, standard", "about": "The level."}
        setting = {"key": params["key"], "value": chosen, "ofWorkspace": True, "line": 3}
        return {"setting": setting | known, "file": "/c.toml"}

    fake(setting_get=get)
    assert main(["setting", "explain", "default_level", "--json"]) == exits.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["value"], told["from"]) == (value, whence.format(work))
    main(["setting", "explain", "default_level"])
    said = capsys.readouterr().out
    assert said.startswith(f"default_level is {value}\n") and "full, standard" in said


def test_a_value_whose_line_became_wrong_is_one_of_before(
    fake: Fake, work: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake(setting_get=lambda params: {"setting": {"key": "x", "value": 1}, "file": "/c.toml"})
    assert main(["setting", "explain", "x"]) == exits.DONE
    assert "/c.toml before its line became wrong" in capsys.readouterr().out


def test_lines_that_are_not_obeyed_are_mentioned(
    fake: Fake, capsys: pytest.CaptureFixture[str]
) -> None:
    problems = [{"line": 2, "key": "", "why": "No."}, {"line": 3, "key": "x", "why": "No."}]
    fake(setting_list=lambda params: {"file": "/c.toml", "problems": problems})
    assert main(["setting", "--json"]) == exits.DONE
    told = capsys.readouterr()
    assert (told.out, told.err) == ("[]\n", "/c.toml:2: No.\n/c.toml:3: x: No.\n")


def test_a_setting_of_one_workspace(fake: Fake, work: Path) -> None:
    daemon = fake(setting_set=lambda params: {"setting": {"key": params["key"]}})
    assert main(["setting", "default_level", "full", "--here"]) == exits.DONE
    assert daemon.called("setting/set") == [{"key": f"default_level:{work}", "value": "full"}]


def test_which_one_is_to_be_explained_has_to_be_said(fake: Fake) -> None:
    assert main(["setting", "explain"]) == exits.USAGE
