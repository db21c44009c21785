"""The generated files are what the protocol says, and stale ones are noticed."""

import functools
import json
from pathlib import Path

import pytest

from claudetted.protocol import errors, export
from claudetted.protocol.registry import METHODS

FILES = {path: functools.cache(content) for path, content in export.FILES.items()}


@pytest.fixture(autouse=True)
def made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the protocol says does not change from test to test."""
    monkeypatch.setattr(export, "FILES", FILES)


def test_the_generated_files_are_fresh() -> None:
    assert export.stale_files(export.CHECKOUT) == [], "run: make protocol"


def test_the_frozen_level_is_kept() -> None:
    assert export.broken_promises(export.CHECKOUT) == []


def test_a_changed_file_is_stale_and_is_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "CHECKOUT", tmp_path)
    assert export.main(["--check"]) == 1
    assert "clients/PROTOCOL.md is stale; run: make protocol" in capsys.readouterr().err
    assert export.main(["--write"]) == 0
    assert export.main(["--check"]) == 0
    (tmp_path / "clients/protocol.ts").write_text("export {};\n")
    assert export.stale_files(tmp_path) == ["clients/protocol.ts"]


def test_a_broken_promise_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(export, "CHECKOUT", tmp_path)
    assert export.main(["--write"]) == 0
    frozen = tmp_path / export.FROZEN
    level = json.loads(frozen.read_text())
    level["methods"]["chat/sing"] = level["methods"]["chat/get"]
    frozen.write_text(json.dumps(level))
    assert export.main(["--write"]) == 1
    assert "method chat/sing is gone" in capsys.readouterr().err
    assert "chat/sing" in frozen.read_text()


def test_the_reference_tells_every_method_and_error() -> None:
    text = export.FILES["clients/PROTOCOL.md"]()
    for method in METHODS:
        assert f"### `{method.name}`\n" in text
    for fault in errors.all_faults():
        assert f"| {fault.code} | `{fault.__name__}` |" in text


def test_the_names_need_nothing_else() -> None:
    scope: dict[str, object] = {}
    exec(export.FILES["clients/cli/claudette_cli/client/names.py"](), scope)
    assert scope["METHODS"] == tuple(method.name for method in METHODS)
    assert isinstance(scope["ERROR_CODES"], dict)
    assert scope["ERROR_CODES"]["ChatNotFound"] == errors.ChatNotFound.code
