"""The plugin's Lua, without a chat: its globals, its command, its diffs."""

import json
import subprocess
from pathlib import Path

import pytest

from claudette_cli.main import main
from tests.support import neovim

_GLOBALS = """
local found = {}
local out = { close = function() end, flush = function() end }
function out:write(...) vim.list_extend(found, { ... }) end
for _, path in ipairs(arg) do
  table.insert(found, "FILE " .. path .. "\\n")
  require("jit.bc").dump(assert(loadfile(path)), out, true)
end
print(table.concat(found))
"""
_KNOWN = {
    *("vim", "require", "setmetatable", "ipairs", "pairs", "next", "assert", "type", "error"),
    *("pcall", "tostring", "tonumber", "unpack", "table", "math", "os", "io", "bit", "select"),
}


def lua(code: str, *arguments: str, tmp_path: Path) -> str:
    script = tmp_path / "script.lua"
    script.write_text(code)
    words = [neovim.program(), "--clean", "--cmd", f"set rtp^={neovim.PLUGIN}", "-l", script]
    ended = subprocess.run(
        [*map(str, words), *arguments], capture_output=True, text=True, check=True
    )
    return ended.stdout + ended.stderr


def test_the_plugin_sets_no_globals_and_uses_only_known_ones(tmp_path: Path) -> None:
    files = [str(path) for path in sorted(neovim.PLUGIN.rglob("*.lua"))]
    listed = lua(_GLOBALS, *files, tmp_path=tmp_path)
    assert listed.count("FILE") == len(files) >= 14
    lines = [line.split() for line in listed.splitlines() if "GSET" in line or "GGET" in line]
    used = {line[-1].strip('"') for line in lines}
    assert {"vim", "require"} <= used <= _KNOWN, used - _KNOWN
    assert not [line for line in lines if "GSET" in line]


def test_the_place_of_the_plugin_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nvim", "path"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "plugin/claudette.lua").exists()


_DIFF = """
local diff = require("claudette.diff")
local hunks = diff.hunks(arg[1])
print(vim.json.encode({
  applied = diff.apply({ "one", "two", "three" }, hunks),
  other = diff.apply({ "else" }, hunks) or false,
  new = diff.apply({}, diff.hunks("--- n\\n+++ n\\n@@ -0,0 +1,2 @@\\n+a\\n+b\\n")),
}))
"""


def test_a_diff_is_applied_to_its_text_alone(tmp_path: Path) -> None:
    unified = "--- a\n+++ a\n@@ -1,3 +1,3 @@\n one\n-two\n+-- 2\n three\n"
    told = json.loads(lua(_DIFF, unified, tmp_path=tmp_path))
    assert told == {"applied": ["one", "-- 2", "three"], "other": False, "new": ["a", "b"]}


_ANSWER = """
local told = vim.json.decode(arg[1])
local sent
local client = { request = function(_, _, params) sent = params.value end }
vim.ui.select = function(found, options, choose)
  local wanted = table.remove(told.choices, 1)
  for _, each in ipairs(found) do
    if options.format_item(each) == wanted then return choose(each) end
  end
  error(wanted .. " is not offered")
end
vim.ui.input = function(_, written) written("neither") end
require("claudette.pickers").answer(client, told.question)
print(sent)
"""
_QUESTION = {
    "id": "q",
    "title": "Which?",
    "options": [{"id": "A", "label": "First"}, {"id": "B", "label": "Second", "about": "of two"}],
}


@pytest.mark.parametrize(
    ("more", "choices", "answer"),
    [
        ({}, ["Second · of two"], "B"),
        ({"free": True}, ["First"], "A"),
        ({"free": True}, ["Another answer…"], "neither"),
        (
            {"several": True, "free": True},
            ["Second · of two", "First", "Answer with what is chosen"],
            "A\nB",
        ),
        (
            {"several": True},
            ["First", "Second · of two", "First  (chosen)", "Answer with what is chosen"],
            "B",
        ),
    ],
)
def test_a_question_takes_every_answer_that_it_may_have(
    more: dict[str, bool], choices: list[str], answer: str, tmp_path: Path
) -> None:
    told = {"question": _QUESTION | more, "choices": choices}
    assert lua(_ANSWER, json.dumps(told), tmp_path=tmp_path).strip() == answer
