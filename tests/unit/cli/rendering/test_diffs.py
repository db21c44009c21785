"""A diff in colour: nothing of it is left out, and what changed within a line stands out."""

import io
import re

import pytest

from claudette_cli.rendering.diffs import painted
from claudette_cli.terminal.output import Terminal

DIFF = """\
--- a.py
+++ a.py
@@ -1,3 +1,4 @@
 def average(numbers):
-    return total / len(numbers)
+    if not numbers:
+    return total / max(1, len(numbers))
\\ No newline at end of file
"""
STYLE = re.compile(r"\x1b\[[\d;]*m")


def terminal(*, colour: bool = True, shades: bool = True) -> Terminal:
    made = Terminal(io.StringIO())
    made.interactive = made.colour = colour
    made.shades = shades
    return made


@pytest.mark.parametrize("shades", [True, False])
@pytest.mark.parametrize("light", [True, False])
def test_colours_add_nothing_and_hide_nothing(
    shades: bool, light: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Terminal, "light", light)
    lines = painted(DIFF + "+\tx \u200b\x1b[31m = '''\n+a\n", terminal(shades=shades))
    plain = painted(DIFF + "+\tx \u200b\x1b[31m = '''\n+a\n", terminal(colour=False))
    assert [STYLE.sub("", line) for line in lines] == plain
    assert plain[-2] == "+    x \\u200b\\x1b[31m = '''"
    guarded = terminal(shades=shades)
    assert [guarded.guarded(line) for line in lines] == lines


def test_the_part_of_a_line_that_changed_stands_out() -> None:
    lines = painted(DIFF, terminal(shades=False))
    assert lines[4] == "\x1b[31m-    return total / len(numbers)\x1b[0m"
    assert "\x1b[32;1;4;32mmax(1, \x1b[0m" in lines[6]
    assert lines[5] == "\x1b[32m+    if not numbers:\x1b[0m"


def test_code_has_the_colours_of_its_language_and_of_the_background(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "\x1b[95mdef\x1b[0m" in painted(DIFF, terminal())[3]
    monkeypatch.setattr(Terminal, "light", True)
    assert "\x1b[35mdef\x1b[0m" in painted(DIFF, terminal())[3]
    unknown = DIFF.replace("a.py", "a.unknown")
    assert painted(unknown, terminal())[3] == " def average(numbers):"


def test_a_removed_line_that_looks_like_the_name_of_a_file_is_a_removed_line() -> None:
    diff = "--- a.lua\n+++ a.lua\n@@ -1,3 +1,2 @@\n-x = 2\n--- before\n local y = 1\n"
    assert painted(diff, terminal(shades=False))[4] == "\x1b[31m--- before\x1b[0m"
    lines = painted(diff, terminal())
    assert lines[0] == "\x1b[1m--- a.lua\x1b[0m"
    assert "48;5;52;3m-- before" in lines[4]
    assert "95mlocal" in lines[5]


def test_a_new_file_and_a_long_one() -> None:
    new = "--- /dev/null\n+++ b.py\n@@ -0,0 +1 @@\n+import os\n"
    assert "95mimport" in painted(new, terminal())[3].replace("48;5;22;", "")
    long = new + "+x = 1\n" * 1000
    assert len(painted(long, terminal())) == 1004
