"""How a long transcript is drawn: a real Neovim with its screen, and a fold without a daemon."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import neovim
from tests.support.neovim import Neovim

LONG = """
local Fold, Transcript = require("claudette.fold"), require("claudette.transcript")
local fold = Fold.new()
fold.chat = { status = { name = "idle" }, level = "standard" }
function Item(n)
  local item = { id = "i" .. n, status = "done", openedAt = ("%08d"):format(n) }
  if n % 2 == 0 then
    item.kind, item.text = "message", "Answer " .. n
  else
    item.kind, item.text, item.tool = "tool", "a\\nb\\nc", { name = "bash", title = "ls " .. n }
  end
  return item
end
for n = 1, 5000 do
  fold:insert(Item(n))
end
Shown = Transcript.new(fold, "claudette://long")
vim.api.nvim_win_set_buf(0, Shown.buffer)
Transcript.dress(0)
Shown:redraw()
Asked = 0
local at = Transcript.at
function Transcript:at(row)
  Asked = Asked + 1
  return at(self, row)
end
"""

GROW = """
local call = { id = "o", kind = "tool", status = "open", openedAt = "9", text = "" }
call.tool = { name = "bash", title = "ls", phase = "running" }
Shown.fold.open.o = call
Shown.fold:place(call)
Asked = 0
for row = 1, 20 do
  call.text = call.text .. "row " .. row .. "\\n"
  Shown:touch("o")
  Shown:flush()
end
return Asked
"""

FOLDED = """
local rows = {}
for row = 1, vim.api.nvim_buf_line_count(0) do
  local first = vim.fn.foldclosed(row)
  if first == -1 or first == row then table.insert(rows, vim.fn.getline(row)) end
end
return vim.list_slice(rows, #rows - 7)
"""


@pytest.fixture
def nvim(tmp_path: Path) -> Iterator[Neovim]:
    with neovim.running(tmp_path, size=(60, 12)) as running:
        running.lua(LONG)
        yield running


def test_a_long_chat_is_shown_at_its_end_and_its_calls_are_folded(nvim: Neovim) -> None:
    screen = nvim.shows("Answer 5000")
    assert screen.startswith("idle · standard")
    assert "✓ `bash` ls 4999  (3 lines)" in screen
    assert "Answer 4998" in screen


def test_a_call_that_grows_has_its_own_lines_looked_at_alone(nvim: Neovim) -> None:
    assert 0 < nvim.lua(GROW) < 500
    assert nvim.lua(FOLDED)[-2:] == ["▶ `bash` ls", ""]
    nvim.lua("Shown:redraw()")
    assert nvim.lua(FOLDED)[-2:] == ["▶ `bash` ls", ""]


def test_an_older_page_moves_nothing_that_is_seen(nvim: Neovim) -> None:
    nvim.lua("vim.cmd('split'); vim.cmd('normal! gg')")
    before = nvim.shows("ls 1 ")
    nvim.lua("""
        local page = {}
        for n = -200, 0 do
          table.insert(page, Item(n))
        end
        Shown:prepend(page)
    """)
    nvim.lua("vim.cmd.redraw()")
    first = before.splitlines()[1]
    assert nvim.screen.splitlines()[1] == first
    assert "Answer 5000" in nvim.screen
    nvim.types("gg")
    nvim.shows("Answer -200")


def test_whoever_reads_further_up_stays_there(nvim: Neovim) -> None:
    nvim.lua("vim.cmd('split'); vim.cmd('normal! gg')")
    before = nvim.shows("ls 1 ").splitlines()[:4]
    nvim.lua(GROW)
    nvim.shows("▶ `bash` ls")
    assert nvim.screen.splitlines()[:4] == before


def test_the_end_of_a_paragraph_that_is_taller_than_the_window_is_seen(nvim: Neovim) -> None:
    nvim.lua("""
        local said = { id = "m", kind = "message", status = "open", openedAt = "9" }
        said.text = ("word "):rep(300) .. "at last"
        Shown.fold.open.m = said
        Shown.fold:place(said)
        Shown:touch("m")
    """)
    assert "word word" in nvim.shows("last")
