"""The look at the file system that the engine takes."""

from pathlib import Path

import pytest

from claudetted.permissions import disk
from claudetted.permissions.disk import RealDisk


def _filled(root: Path, *names: str) -> str:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    return str(root.resolve())


def test_plain_names_are_plain(tmp_path: Path) -> None:
    root = _filled(tmp_path, "a.py", "src/b-c.ts", "src/deep/+d@1,=%.txt", ".hidden")
    (tmp_path / "link").symlink_to("src")
    assert RealDisk().is_plain_below(root)


@pytest.mark.parametrize(
    "name", ["-x", "a b", "a\nb", "it's", 'a"b', "a\\b", "src/-rf", "src/a\tb"]
)
def test_a_name_that_could_be_read_as_something_else_is_not(tmp_path: Path, name: str) -> None:
    assert not RealDisk().is_plain_below(_filled(tmp_path, "a", name))


def test_a_link_that_leads_out_is_not(tmp_path: Path) -> None:
    root = _filled(tmp_path / "in", "a")
    (tmp_path / "in" / "out").symlink_to("/etc")
    assert not RealDisk().is_plain_below(root)


def test_what_git_keeps_is_not_looked_at(tmp_path: Path) -> None:
    assert RealDisk().is_plain_below(_filled(tmp_path, ".git/a b", "c"))


def test_more_than_can_be_looked_at_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = _filled(tmp_path, "a", "b", "c")
    assert RealDisk().is_plain_below(root)
    monkeypatch.setattr(disk, "MOST_BELOW", 2)
    assert not RealDisk().is_plain_below(root)
