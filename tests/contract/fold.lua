-- Folds each golden case with the plugin's fold, and prints what it shows as JSON, a line a case.
local Fold = require("claudette.fold")
local options = { luanil = { object = true, array = true } }

for _, path in ipairs(vim.fn.argv() --[[@as string[] ]]) do
  local case = vim.json.decode(table.concat(vim.fn.readfile(path), "\n"), options)
  local fold = Fold.new()
  fold:snapshot(case.subscribed)
  for _, line in ipairs(case.lines) do
    if line.subscribed then
      fold:snapshot(line.subscribed)
    elseif line.method == "event" then
      fold:event(line.params)
    elseif line.method == "delta" then
      fold:delta(line.params)
    elseif line.method == "item/get" then
      fold:fill(line.result.item.id, line.result.offset, line.result.text)
    end
  end
  local reread = vim.tbl_keys(fold.gaps)
  table.sort(reread)
  local queue = vim.tbl_map(function(entry) return entry.turnId end, fold.queue)
  local shown = {
    cursor = fold:cursor(),
    chat = fold.chat,
    turn = fold.turn,
    items = fold.items,
    open = fold:open_items(),
    permissions = vim.tbl_keys(fold.permissions),
    questions = vim.tbl_keys(fold.questions),
    queue = queue,
    queuePaused = fold.queue_paused,
    sidecar = fold.sidecar and fold.sidecar.id,
    compacting = fold.compacting,
    deleted = fold.deleted,
    reread = reread,
  }
  io.stdout:write(vim.json.encode(shown) .. "\n")
end
vim.cmd("qall!")
