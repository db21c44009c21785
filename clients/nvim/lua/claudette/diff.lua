---Owns reading a unified diff, and what a text becomes by it. No I/O.

local M = {}

---@class claudette.Hunk
---@field start integer line of the old text, from 1
---@field old string[]
---@field new string[]

---@param unified string
---@return claudette.Hunk[]
function M.hunks(unified)
  local found, hunk, old_left, new_left = {}, nil, 0, 0
  for _, line in ipairs(vim.split(unified, "\n", { plain = true })) do
    local start, olds, news = line:match("^@@ %-(%d+),?(%d*) %+%d+,?(%d*) @@")
    local first, rest = line:sub(1, 1), line:sub(2)
    if old_left <= 0 and new_left <= 0 then
      if start then
        old_left, new_left = tonumber(olds) or 1, tonumber(news) or 1
        hunk = { start = tonumber(start) + (old_left == 0 and 1 or 0), old = {}, new = {} }
        table.insert(found, hunk)
      end
    elseif first ~= "\\" then
      if first ~= "+" then
        table.insert(hunk.old, rest)
        old_left = old_left - 1
      end
      if first ~= "-" then
        table.insert(hunk.new, rest)
        new_left = new_left - 1
      end
    end
  end
  return found
end

---@param lines string[]
---@param hunks claudette.Hunk[]
---@return string[]? changed nothing when the text is not the one that the diff is of
function M.apply(lines, hunks)
  local changed, at = {}, 1
  for _, hunk in ipairs(hunks) do
    vim.list_extend(changed, lines, at, hunk.start - 1)
    for number, line in ipairs(hunk.old) do
      if lines[hunk.start + number - 1] ~= line then return nil end
    end
    vim.list_extend(changed, hunk.new)
    at = hunk.start + #hunk.old
  end
  return vim.list_extend(changed, lines, at)
end

---@param path string
---@return string[] lines none for a file that is not there
function M.read(path)
  local file = io.open(path, "rb")
  if not file then return {} end
  local text = file:read("*a")
  file:close()
  local lines = vim.split(text, "\n", { plain = true })
  if lines[#lines] == "" then table.remove(lines) end
  return lines
end

return M
