"""A release is one command: what it writes, and what it refuses."""

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

import claudetted

CHECKOUT = Path(__file__).parents[1]
CHANGELOG = (
    "# Changelog\n\n## Unreleased\n\n### Added\n\n- A thing.\n\n## 0.1.0 - 2026-01-01\n\n- All.\n"
)


@pytest.fixture
def release() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release", CHECKOUT / ".ci/release.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_there_is_one_version_number() -> None:
    assert json.loads((CHECKOUT / "harness/package.json").read_text())["version"] == (
        claudetted.__version__
    )


def test_each_file_gets_the_version(release: ModuleType) -> None:
    for path, edit in release.edits(CHECKOUT, "7.8.9").items():
        text = path.read_text()
        assert text.count("7.8.9") == 0
        assert edit(text).count("7.8.9") == 1


def test_what_was_unreleased_gets_a_heading(release: ModuleType) -> None:
    written = release.with_heading(CHANGELOG, "0.2.0", "2026-02-03")
    assert written == CHANGELOG.replace(
        "## Unreleased\n", "## Unreleased\n\n## 0.2.0 - 2026-02-03\n"
    )


@pytest.mark.parametrize(
    ("text", "version", "why"),
    [
        (CHANGELOG, "0.1.0", "choose the next version"),
        ("# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- All.\n", "0.2.0", "write what changed"),
        ("# Changelog\n", "0.2.0", "write what changed"),
    ],
)
def test_a_changelog_is_refused(release: ModuleType, text: str, version: str, why: str) -> None:
    with pytest.raises(release.Refused, match=why):
        release.with_heading(text, version, "2026-02-03")


@pytest.mark.parametrize("version", ["", "1", "v1.2.3", "1.2.3-dev", "1.2.3\n"])
def test_what_is_no_version_is_refused(release: ModuleType, version: str) -> None:
    with pytest.raises(release.Refused, match="not a version"):
        release.with_version('__version__ = "0"\n', r'(?<=^__version__ = ")[^"]+', version)


def test_what_is_not_committed_is_refused(release: ModuleType, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    release.require_clean(tmp_path)
    (tmp_path / "new.txt").touch()
    with pytest.raises(release.Refused, match=r"new\.txt"):
        release.require_clean(tmp_path)


def test_a_failure_leaves_the_files_as_they_were(
    release: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for path in release.edits(Path(), "7.8.9"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        shutil.copy(CHECKOUT / path, tmp_path / path)
    before = {path: path.read_bytes() for path in release.edits(tmp_path, "7.8.9")}
    monkeypatch.setattr(release, "CHECKOUT", tmp_path)
    monkeypatch.setattr(release, "require_clean", lambda _: None)

    def fails(*_: object) -> str:
        assert "7.8.9" in (tmp_path / "CHANGELOG.md").read_text()
        raise release.Refused("no")

    monkeypatch.setattr(release, "run", fails)
    assert release.main(["7.8.9"]) == 1
    assert capsys.readouterr().err == "release: no\n"
    assert {path: path.read_bytes() for path in before} == before
