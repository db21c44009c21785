---Owns how an item of a transcript looks as lines of a buffer. No I/O.

local images = require("claudette.images")

local M = {}

---@class claudette.Block
---@field lines string[]
---@field marks { row: integer, group: string }[] rows of the block, from 0, that are coloured
---@field folded boolean its lines but the first are folded

local SIGNS = { done = "✓", open = "…", failed = "✗", stopped = "■", lost = "✗" }
local PHASES = { writing = "…", asking = "?", running = "▶" }

---@param text string
---@return string[]
local function lines_of(text)
  local plain = text:gsub("\r\n", "\n"):gsub("%z", "␀")
  return vim.split(plain, "\n", { plain = true })
end

---What stands in one line, such as a command of several.
---@param text string
---@return string
function M.one_line(text) return (vim.trim(text):gsub("%s*\n%s*", " ⏎ ")) end

---What follows a text that is not held whole.
---@param item claudette.Item
---@return string?
local function missing(item)
  local bytes = (item.textBytes or 0) - #(item.text or "")
  return bytes > 0 and ("… %d bytes more: claudette history"):format(bytes) or nil
end

---@param block claudette.Block
---@param text string
---@param indent string
local function add(block, text, indent)
  for _, line in ipairs(lines_of(text)) do
    table.insert(block.lines, line == "" and "" or indent .. line)
  end
end

---@param block claudette.Block
---@param diff string
local function add_diff(block, diff)
  for _, line in ipairs(lines_of(vim.trim(diff))) do
    local first = line:sub(1, 1)
    local heading = line:match("^%-%-%- ") or line:match("^%+%+%+ ")
    local group = not heading and ({ ["+"] = "DiffAdd", ["-"] = "DiffDelete" })[first]
    if group then table.insert(block.marks, { row = #block.lines, group = group }) end
    table.insert(block.lines, "    " .. line)
  end
end

---@param item claudette.Item
---@return claudette.Block
local function tool(item)
  local call = assert(item.tool)
  local sign = item.status == "open" and PHASES[call.phase] or SIGNS[item.status] or "·"
  local code = call.exitCode and call.exitCode ~= 0 and (" (exit %d)"):format(call.exitCode) or ""
  local title = M.one_line(call.title ~= nil and call.title ~= "" and call.title or call.name)
  local block = {
    lines = { ("%s `%s` %s%s"):format(sign, call.name, title, code) },
    marks = { { row = 0, group = "ClaudetteTool" } },
    folded = true,
  }
  if call.diff and call.diff ~= "" then add_diff(block, call.diff) end
  local output = item.text ~= nil and item.text ~= "" and item.text or call.error or ""
  if output ~= "" then add(block, (output:gsub("\n$", "")), "    ") end
  return block
end

---@param item claudette.Item
---@return claudette.Block
local function quoted(item, sign)
  local block = { lines = {}, marks = {}, folded = false }
  for number, line in ipairs(lines_of(item.text or "")) do
    table.insert(block.lines, (number == 1 and sign or "> ") .. line)
    table.insert(block.marks, { row = number - 1, group = "ClaudetteNotice" })
  end
  return block
end

local KINDS = {
  user = function(item)
    local block = { lines = { "## ▸ You", "" }, marks = {}, folded = false }
    add(block, item.text or "", "")
    for _, image in ipairs(item.images or {}) do
      table.insert(block.lines, images.line(image))
    end
    return block
  end,
  message = function(item)
    local block = { lines = {}, marks = {}, folded = false }
    add(block, item.text or "", "")
    return block
  end,
  reasoning = function(item)
    local sign = item.status == "open" and "…" or "✓"
    local block = { lines = { sign .. " reasoning" }, marks = {}, folded = true }
    table.insert(block.marks, { row = 0, group = "ClaudetteTool" })
    add(block, item.text or "", "    ")
    return block
  end,
  tool = tool,
  compaction = function(item)
    local sizes = item.compaction or {}
    local told = sizes.before
        and sizes.after
        and (" from %d to %d tokens"):format(sizes.before, sizes.after)
      or ""
    local block = { lines = { "― compacted" .. told .. " ―" }, marks = {}, folded = true }
    table.insert(block.marks, { row = 0, group = "ClaudetteNotice" })
    add(block, item.text or "", "    ")
    return block
  end,
  notice = function(item) return quoted(item, "> ") end,
}

---@param item claudette.Item
---@return claudette.Block? nothing for what is not shown
function M.block(item)
  local make = KINDS[item.kind]
  if not make or item.status == "discarded" then return nil end
  local block = make(item)
  local cut = missing(item)
  if cut and item.status ~= "open" then table.insert(block.lines, cut) end
  table.insert(block.lines, "")
  return block
end

---@param fold claudette.Fold
---@param seconds integer? since the turn began
---@return string doing what the chat is doing, and what waits
---@return string having what it has and has used
function M.status(fold, seconds)
  local chat = fold.chat
  local status = (chat.status or {}).name or "unknown"
  local doing = { seconds and ("%s %d s"):format(status, seconds) or status }
  local waiting = vim.tbl_count(fold.permissions)
  if waiting > 0 then table.insert(doing, ("%d waits for you"):format(waiting)) end
  if #fold.queue > 0 then
    local paused = fold.queue_paused and ", paused: /resume" or ""
    table.insert(doing, ("%d queued%s"):format(#fold.queue, paused))
  end
  local parts = { M.model(chat), chat.level }
  local context = chat.context or {}
  if context.used and context.window and context.window > 0 then
    table.insert(
      parts,
      ("%d %% of context"):format(math.floor(100 * context.used / context.window))
    )
  end
  local cost = (chat.totals or {}).costUsd
  if cost then table.insert(parts, ("$%.2f"):format(cost)) end
  parts = vim.tbl_filter(function(part) return part ~= "" end, parts)
  return table.concat(doing, " · "), table.concat(parts, " · ")
end

---@param chat claudette.Chat
---@return string
function M.model(chat)
  local used = chat.modelUsed ~= nil and chat.modelUsed ~= "" and chat.modelUsed or chat.model
  return used and used:match("[^/]*$") or ""
end

return M
