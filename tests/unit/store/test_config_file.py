"""The text of config.toml: what it says, where it is wrong, and what a change leaves as it was."""

import os
from pathlib import Path

import pytest

from claudetted.protocol.settings import Problem
from claudetted.store.config_file import Broken, edited, parse, read, write

WRITTEN = """\
# mine
max_agents = 5   # enough

# the rest
launcher = [
  "nice",  # be kind
]

[workspace."{here}"]  # work
default_level = "readonly"

[agents.own]
command = ["own", "--acp"]
"""


def test_values_and_lines_are_told_by_key(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    said = parse(WRITTEN.format(here=tmp_path / "link"))
    assert said.whole and said.problems == []
    assert said.values == {
        "max_agents": 5,
        "launcher": ["nice"],
        "agents": {"own": {"command": ["own", "--acp"]}},
        f"default_level:{tmp_path}": "readonly",
    }
    assert said.lines == {
        "max_agents": 2,
        "launcher": 5,
        f"default_level:{tmp_path}": 10,
        "agents": 12,
    }


@pytest.mark.parametrize(
    ("text", "line", "key", "why"),
    [
        ("max_agents = \n", 1, "", "This is no TOML: Invalid value."),
        ("\n\nx = [", 3, "", "This is no TOML: Invalid value."),
        ("\nmax_agents = 0", 2, "max_agents", "Expected `int` >= 1."),
        ("\nmax_agent = 3", 2, "max_agent", "There is no such setting; did you mean max_agents?"),
        (
            "[workspace.'/']\nmax_agents = 3",
            2,
            "max_agents:/",
            "It cannot be set for one workspace.",
        ),
        ("[workspace.'/']\n\n'default_level' = ''", 3, "default_level:/", "Invalid enum value ''."),
        ("workspace = 1", 1, "workspace", 'Expected [workspace."/path"].'),
        (
            "[agents.a]\nlike = ''",
            1,
            "agents",
            "Object missing required field `command` - at `$[...]`.",
        ),
    ],
)
def test_what_is_wrong_is_told_by_line(text: str, line: int, key: str, why: str) -> None:
    said = parse(text)
    assert said.problems == [Problem(line, key, why)]
    assert said.values == {}
    assert said.whole == bool(key)


def test_a_change_leaves_all_else_as_it_was(tmp_path: Path) -> None:
    before = WRITTEN.format(here=tmp_path)
    after = edited(before, "max_agents", 6)
    assert after == before.replace("max_agents = 5", "max_agents = 6")
    after = edited(after, "default_level", "full")
    assert parse(after).values["default_level"] == "full"
    after = edited(after, f"trust_project:{tmp_path}", "yes")
    assert parse(after).values[f"trust_project:{tmp_path}"] == "yes"
    assert after.count("[workspace") == 1
    for key in ("default_level", f"trust_project:{tmp_path}"):
        after = edited(after, key, None)
    assert after == before.replace("max_agents = 5", "max_agents = 6")
    after = edited(after, f"default_level:{tmp_path}", None)
    assert "workspace" not in after and parse(after).values["max_agents"] == 6


def test_a_first_change_says_what_the_file_is() -> None:
    text = edited("", "default_level:/w", "full")
    assert text.startswith("# The settings of claudetted.")
    assert parse(text).values == {"default_level:/w": "full"}


def test_a_former_name_goes_with_a_change() -> None:
    assert parse("most_sidecars = 3").values == {"max_agents": 3}
    assert edited("most_sidecars = 3\n", "max_agents", 4) == "max_agents = 4\n"


def test_what_is_no_toml_is_not_changed() -> None:
    with pytest.raises(Broken, match="line 1"):
        edited("max_agents = \n", "max_agents", 4)


def test_a_file_is_replaced_whole_for_its_owner_alone_and_a_link_stays(tmp_path: Path) -> None:
    path, place = tmp_path / "config.toml", tmp_path / "dotfiles"
    path.symlink_to(place)
    assert read(path) == ""
    write(path, "a = '\udcff'\n")
    assert path.is_symlink() and place.read_bytes() == b"a = '\xff'\n"
    assert os.stat(place).st_mode & 0o777 == 0o600
    assert parse(read(path)).problems == [Problem(1, "", "This is not UTF-8.")]
    assert sorted(os.listdir(tmp_path)) == ["config.toml", "dotfiles"]
