---Owns requests of an agent that wait: shows one whole, as a diff where it is one, and decides it.

local Client = require("claudette.client")
local config = require("claudette.config")
local diff = require("claudette.diff")
local render = require("claudette.render")

local M = {}

local PIECE = 256 * 1024
local KEYS =
  "a allow once · c allow in this chat · d deny · r deny with a reason · v diff view · q later"
local NARROW_KEYS = "a once · c in chat · d deny · r why not · v diff · q later"
local DIFF_KEYS = { "a once · c in chat · d deny", "r why not · q later" }
local ELSEWHERE = ":Claudette decide goes here"

---@class claudette.Card
---@field permission claudette.Permission
---@field windows integer[]
---@field tab integer?

---@type table<string, claudette.Card>
local cards = {}

---@param text string
---@return string what cannot be seen is written out
local function visible(text)
  local shown = text:gsub(
    "[%z\1-\8\11-\31\127]",
    function(c) return ("\\x%02x"):format(c:byte()) end
  )
  return (
    shown:gsub("\226\128[\139-\143\168-\174]", function(c)
      local second, third = c:byte(2, 3)
      return ("\\u%04x"):format(0x2000 + (second - 0x80) * 64 + (third - 0x80))
    end)
  )
end

---@param request claudette.Request
---@return string[]
local function lines_of(permission, request)
  local lines = { ("**May it run this?** `%s`"):format(request.tool), "" }
  local function add(text, prefix)
    for _, line in ipairs(vim.split(visible(text), "\n", { plain = true })) do
      table.insert(lines, (prefix or "") .. line)
    end
  end
  if (permission.why or "") ~= "" then add(permission.why) end
  if (request.cwd or "") ~= "" then add("in " .. request.cwd) end
  for _, path in ipairs(request.paths or {}) do
    add("path " .. path)
  end
  for _, host in ipairs(request.hosts or {}) do
    add("host " .. host)
  end
  table.insert(lines, "")
  for _, field in ipairs({ "command", "diff", "input" }) do
    if (request[field] or "") ~= "" then
      table.insert(
        lines,
        "```" .. (field == "diff" and "diff" or field == "command" and "sh" or "json")
      )
      add(request[field])
      table.insert(lines, "```")
    end
  end
  for _, field in ipairs({ "diffBytes", "inputBytes" }) do
    if request[field] then
      table.insert(lines, ("Not all of it is shown: it has %d bytes."):format(request[field]))
    end
  end
  return lines
end

---Reads on what was cut, since only what was shown whole can be allowed.
---@param client claudette.Client
---@param permission claudette.Permission
---@param done fun(problem: string?, whole: claudette.Permission)
function M.whole(client, permission, done)
  local request = vim.deepcopy(permission.request)
  local whole = vim.tbl_extend("force", permission, { request = request })
  local function read(field, text)
    local params = { permissionId = permission.id, field = field, offset = #text, limit = PIECE }
    client:request("permission/get", params, function(problem, got)
      if problem then return done(problem.message, whole) end
      text = text .. (got.text or "")
      if #text < got.available and (got.text or "") ~= "" then return read(field, text) end
      request[field] = text
      if got.available == got.total then request[field .. "Bytes"] = nil end
      M.whole(client, whole, done)
    end)
  end
  for _, field in ipairs({ "diff", "input" }) do
    local total = request[field .. "Bytes"]
    if total and #(request[field] or "") < math.min(total, 4 * 1024 * 1024) then
      return read(field, "")
    end
  end
  done(nil, whole)
end

---@param id string
function M.close(id)
  local card = cards[id]
  if not card then return end
  cards[id] = nil
  for _, window in ipairs(card.windows) do
    if vim.api.nvim_win_is_valid(window) then vim.api.nvim_win_close(window, true) end
  end
end

---@param client claudette.Client
---@param permission claudette.Permission
---@param decision "allow"|"deny"
---@param more table? scope, reason
function M.decide(client, permission, decision, more)
  local params = vim.tbl_extend("force", {
    permissionId = permission.id,
    decision = decision,
    digest = permission.request.digest,
    seenWhole = true,
    key = Client.key(),
  }, more or {})
  client:request("permission/decide", params, function(problem)
    local gone = problem and (problem.data or {}).name == "PermissionGone"
    if problem and not gone then Client.complain(problem) end
    M.close(permission.id)
  end)
end

---@param buffer integer
---@param client claudette.Client
---@param permission claudette.Permission
---@param after integer? milliseconds for which the keys do nothing
local function keys(buffer, client, permission, after)
  local from = vim.uv.now() + (after or 0)
  local function map(key, action, about)
    local function act()
      if vim.uv.now() >= from then action() end
    end
    vim.keymap.set("n", key, act, { buffer = buffer, nowait = true, desc = about })
  end
  map("a", function() M.decide(client, permission, "allow") end, "Allow once")
  map(
    "c",
    function() M.decide(client, permission, "allow", { scope = "chat" }) end,
    "Allow in chat"
  )
  map("d", function() M.decide(client, permission, "deny") end, "Deny")
  map("r", function()
    vim.ui.input({ prompt = "Why not? " }, function(reason)
      if reason then M.decide(client, permission, "deny", { reason = reason }) end
    end)
  end, "Deny with a reason")
  map("v", function() M.view(client, permission) end, "Show as a diff")
  map("q", function() M.close(permission.id) end, "Decide later")
end

---@param lines string[]
---@param filetype string
---@return integer buffer
local function scratch(lines, filetype)
  local buffer = vim.api.nvim_create_buf(false, true)
  vim.api.nvim_buf_set_lines(buffer, 0, -1, false, lines)
  vim.bo[buffer].bufhidden = "wipe"
  vim.bo[buffer].filetype = filetype
  vim.bo[buffer].modifiable = false
  return buffer
end

---@param lines string[]
---@param width integer
---@return integer rows that they take, wrapped
local function height_of(lines, width)
  local rows = 0
  for _, line in ipairs(lines) do
    rows = rows + math.max(1, math.ceil(vim.fn.strdisplaywidth(line) / width))
  end
  return rows
end

---@param width integer of the window
---@return string
local function footer(width)
  local fits = vim.fn.strdisplaywidth(KEYS) + 2 <= width
  return (" %s "):format(fits and KEYS or NARROW_KEYS)
end

---Goes to a request that is shown, if there is one.
---@return boolean
function M.enter()
  for _, card in pairs(cards) do
    for _, window in ipairs(card.windows) do
      if vim.api.nvim_win_is_valid(window) then
        vim.api.nvim_set_current_win(window)
        return true
      end
    end
  end
  return false
end

---Shows a request that has come by itself. Whoever is typing elsewhere goes on doing so, and what
---was meant for the chat decides nothing.
---@param client claudette.Client
---@param permission claudette.Permission
---@param enter boolean whether the keyboard is free for it
function M.announce(client, permission, enter)
  M.show(client, permission, enter and config.values.key_delay or nil, not enter)
end

---Shows a request in a floating window. Nothing is decided by closing it.
---@param client claudette.Client
---@param permission claudette.Permission
---@param after integer? milliseconds for which its keys do nothing
---@param aside boolean? the window is not entered
function M.show(client, permission, after, aside)
  if cards[permission.id] then return end
  cards[permission.id] = { permission = permission, windows = {} }
  M.whole(client, permission, function(problem, whole)
    local card = cards[permission.id]
    if not card then return end
    if problem then
      cards[permission.id] = nil
      return Client.complain({ message = problem })
    end
    card.permission = whole
    local lines = lines_of(whole, whole.request)
    local buffer = scratch(lines, "markdown")
    local width = math.min(vim.o.columns - 4, 100)
    local needed = height_of(lines, width)
    local height = math.max(1, math.min(vim.o.lines - 6, needed))
    local below = needed > height and (" · %d of %d rows"):format(height, needed) or ""
    local window = vim.api.nvim_open_win(buffer, not aside, {
      relative = "editor",
      row = math.max(0, math.floor((vim.o.lines - height) / 2) - 1),
      col = math.floor((vim.o.columns - width) / 2),
      width = width,
      height = height,
      style = "minimal",
      border = "rounded",
      title = " " .. render.one_line(whole.request.tool) .. below .. " ",
      footer = aside and (" %s "):format(ELSEWHERE) or footer(width),
    })
    vim.wo[window].wrap = true
    table.insert(card.windows, window)
    keys(buffer, client, whole, after)
    vim.api.nvim_create_autocmd("WinEnter", {
      buffer = buffer,
      callback = function() vim.api.nvim_win_set_config(window, { footer = footer(width) }) end,
    })
  end)
end

---The file as it is beside the file as it would be, in a tab of their own.
---@param client claudette.Client
---@param permission claudette.Permission
function M.view(client, permission)
  local request = permission.request
  local path = (request.paths or {})[1]
  local hunks = diff.hunks(request.diff or "")
  if not path or #hunks == 0 then return vim.notify("claudette: this request changes no file.") end
  local old = diff.read(path)
  local new = diff.apply(old, hunks)
  local filetype = vim.filetype.match({ filename = path }) or ""
  if not new then
    -- Of another encoding, or changed meanwhile: the parts that change are all there is.
    old, new = {}, {}
    for _, hunk in ipairs(hunks) do
      vim.list_extend(old, hunk.old)
      vim.list_extend(new, hunk.new)
    end
  end
  local card = cards[permission.id] or { permission = permission, windows = {} }
  cards[permission.id] = card
  vim.cmd("tabnew")
  for number, lines in ipairs({ old, new }) do
    if number == 2 then vim.cmd("rightbelow vsplit") end
    local buffer = scratch(lines, filetype)
    vim.api.nvim_win_set_buf(0, buffer)
    vim.cmd("diffthis")
    local name = vim.fn.fnamemodify(path, ":~:."):gsub("%%", "%%%%")
    vim.wo.winbar = (number == 1 and "now: " or "with the change: ") .. name
    vim.wo.statusline = DIFF_KEYS[number]
    table.insert(card.windows, vim.api.nvim_get_current_win())
    keys(buffer, client, permission)
  end
end

return M
