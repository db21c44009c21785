---Owns `:checkhealth claudette`.

local config = require("claudette.config")
local socket = require("claudette.socket")

local M = {}

function M.check()
  vim.health.start("claudette")
  if vim.fn.has("nvim-0.10") == 1 then
    vim.health.ok("Neovim " .. tostring(vim.version()))
  else
    vim.health.error("Neovim 0.10 or newer is needed.")
  end
  local command = config.values.command
  if vim.fn.executable(command) == 1 then
    local told = vim.trim(vim.fn.system({ command, "--version" }))
    vim.health.ok(("%s: %s"):format(vim.fn.exepath(command), told))
  else
    vim.health.error(
      command .. " is not on the PATH of this Neovim.",
      'Install it with pipx, or name it: require("claudette").setup { command = "/path/of/claudette" }'
    )
  end
  local path, problem = socket.find()
  if not path then
    vim.health.warn("No daemon: " .. problem, "The first chat starts one.")
  elseif M.answers(path) then
    vim.health.ok("A daemon answers at " .. path)
  else
    vim.health.warn("Nobody answers at " .. path, "The first chat starts a daemon.")
  end
  local parsed = pcall(vim.treesitter.language.inspect, "markdown")
  if parsed then
    vim.health.ok("treesitter's markdown is here")
  else
    vim.health.warn("treesitter's markdown is missing; chats are shown as plain text.")
  end
end

---@param path string
---@return boolean
function M.answers(path)
  local pipe = assert(vim.uv.new_pipe(false))
  local answered, failed = false, false
  pipe:connect(path, function(problem)
    failed, answered = problem ~= nil, problem == nil
  end)
  vim.wait(2000, function() return answered or failed end, 10)
  pipe:close()
  return answered
end

return M
