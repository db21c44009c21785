---Owns the completion of a prompt: slash commands with what may follow, and files after an @.

local Chat = require("claudette.chat")

local M = {}

local MOST = 200
local PATIENCE_MS = 2000

---@type table<string, { at: integer, names: string[] }>
local listed = {}

---@param cwd string
---@return string[] files of the project, without those that git ignores
local function files(cwd)
  local known = listed[cwd]
  if known and vim.uv.now() - known.at < 10000 then return known.names end
  local ended = vim
    .system({ "git", "ls-files", "-co", "--exclude-standard" }, { cwd = cwd, text = true })
    :wait(PATIENCE_MS)
  local names
  if ended.code == 0 then
    names = vim.split(vim.trim(ended.stdout), "\n", { plain = true })
  else
    names = {}
    for name, kind in vim.fs.dir(cwd, { depth = 4 }) do
      if kind == "file" and not vim.startswith(name, ".") then table.insert(names, name) end
    end
  end
  listed[cwd] = { at = vim.uv.now(), names = names }
  return names
end

---@param names string[]
---@param typed string
---@return string[] those that begin with what is typed, then those that hold it
local function matching(names, typed)
  local first, others = {}, {}
  for _, name in ipairs(names) do
    if vim.startswith(name, typed) then
      table.insert(first, name)
    elseif typed ~= "" and name:lower():find(typed:lower(), 1, true) then
      table.insert(others, name)
    end
  end
  return vim.list_slice(vim.list_extend(first, others), 1, MOST)
end

---@param chat claudette.OpenChat
---@param line string up to the cursor
---@return { start: integer, words: table[] }? start is a column from 0
function M.offers(chat, line)
  local at, typed = line:match("()@([^%s@]*)$")
  if at then
    local words = vim.tbl_map(
      function(name) return { word = "@" .. name, menu = "file" } end,
      matching(files(chat.fold.chat.cwd), typed)
    )
    return { start = at - 1, words = words }
  end
  local name, argument = line:match("^/(%S*)%s+(%S*)$")
  if name then
    for _, command in ipairs(chat.commands) do
      if command.name == "/" .. name then
        local words = matching(command.completions or {}, argument)
        return { start = #line - #argument, words = words }
      end
    end
  elseif line:match("^/%S*$") then
    local words = {}
    for _, command in ipairs(chat.commands) do
      if vim.startswith(command.name, line) then
        table.insert(words, { word = command.name, menu = command.about })
      end
    end
    return { start = 0, words = words }
  end
end

---@type { start: integer, words: table[] }?
local offered

---As 'completefunc' wants it: first where what is typed begins, then what it may become.
---@param find integer
---@return any
function M.complete(find)
  if find == 0 then return offered and offered.words or {} end
  local chat = Chat.of_buffer()
  local column = vim.api.nvim_win_get_cursor(0)[2]
  offered = chat and M.offers(chat, vim.api.nvim_get_current_line():sub(1, column))
  return offered and offered.start or -3
end

return M
