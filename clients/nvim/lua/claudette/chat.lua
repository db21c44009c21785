---Owns the chats that are open here: follows each, and keeps its buffers and its prompt.

local Client = require("claudette.client")
local Fold = require("claudette.fold")
local Transcript = require("claudette.transcript")
local approval = require("claudette.approval")
local config = require("claudette.config")
local files = require("claudette.files")
local images = require("claudette.images")

---@class claudette.OpenChat
---@field id string
---@field client claudette.Client
---@field fold claudette.Fold
---@field transcript claudette.Transcript
---@field prompt integer buffer of the prompt
---@field commands claudette.Command[] as they were listed last
---@field private reading table<string, true>
---@field private reading_older string? cursor of the page that is on its way
local Chat = {}
Chat.__index = Chat

---@type table<string, claudette.OpenChat>
Chat.open = {}

local PIECE = 256 * 1024
local HINTS = vim.api.nvim_create_namespace("claudette_hints")
local HINT = "<C-s> sends · <C-c> stops · <C-x><C-u> completes @file and /command"

---@param client claudette.Client
---@param chat claudette.Chat
---@return claudette.OpenChat
function Chat.follow(client, chat)
  local known = Chat.open[chat.id]
  if known and vim.api.nvim_buf_is_valid(known.transcript.buffer) then return known end
  local fold = Fold.new()
  fold.chat = chat
  local made = setmetatable({
    id = chat.id,
    client = client,
    fold = fold,
    transcript = Transcript.new(fold, "claudette://" .. chat.id),
    commands = {},
    reading = {},
  }, Chat)
  made.prompt = made:make_prompt()
  Chat.open[chat.id] = made
  vim.api.nvim_create_autocmd("BufWipeout", {
    buffer = made.transcript.buffer,
    callback = function() made:close() end,
  })
  vim.api.nvim_create_autocmd({ "WinScrolled", "CursorMoved" }, {
    buffer = made.transcript.buffer,
    desc = "Read older messages when the oldest is in sight",
    callback = function()
      if made.fold.older and vim.fn.line("w0") == 1 then made:older() end
    end,
  })
  client:follow(
    chat.id,
    function(method, params) made:take(method, params) end,
    function() made:subscribe() end
  )
  return made
end

---@param buffer integer?
---@return claudette.OpenChat? chat that a buffer belongs to
function Chat.of_buffer(buffer)
  buffer = (buffer == nil or buffer == 0) and vim.api.nvim_get_current_buf() or buffer
  for _, chat in pairs(Chat.open) do
    if chat.transcript.buffer == buffer or chat.prompt == buffer then return chat end
  end
end

function Chat:close()
  Chat.open[self.id] = nil
  self.client:unfollow(self.id)
  if self.client:connected() then
    self.client:request("event/unsubscribe", { chatId = self.id }, function() end)
  end
  self.transcript:close()
  if vim.api.nvim_buf_is_valid(self.prompt) then
    vim.api.nvim_buf_delete(self.prompt, { force = true })
  end
end

---@private
function Chat:subscribe()
  local params = { chatId = self.id, after = self.fold:cursor() }
  self.client:request("event/subscribe", params, function(problem, result)
    if problem then return Client.complain(problem) end
    if Chat.open[self.id] ~= self then return end
    if self.fold:snapshot(result) then self.transcript:redraw() end
    self:fill_gaps()
    self:list_commands()
    for _, permission in pairs(self.fold.permissions) do
      self:ask(permission)
    end
  end)
end

---@private
function Chat:list_commands()
  self.client:request(
    "command/list",
    { chatId = self.id },
    function(_, result) self.commands = result and result.commands or self.commands end
  )
end

---@private
function Chat:take(method, params)
  if method == "delta" then
    self.fold:delta(params)
    self.transcript:touch(params.itemId)
  elseif method == "event" and self.fold:event(params) then
    self:changed(params.event)
  end
  self:fill_gaps()
end

---@private
---@param event table
function Chat:changed(event)
  if event.item then
    self.transcript:touch(event.item.id)
    if event.type == "item/closed" then files.of_item(event.item, self.fold.chat.cwd) end
  elseif event.type == "chat/reset" and event.hidden then
    self.transcript:redraw()
  else
    self.transcript:touch("")
  end
  if event.type == "permission/opened" then
    self:ask(event.permission)
  elseif event.type == "permission/resolved" then
    approval.close(event.permissionId)
  elseif event.type == "question/opened" then
    vim.notify("claudette asks: " .. event.question.title .. "  (:Claudette answer)")
  elseif event.type == "turn/ended" and event.reason ~= "done" then
    -- Why is in the transcript.
    vim.notify(("claudette: the turn ended, %s"):format(event.reason), vim.log.levels.WARN)
  elseif event.type == "sidecar/started" then
    self:list_commands()
  elseif event.type == "chat/deleted" then
    vim.notify("claudette: the chat was deleted.")
  end
end

---@private
function Chat:ask(permission)
  local seen = #vim.fn.win_findbuf(self.transcript.buffer) > 0
  if config.values.show_requests and seen then
    local free = vim.api.nvim_get_mode().mode == "n" and Chat.of_buffer() == self
    approval.announce(self.client, permission, free)
  else
    vim.notify("claudette: a request waits  (:Claudette inbox)")
  end
end

---@private
function Chat:fill_gaps()
  for id in pairs(self.fold.gaps) do
    if not self.reading[id] then
      self.reading[id] = true
      local offset = #((self.fold.open[id] or {}).text or "")
      local params = { chatId = self.id, itemId = id, offset = offset, limit = PIECE }
      self.client:request("item/get", params, function(problem, piece)
        self.reading[id] = nil
        if problem then
          self.fold.gaps[id] = nil
          return
        end
        self.fold:fill(id, piece.offset, piece.text or "")
        local held = #((self.fold.open[id] or {}).text or "")
        if self.fold.open[id] and held < piece.total and (piece.text or "") ~= "" then
          self.fold.gaps[id] = true
          self:fill_gaps()
        end
        self.transcript:touch(id)
      end)
    end
  end
end

---Shows the page of messages before the oldest that is shown.
function Chat:older()
  if not self.fold.older then return vim.notify("claudette: there is nothing older.") end
  if self.reading_older == self.fold.older then return end
  local cursor = self.fold.older
  self.reading_older = cursor
  self.client:request("chat/history", { chatId = self.id, cursor = cursor }, function(problem, page)
    self.reading_older = nil
    if problem then return Client.complain(problem) end
    if self.fold.older ~= cursor then return end
    self.fold:earlier(page)
    self.transcript:prepend(page.items or {})
  end)
end

---@private
---@return claudette.OpenChat? another chat that is in a window of this tab
function Chat:shown_instead()
  for _, other in pairs(Chat.open) do
    for _, window in ipairs(other ~= self and vim.api.nvim_tabpage_list_wins(0) or {}) do
      if vim.api.nvim_win_get_buf(window) == other.transcript.buffer then return other end
    end
  end
end

---Shows the chat and its prompt: where they are already, or where another chat is.
function Chat:show()
  local other = #vim.fn.win_findbuf(self.transcript.buffer) == 0 and self:shown_instead()
  if other then
    for _, window in ipairs(vim.api.nvim_tabpage_list_wins(0)) do
      local buffer = vim.api.nvim_win_get_buf(window)
      if buffer == other.transcript.buffer then
        vim.api.nvim_win_set_buf(window, self.transcript.buffer)
        Transcript.dress(window)
        self.transcript:tell()
      elseif buffer == other.prompt then
        vim.api.nvim_win_set_buf(window, self.prompt)
      end
    end
  end
  local window = vim.fn.win_findbuf(self.transcript.buffer)[1]
  local below = vim.fn.win_findbuf(self.prompt)[1]
  if not window then
    if below then
      vim.api.nvim_set_current_win(below)
      vim.cmd("aboveleft split")
      vim.api.nvim_win_set_height(below, config.values.prompt_height)
    else
      vim.cmd(config.values.window)
    end
    window = vim.api.nvim_get_current_win()
    vim.wo[window].winfixheight = false
    vim.api.nvim_win_set_buf(window, self.transcript.buffer)
    Transcript.dress(window)
  end
  if not below then
    vim.api.nvim_set_current_win(window)
    vim.cmd(("belowright %dsplit"):format(config.values.prompt_height))
    below = vim.api.nvim_get_current_win()
    vim.api.nvim_win_set_buf(below, self.prompt)
    vim.wo[below].winfixheight = true
    vim.wo[below].number, vim.wo[below].relativenumber = false, false
  end
  vim.api.nvim_set_current_win(below)
end

---Shows in a prompt without text what can be done in it.
---@param buffer integer
local function hint(buffer)
  if not vim.api.nvim_buf_is_valid(buffer) then return end
  vim.api.nvim_buf_clear_namespace(buffer, HINTS, 0, -1)
  if vim.deep_equal(vim.api.nvim_buf_get_lines(buffer, 0, -1, false), { "" }) then
    local options = { virt_text = { { HINT, "Comment" } }, virt_text_pos = "overlay" }
    vim.api.nvim_buf_set_extmark(buffer, HINTS, 0, 0, options)
  end
end

---@private
---@return integer buffer
function Chat:make_prompt()
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_name(buffer, ("claudette://%s/prompt"):format(self.id))
  vim.bo[buffer].filetype = "markdown"
  vim.bo[buffer].completefunc = "v:lua.require'claudette.completion'.complete"
  vim.bo[buffer].omnifunc = "v:lua.require'claudette.completion'.complete"
  local function map(modes, key, action, about)
    vim.keymap.set(modes, key, action, { buffer = buffer, desc = about })
  end
  map("n", "<CR>", function() self:send_prompt("auto") end, "Send")
  local function sends(when)
    return function()
      vim.cmd.stopinsert()
      self:send_prompt(when)
    end
  end
  map({ "n", "i" }, "<C-s>", sends("auto"), "Send")
  map({ "n", "i" }, "<C-g>", sends("steer"), "Send into the running turn")
  map({ "n", "i" }, "<C-c>", function() self:stop() end, "Stop what runs")
  hint(buffer)
  vim.api.nvim_buf_attach(buffer, false, {
    on_lines = function()
      vim.schedule(function() hint(buffer) end)
    end,
  })
  return buffer
end

---Sends what the prompt holds, and empties it for the next message. What cannot be sent comes back.
---@param when "auto"|"queue"|"steer"
function Chat:send_prompt(when)
  local lines = vim.api.nvim_buf_get_lines(self.prompt, 0, -1, false)
  local text = vim.trim(table.concat(lines, "\n"))
  if text == "" then return end
  vim.api.nvim_buf_set_lines(self.prompt, 0, -1, false, {})
  self:send(text, when, function()
    if not vim.api.nvim_buf_is_valid(self.prompt) then return end
    local now = vim.api.nvim_buf_get_lines(self.prompt, 0, -1, false)
    local last = vim.deep_equal(now, { "" }) and -1 or 0
    vim.api.nvim_buf_set_lines(self.prompt, 0, last, false, lines)
  end)
end

---@param text string
---@param when "auto"|"queue"|"steer"
---@param failed fun()?
function Chat:send(text, when, failed)
  local shown, unfit = images.of(text, self.fold.chat)
  if not shown then
    if failed then failed() end
    return Client.complain(unfit)
  end
  local params = { chatId = self.id, text = text, when = when, key = Client.key() }
  if #shown > 0 then params.images = shown end
  self.client:request("turn/send", params, function(problem, result)
    if problem then
      if failed then failed() end
      return Client.complain(problem)
    end
    local told = { queued = "queued", steering = "sent into the running turn" }
    if told[result.state] then vim.notify("claudette: " .. told[result.state]) end
  end)
end

---Adds to the prompt, and shows it.
---@param lines string[]
function Chat:compose(lines)
  local last = vim.api.nvim_buf_line_count(self.prompt)
  local empty = vim.api.nvim_buf_get_lines(self.prompt, 0, -1, false)
  local first = vim.deep_equal(empty, { "" }) and 0 or last
  vim.api.nvim_buf_set_lines(self.prompt, first, -1, false, lines)
  self:show()
  vim.api.nvim_win_set_cursor(0, { vim.api.nvim_buf_line_count(self.prompt), 0 })
end

function Chat:stop()
  self.client:request("turn/stop", { chatId = self.id }, function(problem, result)
    if problem then return Client.complain(problem) end
    if not result.stopped then vim.notify("claudette: nothing runs.") end
  end)
end

---@param changes table
function Chat:configure(changes)
  local params = vim.tbl_extend("force", { chatId = self.id }, changes)
  self.client:request("chat/configure", params)
end

return Chat
