---Owns what the plugin offers: the command `:Claudette`, and functions to map and show.

local Client = require("claudette.client")
local Chat = require("claudette.chat")
local approval = require("claudette.approval")
local config = require("claudette.config")
local pickers = require("claudette.pickers")

local M = {}

---@type claudette.Client?
local client
---@type table<string, true>
local waiting = {}

---@return claudette.Client
function M.client()
  client = client or Client.new()
  return client
end

---@param settings claudette.Config?
function M.setup(settings) config.set(settings) end

local function highlight()
  for name, link in pairs({
    ClaudetteStatus = "Comment",
    ClaudetteNotice = "Comment",
    ClaudetteTool = "Title",
  }) do
    vim.api.nvim_set_hl(0, name, { link = link, default = true })
  end
end
highlight()

---@return fun(chat: claudette.Chat): claudette.OpenChat shows it, in its own time: whoever has gone
---on to type elsewhere meanwhile stays there
local function shows()
  local window = vim.api.nvim_get_current_win()
  return function(chat)
    local opened = Chat.follow(M.client(), chat)
    local now = vim.api.nvim_get_current_win()
    local free = now == window and vim.api.nvim_get_mode().mode == "n"
    opened:show()
    if not free then vim.api.nvim_set_current_win(now) end
    return opened
  end
end

---@param more table?
---@param done fun(chat: claudette.OpenChat)?
function M.new(more, done)
  local show = shows()
  local params = vim.tbl_extend("force", { cwd = vim.fn.getcwd(), key = Client.key() }, more or {})
  M.client():request("chat/create", params, function(problem, result)
    if problem then return Client.complain(problem) end
    local chat = show(result.chat)
    if done then done(chat) end
  end)
end

---Opens the chat of this buffer, or the last of this directory, or a new one.
---@param done fun(chat: claudette.OpenChat)?
function M.open(done)
  local here = Chat.of_buffer()
  if here then
    here:show()
    return done and done(here)
  end
  local show = shows()
  local cwd = vim.uv.fs_realpath(vim.fn.getcwd())
  M.client():request("chat/list", { limit = 200 }, function(problem, result)
    if problem then return Client.complain(problem) end
    for _, chat in ipairs(result.chats or {}) do
      if chat.cwd == cwd or chat.workspace == cwd then
        local opened = show(chat)
        return done and done(opened)
      end
    end
    M.new(nil, done)
  end)
end

---Puts lines of a buffer into the prompt, with their file and numbers.
---@param first integer
---@param last integer
---@param text string
function M.send_lines(first, last, text)
  local path = vim.fn.fnamemodify(vim.api.nvim_buf_get_name(0), ":.")
  local lines = vim.api.nvim_buf_get_lines(0, first - 1, last, false)
  local fence = "```"
  while vim.iter(lines):any(function(line) return vim.startswith(vim.trim(line), fence) end) do
    fence = fence .. "`"
  end
  local place = ("@%s:%d-%d"):format(path, first, last)
  local block = { place, fence .. vim.bo.filetype, unpack(lines) }
  vim.list_extend(block, { fence, text })
  M.open(function(chat) chat:compose(block) end)
end

---@param act fun(chat: claudette.OpenChat)
local function in_chat(act)
  local here = Chat.of_buffer()
  if here then return act(here) end
  M.open(act)
end

---@type table<string, { about: string, run: fun(rest: string, command: table) }>
M.actions = {
  open = { about = "the chat of this directory", run = function() M.open() end },
  new = { about = "a new chat in this directory", run = function() M.new() end },
  agent = {
    about = "a new chat with another agent",
    run = function()
      pickers.agents(M.client(), function(harness) M.new({ harness = harness.id }) end)
    end,
  },
  chats = { about = "choose a chat", run = function() pickers.chats(M.client(), shows()) end },
  decide = {
    about = "go to the request that is shown, or choose one",
    run = function()
      if approval.enter() then return end
      local here = Chat.of_buffer()
      local _, permission = next(here and here.fold.permissions or {})
      if permission then return approval.show(M.client(), permission) end
      pickers.inbox(M.client())
    end,
  },
  inbox = { about = "requests that wait", run = function() pickers.inbox(M.client()) end },
  answer = { about = "questions that wait", run = function() pickers.questions(M.client()) end },
  send = {
    about = "send a message, or put the selected lines into the prompt",
    run = function(rest, command)
      if command.range > 0 then return M.send_lines(command.line1, command.line2, rest) end
      in_chat(function(chat)
        if rest ~= "" then chat:send(rest, "auto") end
      end)
    end,
  },
  steer = {
    about = "send a message into the running turn",
    run = function(rest)
      in_chat(function(chat) chat:send(rest, "steer") end)
    end,
  },
  queue = {
    about = "take a message that waits back into the prompt",
    run = function() in_chat(pickers.queue) end,
  },
  stop = { about = "stop what runs", run = function() in_chat(Chat.stop) end },
  older = { about = "show older messages", run = function() in_chat(Chat.older) end },
  model = { about = "choose the model", run = function() in_chat(pickers.models) end },
  level = {
    about = "choose the permission level",
    run = function()
      in_chat(function(chat) pickers.setting(chat, pickers.LEVELS, "level", "Permission level") end)
    end,
  },
  thinking = {
    about = "choose how much the model thinks",
    run = function()
      in_chat(function(chat) pickers.setting(chat, pickers.THINKING, "thinking", "Thinking") end)
    end,
  },
}

---@param command table as nvim_create_user_command gives it
function M.run(command)
  local name, rest = command.args:match("^(%S*)%s*(.*)$")
  if name == "" then name = command.range > 0 and "send" or "open" end
  local action = M.actions[name]
  if not action then
    return Client.complain({ message = ("there is no :Claudette %s"):format(name) })
  end
  action.run(rest, command)
end

---@param lead string
---@param line string
---@return string[]
function M.complete(lead, line)
  if line:match("^%S+%s+%S+%s") then return {} end
  local names = vim.tbl_filter(
    function(name) return vim.startswith(name, lead) end,
    vim.tbl_keys(M.actions)
  )
  table.sort(names)
  return names
end

local following = false

---@private
local function follow_all()
  if following then return end
  following = true
  M.client():follow("feed", function(_, params)
    if params.subject == "permission" then
      local id = params.permissionId or (params.permission or {}).id
      waiting[id] = not params.resolution and true or nil
      vim.cmd.redrawstatus({ bang = true })
    end
  end, function()
    M.client():request("event/subscribe", { all = true }, function(problem, result)
      if problem then return end
      waiting = {}
      for _, permission in ipairs(result.permissions or {}) do
        waiting[permission.id] = true
      end
      vim.cmd.redrawstatus({ bang = true })
    end)
  end)
end

---For 'statusline': what the chat of this buffer does, and how many requests wait anywhere.
---@return string
function M.statusline()
  follow_all()
  local parts = {}
  local here = Chat.of_buffer()
  if here and here.fold.chat.status then table.insert(parts, here.fold.chat.status.name) end
  local count = vim.tbl_count(waiting)
  if count > 0 then table.insert(parts, ("%d waits"):format(count)) end
  return #parts > 0 and "claudette: " .. table.concat(parts, ", ") or ""
end

return M
