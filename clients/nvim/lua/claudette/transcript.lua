---Owns the buffer of one chat: a block of lines an item, changed as the fold changes. Nothing else
---writes to it, so where each block begins is known without asking.

local render = require("claudette.render")

---Colours are set anew whenever their block changes.
local COLOURS = vim.api.nvim_create_namespace("claudette.colours")
local FLUSH_MS = 40

---@class claudette.Shown
---@field id string
---@field n integer its place among what is shown
---@field row integer of its first line, from 0
---@field block claudette.Block

---@class claudette.Transcript
---@field buffer integer
---@field private fold claudette.Fold
---@field private shown claudette.Shown[]
---@field private index table<string, claudette.Shown>
---@field private dirty table<string, true>
---@field private waiting boolean
---@field private timer uv.uv_timer_t?
local Transcript = {}
Transcript.__index = Transcript

---@type table<integer, claudette.Transcript>
local by_buffer = {}

---@param fold claudette.Fold
---@param name string
---@return claudette.Transcript
function Transcript.new(fold, name)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, name)
  vim.bo[buffer].filetype = "markdown"
  vim.bo[buffer].modifiable = false
  pcall(vim.treesitter.start, buffer, "markdown")
  local made = setmetatable({
    buffer = buffer,
    fold = fold,
    shown = {},
    index = {},
    dirty = {},
    waiting = false,
  }, Transcript)
  by_buffer[buffer] = made
  return made
end

function Transcript:close()
  by_buffer[self.buffer] = nil
  if self.timer then
    self.timer:close()
    self.timer = nil
  end
end

---Windows of the chat get its folds.
---@param window integer
function Transcript.dress(window)
  local options = {
    foldmethod = "expr",
    foldexpr = "v:lua.require'claudette.transcript'.foldexpr()",
    foldtext = "v:lua.require'claudette.transcript'.foldtext()",
    foldlevel = 0,
    foldenable = true,
    wrap = true,
    linebreak = true,
    smoothscroll = true,
    number = false,
    relativenumber = false,
    signcolumn = "no",
    conceallevel = 0,
    winbar = "%{%v:lua.require'claudette.transcript'.winbar()%}",
  }
  for name, value in pairs(options) do
    vim.api.nvim_set_option_value(name, value, { scope = "local", win = window })
  end
end

---Everything anew, after a snapshot.
function Transcript:redraw()
  local follow = self:followers()
  self.shown, self.index, self.dirty = {}, {}, {}
  vim.api.nvim_buf_clear_namespace(self.buffer, COLOURS, 0, -1)
  local items = vim.list_extend(vim.list_extend({}, self.fold.items), self.fold:open_items())
  local lines = self:lay(items, 0)
  self:write(0, -1, lines)
  for _, shown in ipairs(self.shown) do
    self:paint(shown)
  end
  self:scroll(follow)
  self:tell()
end

---Shows a page before everything that is shown. What a window shows stays where it is.
---@param items claudette.Item[]
function Transcript:prepend(items)
  local before = self.shown
  self.shown = {}
  local lines = self:lay(items, 0)
  for _, shown in ipairs(before) do
    shown.n, shown.row = #self.shown + 1, shown.row + #lines
    table.insert(self.shown, shown)
  end
  local views = {}
  for _, window in ipairs(vim.fn.win_findbuf(self.buffer)) do
    views[window] = vim.api.nvim_win_call(window, vim.fn.winsaveview)
  end
  self:write(0, 0, lines)
  for n = 1, #self.shown - #before do
    self:paint(self.shown[n])
  end
  for window, view in pairs(views) do
    view.lnum, view.topline = view.lnum + #lines, view.topline + #lines
    vim.api.nvim_win_call(window, function() vim.fn.winrestview(view) end)
  end
end

---Places the blocks of items, without writing them.
---@private
---@param row integer of the first, from 0
---@return string[] lines
function Transcript:lay(items, row)
  local lines = {}
  for _, item in ipairs(items) do
    local block = render.block(item)
    if block then
      self:keep(item.id, row + #lines, block)
      vim.list_extend(lines, block.lines)
    end
  end
  return lines
end

---An item is new or different; what is new is shown at the end, in the order it was opened.
---@param item_id string
function Transcript:touch(item_id)
  self.dirty[item_id] = true
  if self.waiting then return end
  self.waiting = true
  vim.defer_fn(function()
    self.waiting = false
    if by_buffer[self.buffer] then self:flush() end
  end, FLUSH_MS)
end

---Shows what has changed now.
function Transcript:flush()
  local dirty = self.dirty
  self.dirty = {}
  local follow = self:followers()
  for _, item in ipairs(self:items_of(dirty)) do
    self:put(item)
  end
  self:scroll(follow)
  self:tell()
end

---@private
---@return claudette.Item[] of the ids, in order of the transcript
function Transcript:items_of(ids)
  local found = {}
  for _, item in ipairs(self.fold.items) do
    if ids[item.id] then table.insert(found, item) end
  end
  for _, item in ipairs(self.fold:open_items()) do
    if ids[item.id] then table.insert(found, item) end
  end
  return found
end

---@private
function Transcript:put(item)
  local block, shown = render.block(item), self.index[item.id]
  if shown then
    self:replace(shown, block or { lines = {}, marks = {}, folded = false })
  elseif block then
    local row = #self.shown == 0 and 0 or vim.api.nvim_buf_line_count(self.buffer)
    local added = self:keep(item.id, row, block)
    self:write(row, -1, block.lines)
    self:paint(added)
  end
end

---@param block claudette.Block
local function folds(block) return block.folded and #block.lines > 2 end

---Only the lines that are different are written, so that folds and the cursor stay. Neovim asks for
---the folds of those lines alone, while they are written: the first is one when it begins a fold.
---@private
function Transcript:replace(shown, block)
  local old, new = shown.block.lines, block.lines
  local same = 0
  while folds(shown.block) == folds(block) and same < #old and same < #new do
    if old[same + 1] ~= new[same + 1] then break end
    same = same + 1
  end
  shown.block = block
  for n = shown.n + 1, #new ~= #old and #self.shown or 0 do
    self.shown[n].row = self.shown[n].row + #new - #old
  end
  if same < #old or same < #new then
    self:write(shown.row + same, shown.row + #old, vim.list_slice(new, same + 1))
  end
  self:paint(shown)
end

---@private
---@return claudette.Shown
function Transcript:keep(id, row, block)
  local shown = { id = id, n = #self.shown + 1, row = row, block = block }
  table.insert(self.shown, shown)
  self.index[id] = shown
  return shown
end

---@private
function Transcript:paint(shown)
  local row, block = shown.row, shown.block
  vim.api.nvim_buf_clear_namespace(self.buffer, COLOURS, row, row + #block.lines)
  for _, mark in ipairs(block.marks) do
    vim.api.nvim_buf_set_extmark(self.buffer, COLOURS, row + mark.row, 0, {
      line_hl_group = mark.group,
      end_row = row + mark.row,
      invalidate = true,
      undo_restore = false,
    })
  end
end

---@private
function Transcript:write(first, last, lines)
  vim.bo[self.buffer].modifiable = true
  vim.api.nvim_buf_set_lines(self.buffer, first, last, false, lines)
  vim.bo[self.buffer].modifiable = false
  vim.bo[self.buffer].modified = false
end

---@private
---@return integer[] windows whose cursor is at the end, and so follows it
function Transcript:followers()
  local last = vim.api.nvim_buf_line_count(self.buffer)
  return vim.tbl_filter(
    function(window) return vim.api.nvim_win_get_cursor(window)[1] >= last - 1 end,
    vim.fn.win_findbuf(self.buffer)
  )
end

---@private
---@param windows integer[]
function Transcript:scroll(windows)
  local last = vim.api.nvim_buf_line_count(self.buffer)
  for _, window in ipairs(windows) do
    vim.api.nvim_win_set_cursor(window, { last, 0 })
    -- A cursor that moved far would be shown in the middle, with nothing below it; and the first of
    -- the two shows a paragraph that is taller than the window from its beginning.
    vim.api.nvim_win_call(window, function() vim.cmd.normal({ "zbzb", bang = true }) end)
  end
end

---Shows what the chat is doing, and each second for how long.
function Transcript:tell()
  vim.cmd.redrawstatus({ bang = true })
  self:tick(self.fold:running())
end

---@return string what the chat of a window is doing, as its 'winbar'
function Transcript.winbar()
  local transcript = by_buffer[vim.api.nvim_get_current_buf()]
  if not transcript then return "" end
  local fold = transcript.fold
  local doing, having = render.status(fold, fold:running() and transcript:elapsed() or nil)
  -- A narrow window shows what it is doing before the rest.
  return ("%%#ClaudetteStatus#%s%%< · %s"):format(doing, (having:gsub("%%", "%%%%")))
end

---@private
function Transcript:elapsed()
  local at = self.fold.turn and self.fold.turn.startedAt or ""
  local year, month, day, hour, minute, second = at:match("(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)")
  if not year then return nil end
  local parts = { year = year, month = month, day = day, hour = hour, min = minute, sec = second }
  local now = os.time(os.date("!*t") --[[@as osdateparam]])
  return math.max(0, now - os.time(parts))
end

---@private
function Transcript:tick(running)
  if running and not self.timer then
    self.timer = assert(vim.uv.new_timer())
    self.timer:start(
      1000,
      1000,
      vim.schedule_wrap(function()
        if self.timer then self:tell() end
      end)
    )
  elseif not running and self.timer then
    self.timer:close()
    self.timer = nil
  end
end

---@private
---@param row integer from 0
---@return claudette.Shown?, integer
function Transcript:at(row)
  local low, high = 1, #self.shown
  while low < high do
    local middle = math.ceil((low + high) / 2)
    if self.shown[middle].row <= row then
      low = middle
    else
      high = middle - 1
    end
  end
  local shown = self.shown[low]
  return shown, shown and row - shown.row or 0
end

---@return string
function Transcript.foldexpr()
  local transcript = by_buffer[vim.api.nvim_get_current_buf()]
  if not transcript then return "0" end
  local shown, within = transcript:at(vim.v.lnum - 1)
  -- The empty line after a block stays, and a block of one line has nothing to fold.
  if not shown or not folds(shown.block) or within >= #shown.block.lines - 1 then return "0" end
  return within == 0 and ">1" or "1"
end

---@return string
function Transcript.foldtext()
  local first = vim.fn.getline(vim.v.foldstart)
  return ("%s  (%d lines)"):format(first, vim.v.foldend - vim.v.foldstart)
end

return Transcript
