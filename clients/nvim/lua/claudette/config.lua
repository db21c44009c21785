---Owns the settings of the plugin. `require("claudette").setup {}` changes them; none has to be.

local M = {}

---@class claudette.Config
M.defaults = {
  ---The command line, which starts the daemon where none runs.
  command = "claudette",
  ---The daemon's socket; found by itself when empty.
  socket = "",
  ---How a chat is opened: a command that makes a window.
  window = "botright vsplit",
  ---Lines of the prompt below a chat.
  prompt_height = 5,
  ---Whether a request is shown as soon as it comes, where its chat is in a window.
  show_requests = true,
  ---Milliseconds for which the keys of such a request do nothing: they were meant for the chat.
  key_delay = 400,
  ---Whether buffers are read again when an agent has changed their files.
  reload = true,
}

---@type claudette.Config
M.values = vim.deepcopy(M.defaults)

---@param changes table?
function M.set(changes)
  for name in pairs(changes or {}) do
    if M.defaults[name] == nil then
      error(("claudette: there is no setting %q; see :help claudette-settings"):format(name), 0)
    end
  end
  M.values = vim.tbl_extend("force", M.defaults, changes or {})
end

return M
