"""What each tool does is told in the words of a request, with the change as it would be made."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from claudetted.harnesses.claude import tools
from claudetted.harnesses.claude.disk import Disk


def call(name: str, cwd: Path, **arguments: Any) -> tools.Call:
    raw = msgspec.Raw(msgspec.json.encode(arguments))
    return tools.read_call(name, raw, os.fspath(cwd), Disk())


@pytest.mark.parametrize(
    ("name", "access"),
    [
        ("Bash", "run"),
        ("WebFetch", "fetch"),
        ("Glob", "search"),
        ("TodoWrite", "list"),
        ("Skill", "unknown"),
        ("mcp__server__tool", "unknown"),
        ("ToolOfTheFuture", "unknown"),
    ],
)
def test_what_a_tool_does(tmp_path: Path, name: str, access: str) -> None:
    assert tools.request_of(call(name, tmp_path)).access == access


def test_a_link_is_asked_about_as_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    request = tools.request_of(call("Read", tmp_path, file_path="link"))
    assert request.paths == [os.path.realpath("/etc/hostname")]


def test_an_edit_shows_its_change(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("".join(f"{number}\n" for number in range(10_000)))
    edit = call("Edit", tmp_path, file_path=str(path), old_string="5000\n", new_string="five\n")
    diff = tools.request_of(edit).diff
    assert "@@ -4998,7 +4998,7 @@" in diff
    assert "\n-5000\n+five\n" in diff
    assert len(diff) < 300
    path.write_text("other")
    assert tools.is_stale(edit, Disk())


def test_a_new_file_and_one_without_a_last_line_end(tmp_path: Path) -> None:
    diff = tools.diff_of(call("Write", tmp_path, file_path="new.txt", content="one\ntwo"))
    assert diff.startswith("--- /dev/null\n")
    assert diff.endswith("+one\n+two\n\\ No newline at end of file\n")


def test_an_edit_that_fits_nowhere_shows_its_arguments(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n")
    edit = call("Edit", tmp_path, file_path="a.txt", old_string="two", new_string="three")
    request = tools.request_of(edit)
    assert (request.diff, "three" in request.input) == ("", True)


def test_hosts_are_named(tmp_path: Path) -> None:
    request = tools.request_of(call("WebFetch", tmp_path, url="https://example.org/x"))
    assert request.hosts == ["example.org"]


def test_another_content_of_the_file_is_another_digest(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    digests = set()
    for text in ("one", "two"):
        path.write_text(text)
        digests.add(
            tools.request_of(call("Write", tmp_path, file_path="a.txt", content="x")).digest
        )
    assert len(digests) == 2
