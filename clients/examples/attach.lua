-- Attaches Neovim to a chat, shows what is said there, and answers its cards.
-- Needs Neovim 0.10 or newer, which has vim.uv.
-- :lua SOCKET, CHAT = "/path/of/claudetted.sock", "the id"    then    :luafile attach.lua
if not vim.uv then error("attach.lua needs Neovim 0.10 or newer", 0) end
local pipe, rest, asked = vim.uv.new_pipe(false), "", 0

local function ask(method, params)
  asked = asked + 1
  local request = { jsonrpc = "2.0", id = asked, method = method, params = params }
  pipe:write(vim.json.encode(request) .. "\n")
end

local function card(permission)
  local request = permission.request
  local prompt = request.tool .. ": " .. (request.command or request.diff or "")
  vim.ui.select({ "allow", "deny" }, { prompt = prompt }, function(decision)
    if not decision then return end -- the card stays open, here and everywhere
    ask("permission/decide",
      { permissionId = permission.id, decision = decision, digest = request.digest })
  end)
end

local function told(message)
  local params = message.params or {}
  local event, snapshot = params.event or {}, (message.result or {}).snapshot or {}
  for _, permission in ipairs(snapshot.permissions or {}) do card(permission) end
  if event.type == "permission/opened" then card(event.permission) end
  if message.method == "delta" then vim.api.nvim_out_write(params.text) end
  if event.type == "turn/ended" then vim.api.nvim_out_write("\n-- " .. event.reason .. "\n") end
end

pipe:connect(SOCKET, function()
  ask("event/subscribe", { chatId = CHAT })
  pipe:read_start(vim.schedule_wrap(function(_, chunk)
    rest = rest .. (chunk or "")
    for line in rest:gmatch("([^\n]*)\n") do told(vim.json.decode(line)) end
    rest = rest:match("[^\n]*$")
  end))
end)
