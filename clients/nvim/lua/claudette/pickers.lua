---Owns the lists to choose from: chats, models, levels, agents, waiting requests, questions.

local Client = require("claudette.client")
local approval = require("claudette.approval")
local render = require("claudette.render")

local M = {}

M.LEVELS = { "readonly", "standard", "confined", "full" }
M.THINKING = { "off", "minimal", "low", "medium", "high", "xhigh", "max" }

---Neovim's own list takes <C-c> for an error; here it chooses nothing.
---@param found any[]
---@param prompt string
---@param label fun(each: any): string
---@param chosen fun(each: any)
---@param none string? what is said where there is nothing to choose from
local function choose(found, prompt, label, chosen, none)
  if #found == 0 then return vim.notify("claudette: " .. (none or "there is none.")) end
  local options = { prompt = prompt, format_item = label }
  local went, problem = pcall(vim.ui.select, found, options, function(each)
    if each then chosen(each) end
  end)
  if not went and not tostring(problem):find("Keyboard interrupt", 1, true) then
    error(problem, 0)
  end
end

---@param text string
---@param now boolean whether it is what the chat has
local function marked(text, now) return text .. (now and "  (now)" or "") end

---@param client claudette.Client
---@param method string
---@param params table
---@param prompt string
---@param list fun(result: any): table[]
---@param label fun(each: any): string
---@param chosen fun(each: any)
---@param none string?
local function pick(client, method, params, prompt, list, label, chosen, none)
  client:request(method, params, function(problem, result)
    if problem then return Client.complain(problem) end
    choose(list(result), prompt, label, chosen, none)
  end)
end

---@param client claudette.Client
---@param chosen fun(chat: claudette.Chat)
function M.chats(client, chosen)
  pick(
    client,
    "chat/list",
    { limit = 200 },
    "Chat",
    function(result) return result.chats or {} end,
    function(chat)
      local title = (chat.title or "") ~= "" and chat.title or chat.id
      local waits = (chat.openPermissions or 0) > 0 and " · waits for you" or ""
      local place = vim.fn.fnamemodify(chat.cwd, ":~")
      return ("%s  %s  %s%s"):format(render.one_line(title), place, chat.status.name, waits)
    end,
    chosen
  )
end

---@param models claudette.Model[]
local function offered(models)
  local usable = vim.tbl_filter(function(model) return model.usable ~= false end, models)
  local primary = vim.tbl_filter(function(model) return model.primary end, usable)
  return #primary > 0 and primary or usable
end

---The daemon may not have looked for any yet, and is then asked to.
---@param chat claudette.OpenChat
function M.models(chat)
  local function label(model)
    local text = ("%s · %s"):format(model.group, model.name)
    return marked(text, model.id == chat.fold.chat.model)
  end
  local function chosen(model) chat:configure({ model = model.id, backend = model.backend }) end
  chat.client:request("model/list", {}, function(problem, result)
    if problem then return Client.complain(problem) end
    local found = offered(result.models or {})
    if #found > 0 then return choose(found, "Model", label, chosen) end
    local function listed(refreshed) return offered(refreshed.models or {}) end
    pick(chat.client, "model/refresh", {}, "Model", listed, label, chosen)
  end)
end

---@param chat claudette.OpenChat
function M.queue(chat)
  local function take(entry)
    local params = { chatId = chat.id, turnId = entry.turnId }
    chat.client:request("queue/remove", params, function(problem)
      if problem then return Client.complain(problem) end
      chat:compose(vim.split(entry.text, "\n", { plain = true }))
    end)
  end
  local queue = chat.fold.queue
  if #queue == 1 then return take(queue[1]) end
  local function label(entry) return render.one_line(entry.text) end
  choose(queue, "Take back", label, take, "no message waits.")
end

---@param chat claudette.OpenChat
---@param names string[]
---@param field string
---@param prompt string
function M.setting(chat, names, field, prompt)
  local function label(name) return marked(name, name == chat.fold.chat[field]) end
  choose(names, prompt, label, function(name) chat:configure({ [field] = name }) end)
end

---An agent is chosen for a new chat; a chat keeps its own.
---@param client claudette.Client
---@param chosen fun(harness: claudette.Harness)
function M.agents(client, chosen)
  pick(
    client,
    "harness/list",
    {},
    "Agent of a new chat",
    function(result) return result.harnesses or {} end,
    function(harness)
      local missing = (harness.missing or "") ~= "" and " · " .. harness.missing or ""
      return harness.name .. missing
    end,
    chosen
  )
end

---@param client claudette.Client
function M.inbox(client)
  pick(
    client,
    "permission/list",
    {},
    "Waiting",
    function(result) return result.permissions or {} end,
    function(permission)
      local request = permission.request
      local about = request.command or table.concat(request.paths or {}, " ")
      return ("%s  %s"):format(request.tool, render.one_line(about))
    end,
    function(permission) approval.show(client, permission) end,
    "nothing waits for you."
  )
end

---@param client claudette.Client
function M.questions(client)
  pick(
    client,
    "question/list",
    {},
    "Question",
    function(result) return result.questions or {} end,
    function(question) return question.title end,
    function(question) M.answer(client, question) end,
    "no question waits for you."
  )
end

---@param client claudette.Client
---@param question claudette.Question
function M.answer(client, question)
  local function send(value)
    local params = { questionId = question.id, value = value, key = Client.key() }
    client:request("question/answer", params)
  end
  local function write()
    local ask = question.secret and vim.fn.inputsecret or nil
    if ask then return send(ask(question.title .. " ")) end
    vim.ui.input({ prompt = question.title .. " " }, function(value)
      if value and (value ~= "" or not question.free) then send(value) end
    end)
  end
  local options = question.options or {}
  if #options == 0 then return write() end
  local chosen = {}
  local function label(option)
    local text = option.label .. ((option.about or "") ~= "" and (" · " .. option.about) or "")
    return option.id and chosen[option.id] and (text .. "  (chosen)") or text
  end
  local function all()
    local ids = {}
    for _, option in ipairs(options) do
      if chosen[option.id] then table.insert(ids, option.id) end
    end
    send(table.concat(ids, "\n"))
  end
  local function offer()
    local found = {}
    if next(chosen) then
      table.insert(found, { label = "Answer with what is chosen", act = all })
    end
    vim.list_extend(found, options)
    if question.free then table.insert(found, { label = "Another answer…", act = write }) end
    choose(found, question.title, label, function(option)
      if option.act then return option.act() end
      if not question.several then return send(option.id) end
      chosen[option.id] = not chosen[option.id] or nil
      offer()
    end)
  end
  offer()
end

return M
