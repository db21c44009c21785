---Owns finding the daemon's socket, and starting a daemon where none runs.

local config = require("claudette.config")

local M = {}

---@return string directory of the daemon's data
local function data_dir()
  local named = vim.env.CLAUDETTED_DATA_DIR
  if named and named ~= "" then return vim.fs.normalize(named) end
  if vim.uv.os_uname().sysname == "Darwin" then
    return vim.fs.normalize("~/Library/Application Support/claudetted")
  end
  local base = vim.env.XDG_DATA_HOME
  if not base or base:sub(1, 1) ~= "/" then base = vim.fs.normalize("~/.local/share") end
  return base .. "/claudetted"
end

---@param path string
---@return table? what the last daemon wrote about itself
local function lock(path)
  local file = io.open(path)
  if not file then return nil end
  local text = file:read("*a")
  file:close()
  local ok, told = pcall(vim.json.decode, text)
  return ok and type(told) == "table" and told or nil
end

---@param path string
---@return string? problem why nothing may be sent to it
local function distrust(path)
  local found, around = vim.uv.fs_lstat(path), vim.uv.fs_stat(vim.fs.dirname(path))
  if not found or not around then return "there is no socket" end
  local me = vim.uv.getuid()
  local others_write = bit.band(around.mode, tonumber("022", 8)) ~= 0
  if found.type ~= "socket" or found.uid ~= me or around.uid ~= me or others_write then
    return "it may be another user's"
  end
end

---@return string? path where a daemon listens or listened last
---@return string? problem
function M.find()
  local path = config.values.socket
  if path == "" then
    local told = lock(data_dir() .. "/claudetted.lock")
    if not told or not told.socket then return nil, "no daemon has run yet" end
    path = told.socket
  end
  local problem = distrust(path)
  if problem then return nil, ("%s: %s"):format(path, problem) end
  return path
end

---Starts a daemon; a command that only lists chats does. Ends when it has.
---@param done fun(problem: string?)
function M.start(done)
  local ok, process = pcall(
    vim.system,
    { config.values.command, "ls", "--json" },
    { text = true, stdin = false },
    vim.schedule_wrap(function(ended)
      local said = vim.trim(ended.stderr or "")
      done(ended.code ~= 0 and (said ~= "" and said or "it ended with " .. ended.code) or nil)
    end)
  )
  if not ok then done(("%s cannot be run: %s"):format(config.values.command, tostring(process))) end
end

return M
