---Owns what happens to buffers whose files an agent has changed.

local config = require("claudette.config")

local M = {}

---Reads a file's buffer again where nothing in it is unsaved. An unsaved one is kept and told of:
---writing it would undo the agent's change, reading it again would lose the person's.
---@param path string
function M.changed(path)
  if not config.values.reload then return end
  local real = vim.uv.fs_realpath(path)
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buffer)
    local is_it = name ~= "" and vim.api.nvim_buf_is_loaded(buffer)
    if is_it and real and vim.uv.fs_realpath(name) == real then
      if vim.bo[buffer].modified then
        -- Short, so that Neovim does not wait for a key to go on.
        local told = "claudette: the agent changed %s; your unsaved text was kept"
        vim.notify(told:format(vim.fn.fnamemodify(name, ":t")), vim.log.levels.WARN)
      else
        M.read_again(buffer)
      end
    end
  end
end

---@param buffer integer without anything unsaved
function M.read_again(buffer)
  vim.bo[buffer].autoread = true
  vim.cmd("silent! checktime " .. buffer)
end

---After a command, which may have changed anything: all buffers of the directory without anything
---unsaved.
---@param cwd string
function M.ran(cwd)
  if not config.values.reload then return end
  for _, buffer in ipairs(vim.api.nvim_list_bufs()) do
    local name = vim.api.nvim_buf_get_name(buffer)
    local is_file = vim.api.nvim_buf_is_loaded(buffer) and vim.bo[buffer].buftype == ""
    if is_file and not vim.bo[buffer].modified and vim.startswith(name, cwd .. "/") then
      M.read_again(buffer)
    end
  end
end

---@param item claudette.Item
---@param cwd string
function M.of_item(item, cwd)
  local call = item.tool
  if not call then return end
  if not call.diff or call.diff == "" then return M.ran(cwd) end
  if item.status ~= "done" or type(call.input) ~= "table" then return end
  local path = call.input.path or call.input.file_path or call.input.filePath
  if type(path) ~= "string" then return end
  M.changed(path:sub(1, 1) == "/" and path or cwd .. "/" .. path)
end

return M
