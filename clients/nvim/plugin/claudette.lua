if vim.g.loaded_claudette then return end
vim.g.loaded_claudette = true

vim.api.nvim_create_user_command(
  "Claudette",
  function(command) require("claudette").run(command) end,
  {
    nargs = "*",
    range = true,
    desc = "Open the chat of this project, or do something with it",
    complete = function(lead, line) return require("claudette").complete(lead, line) end,
  }
)
