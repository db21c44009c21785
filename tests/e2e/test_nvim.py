"""The plugin in a real Neovim, with a real daemon, the real Pi and a scripted model."""

import json
from collections.abc import Iterator

import pytest

from tests.daemon.world import Home
from tests.fakes.model_server import ModelServer
from tests.support import neovim, pictures
from tests.support.daemon import RunningDaemon
from tests.support.neovim import Neovim

pytestmark = pytest.mark.usefixtures("stage")

SHELL = '@tool bash {"command": "echo hi > made.txt"} @then @text "It ran."'
OPEN = "return next(require('claudette.chat').open)"
IDLE = """
local _, chat = next(require('claudette.chat').open)
return chat and chat.fold.turn and chat.fold.turn.state == 'ended' and #chat.fold.items
"""
OPENED_LINES = "table.concat(vim.api.nvim_buf_get_lines(chat.transcript.buffer, 0, -1, false), ' ')"
FIRST_SEEN = f"({OPENED_LINES}):find('answer-0.', 1, true)"
FLOATS = """
return #vim.tbl_filter(function(window)
  return vim.api.nvim_win_get_config(window).relative ~= ''
end, vim.api.nvim_list_wins())
"""
LAYOUT = """
return vim.tbl_map(function(window)
  local name = vim.fn.bufname(vim.api.nvim_win_get_buf(window))
  return { name, vim.fn.win_screenpos(window), vim.api.nvim_win_get_height(window) }
end, vim.api.nvim_list_wins())
"""
NO_FLOATS = FLOATS.replace("return #", "return 0 == #")


@pytest.fixture
def nvim(daemon: RunningDaemon, model: ModelServer, home: Home) -> Iterator[Neovim]:
    with neovim.running(home.work) as running:
        set_up = "require('claudette').setup { command = ..., key_delay = 0 }"
        running.lua(set_up, str(neovim.COMMAND))
        yield running


def opened(nvim: Neovim) -> None:
    nvim.command("Claudette")
    nvim.waits(OPEN)
    nvim.shows("standard")


def sends(nvim: Neovim, text: str) -> None:
    nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, vim.split(..., '\\n'))", text)
    nvim.types("<CR>")


async def test_a_chat_is_held_and_a_command_allowed(nvim: Neovim, home: Home) -> None:
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("echo hi > made.txt")
    nvim.shows("a allow once")
    nvim.types("a")
    nvim.waits(IDLE)
    screen = nvim.shows("✓ `bash` echo hi > made.txt")
    assert "## ▸ You" in screen
    nvim.shows("│It ran.")
    assert nvim.lua(NO_FLOATS)
    assert (home.work / "made.txt").exists()
    # The prompt is empty again, and what the call put out is folded.
    assert nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)") == [""]


async def test_a_change_is_seen_as_a_diff_and_open_buffers_follow_it(
    nvim: Neovim, home: Home
) -> None:
    (home.work / "a.txt").write_text("one\ntwo\n")
    (home.work / "b.txt").write_text("one\ntwo\n")
    nvim.command("edit a.txt")
    nvim.command("split b.txt")
    nvim.types("ccmine<Esc>")
    nvim.waits("return vim.bo.modified")
    opened(nvim)
    write = '@tool write {"path": "%s.txt", "content": "one\\nthree\\n"}'
    sends(nvim, f'{write % "a"} @then {write % "b"} @then @text "Changed."')
    nvim.shows("+three")
    nvim.types("v")
    nvim.shows("with the change:")
    shown = nvim.lua("""
        local found = {}
        for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
          local buffer = vim.api.nvim_win_get_buf(window)
          assert(vim.wo[window].diff)
          table.insert(found, vim.api.nvim_buf_get_lines(buffer, 0, -1, false))
        end
        return found
    """)
    assert shown == [["one", "two"], ["one", "three"]]
    nvim.types("a")
    nvim.waits("return vim.fn.tabpagenr('$') == 1")
    nvim.shows("b.txt")
    nvim.waits(FLOATS)
    nvim.types("a")
    nvim.waits(IDLE)
    nvim.shows("`write` a.txt  (")
    nvim.lacks("+three")
    lines = "return vim.api.nvim_buf_get_lines(vim.fn.bufnr(...), 0, -1, false)"
    assert nvim.waits(
        "local lines = (function(...) " + lines + " end)(...) return lines[2] == 'three' and lines",
        "a.txt",
    )
    assert nvim.lua(lines, "b.txt") == ["mine", "two"]
    assert (home.work / "b.txt").read_text() == "one\nthree\n"
    assert (
        "your unsaved text was kept"
        in nvim.call("nvim_exec2", "messages", {"output": True})["output"]
    )


async def test_a_denied_command_tells_the_agent_why(nvim: Neovim, home: Home) -> None:
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("a allow once")
    nvim.types("r")
    nvim.shows("Why not?")
    nvim.types("use printf<CR>")
    nvim.waits(IDLE)
    nvim.types("<C-w>kzR")
    nvim.shows("use printf")
    assert not (home.work / "made.txt").exists()


async def test_a_chat_goes_on_when_its_daemon_was_killed(
    nvim: Neovim, daemon: RunningDaemon, home: Home
) -> None:
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("a allow once")
    daemon.kill9()
    daemon.start()
    nvim.waits("return require('claudette').client():connected()")
    nvim.types("a")
    nvim.waits(IDLE)
    nvim.shows("│It ran.")
    assert (home.work / "made.txt").exists()


async def test_a_selection_goes_into_the_prompt_with_its_place(nvim: Neovim, home: Home) -> None:
    (home.work / "a.py").write_text("one = 1\ntwo = 2\nthree = 3\n")
    nvim.command("edit a.py")
    nvim.command("2,3Claudette send What is this?")
    nvim.shows("What is this?")
    assert nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)") == [
        "@a.py:2-3",
        "```python",
        "two = 2",
        "three = 3",
        "```",
        "What is this?",
    ]


async def test_an_image_that_is_named_goes_with_the_message(nvim: Neovim, home: Home) -> None:
    (home.work / "my shot.png").write_bytes(pictures.PNG)
    (home.work / "bad.png").write_text("no image")
    opened(nvim)
    sends(nvim, "@text @bad.png")
    nvim.shows("bad.png is no PNG, JPEG, GIF or WebP. Nothing was sent.")
    sends(nvim, '@seen @text of @"my shot.png", please')
    nvim.waits(IDLE)
    nvim.shows(f"[image my shot.png {len(pictures.PNG)} bytes]")
    nvim.shows("image/png ")
    named = "return require('claudette.images').named(...)"
    text = f"see {home.work}/bad.png, '{home.work}/my shot.png' and bad.png @gone.png"
    found = nvim.lua(named, text, "/")
    assert found == [f"{home.work}/bad.png", f"{home.work}/my shot.png"]


async def test_commands_and_files_are_completed(nvim: Neovim, home: Home) -> None:
    (home.work / "made.py").write_text("")
    opened(nvim)
    nvim.waits(f"{OPEN} and #select(2, next(require('claudette.chat').open)).commands > 0")
    offers = """
        local _, chat = next(require('claudette.chat').open)
        local offers = require('claudette.completion').offers(chat, ...)
        return vim.tbl_map(function(each) return each.word or each end, offers.words)
    """
    assert "/compact" in nvim.lua(offers, "/co")
    assert nvim.lua(offers, "/level re") == ["readonly"]
    assert nvim.lua(offers, "look at @mad") == ["@made.py"]


async def test_two_windows_show_one_chat_and_stop_stops_it(nvim: Neovim, home: Home) -> None:
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("a allow once")
    nvim.types("q")
    nvim.waits(NO_FLOATS)
    nvim.command("wincmd k")
    nvim.command("split")
    nvim.command("Claudette stop")
    nvim.waits(IDLE)
    nvim.command("redraw")
    assert nvim.screen.count("## ▸ You") == 2
    assert not (home.work / "made.txt").exists()


async def test_another_chat_takes_the_windows_of_the_first(nvim: Neovim) -> None:
    opened(nvim)
    nvim.command("Claudette new")
    nvim.waits("return vim.tbl_count(require('claudette.chat').open) == 2")
    nvim.waits("return #vim.api.nvim_list_wins() == 3")
    nvim.types(":Claudette chats<CR>")
    nvim.shows("Type number")
    nvim.types("2<CR>")
    nvim.lacks("Type number")
    nvim.types(":Claudette model<CR>")
    nvim.shows("Type number")
    nvim.types("<CR>")
    nvim.lacks("Type number")
    assert nvim.lua("return #vim.api.nvim_list_wins()") == 3


async def test_its_health_is_told(nvim: Neovim) -> None:
    nvim.command("checkhealth claudette")
    screen = nvim.shows("A daemon answers at")
    assert "claudette: claudette" in screen
    assert "ERROR" not in screen


async def test_a_request_does_not_take_the_keyboard_from_whoever_types(
    nvim: Neovim, home: Home
) -> None:
    (home.work / "a.txt").write_text("one\n")
    nvim.command("edit a.txt")
    opened(nvim)
    sends(nvim, SHELL)
    nvim.command("wincmd h")
    nvim.types("ofor a cat")
    nvim.shows(":Claudette decide goes here")
    nvim.types(" and a dog<Esc>")
    nvim.shows("for a cat and a dog")
    assert not (home.work / "made.txt").exists()
    nvim.types(":Claudette decide<CR>")
    nvim.shows("a allow once")
    nvim.types("a")
    nvim.waits(IDLE)
    assert (home.work / "made.txt").exists()


async def test_keys_that_were_meant_for_the_chat_decide_nothing(nvim: Neovim, home: Home) -> None:
    nvim.lua("require('claudette.config').values.key_delay = 1e6")
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("a allow once")
    nvim.types("cdaq")
    assert nvim.lua(FLOATS) == 1
    nvim.command("Claudette stop")
    nvim.waits(IDLE)
    assert not (home.work / "made.txt").exists()


async def test_a_long_chat_is_read_page_by_page(nvim: Neovim) -> None:
    opened(nvim)
    reads = '@text answer-{}. @tool ls {{"path": "."}}'
    sends(
        nvim, "\n@then ".join(reads.format(number) for number in range(30)) + "\n@then @text Over."
    )
    nvim.shows("│Over.")
    nvim.waits(IDLE)
    nvim.command("wincmd k")
    nvim.command("bwipeout!")
    opened(nvim)
    lines = f"local _, chat = next(require('claudette.chat').open)\nreturn {OPENED_LINES}"
    assert "answer-0." not in nvim.waits(lines)
    nvim.command("wincmd k")
    nvim.types("gg")
    nvim.waits(f"local _, chat = next(require('claudette.chat').open)\nreturn {FIRST_SEEN}")


async def test_a_message_that_waits_is_taken_back_into_the_prompt(nvim: Neovim) -> None:
    opened(nvim)
    sends(nvim, SHELL)
    nvim.shows("a allow once")
    nvim.types("q")
    nvim.waits(NO_FLOATS)
    sends(nvim, "one\ntwo")
    nvim.shows("1 queued")
    sends(nvim, "three")
    nvim.shows("2 queued")
    nvim.types(":Claudette queue<CR>")
    nvim.shows("2: three")
    nvim.types("<C-c>")
    nvim.lacks("2: three")
    assert "Error" not in nvim.screen
    nvim.types(":Claudette queue<CR>")
    nvim.shows("1: one ⏎ two")
    nvim.types("1<CR>")
    nvim.waits("return vim.deep_equal(vim.api.nvim_buf_get_lines(0, 0, -1, false), {'one', 'two'})")
    nvim.shows("1 queued")
    # There is no choice but the last one.
    nvim.types(":Claudette queue<CR>")
    nvim.waits("local _, chat = next(require('claudette.chat').open); return #chat.fold.queue == 0")
    nvim.shows("three")
    # It was put off, and is the one of this chat.
    nvim.types(":Claudette decide<CR>")
    nvim.shows("a allow once")


async def test_all_keys_of_a_card_are_seen_on_80_columns(nvim: Neovim, home: Home) -> None:
    (home.work / "a.txt").write_text("one\n")
    nvim.call("nvim_ui_try_resize", 80, 24)
    opened(nvim)
    edit = {"path": "a.txt", "edits": [{"oldText": "one", "newText": "two"}]}
    sends(nvim, f"@tool edit {json.dumps(edit)}")
    nvim.shows("a once · c in chat · d deny · r why not · v diff · q later")
    nvim.types("v")
    nvim.shows("with the change: a.txt")
    assert "a once · c in chat · d deny" in nvim.shows("r why not · q later")


async def test_the_windows_of_a_chat_come_back_where_they_were(nvim: Neovim) -> None:
    opened(nvim)
    nvim.shows("<C-s> sends")
    nvim.types("ihello<Esc>")
    nvim.lacks("<C-s> sends")
    layout = nvim.lua(LAYOUT)
    nvim.command("wincmd k | quit")
    nvim.command("Claudette")
    nvim.waits("return vim.fn.winnr('$') == 3")
    assert nvim.lua(LAYOUT) == layout


async def test_what_a_chat_has_is_marked_among_what_it_can_have(nvim: Neovim) -> None:
    opened(nvim)
    nvim.types(":Claudette level<CR>")
    nvim.shows("2: standard  (now)")
    nvim.types("1<CR>")
    nvim.shows("readonly")


async def test_a_chat_that_opens_late_leaves_whoever_types(nvim: Neovim) -> None:
    nvim.types(":Claudette new<CR>ifor a cat")
    nvim.shows("standard")
    nvim.types(" and a dog<Esc>")
    nvim.shows("for a cat and a dog")
    assert nvim.lua("return vim.api.nvim_buf_get_name(0)") == ""


async def test_the_next_message_is_typed_at_once_and_what_was_not_sent_comes_back(
    nvim: Neovim,
) -> None:
    opened(nvim)
    sends(nvim, '@text "One."')
    nvim.types('i@text "Two."<C-s>')
    nvim.shows("│Two.")
    nvim.waits(IDLE)
    nvim.lua("require('claudette.chat').of_buffer().id = 'nobody'")
    sends(nvim, "kept")
    nvim.shows("nobody")
    assert nvim.lua("return vim.api.nvim_buf_get_lines(0, 0, -1, false)") == ["kept"]
