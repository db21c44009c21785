"""The settings that are printed for each editor."""

import json

import pytest

from claudette_cli.acp import command, editors
from claudette_cli.main import main


@pytest.mark.parametrize("editor", command.EDITORS)
def test_each_editor_has_settings_that_start_the_bridge(
    editor: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/opt/venv/bin/claudette", "acp"])
    assert main(["acp", "--print-config", editor]) == 0
    place, _, text = capsys.readouterr().out.partition("\n")
    assert place
    assert "/opt/venv/bin/claudette" in text
    if editor in ("zed", "jetbrains", "vscode"):
        (servers,) = json.loads(text).values()
        assert servers["claudette"]["args"] == ["acp"]


def test_the_settings_are_those_of_the_editors_that_can_be_chosen() -> None:
    assert tuple(editors._SETTINGS) != ()
    assert sorted(editors._SETTINGS) == list(command.EDITORS)
