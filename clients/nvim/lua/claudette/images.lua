---Owns the images of messages: which files a text names, their bytes, and the line that shows one.

local M = {}

local SUFFIXES = { png = true, jpg = true, jpeg = true, gif = true, webp = true }
---What the daemon takes: of one image, and of all of a message, in bytes.
local MOST, MOST_TOGETHER = 3932160, 8 * 1024 * 1024

---@param data string
---@return string? type of what begins so
local function type_of(data)
  if data:sub(1, 8) == "\137PNG\r\n\26\n" then return "image/png" end
  if data:sub(1, 3) == "\255\216\255" then return "image/jpeg" end
  if data:match("^GIF8[79]a") then return "image/gif" end
  if data:sub(1, 4) == "RIFF" and data:sub(9, 12) == "WEBP" then return "image/webp" end
end

---@param word string
---@param place string
---@return string? path of a regular file that is called like an image
local function file(word, place)
  for _, path in ipairs({ word, (word:gsub("[.,;:!?)%]]+$", "")) }) do
    if SUFFIXES[(path:match("%.(%w+)$") or ""):lower()] then
      if path:sub(1, 2) == "~/" then path = vim.uv.os_homedir() .. path:sub(2) end
      local whole = path:sub(1, 1) == "/" and path or place .. "/" .. path
      local about = vim.uv.fs_lstat(whole)
      if about and about.type == "file" then return vim.fs.normalize(whole) end
    end
  end
end

---Those that stand behind an @, or are whole paths; with blanks in quotes.
---@param text string
---@param place string where paths begin
---@return string[]
function M.named(text, place)
  local found, seen = {}, {}
  local at = 1
  while true do
    local first, last, mark, quote = text:find("(@?)([\"']?)%S", at)
    if not first then return found end
    local from = first + #mark + #quote
    local stop = quote ~= "" and text:find(quote, from, true) or text:find("%s", from) or #text + 1
    local word = text:sub(from, (stop or last) - 1)
    local path = (mark == "@" or word:match("^~?/")) and file(word, place)
    if path and not seen[path] then
      seen[path] = true
      table.insert(found, path)
    end
    at = (text:find("%s", stop or last) or #text) + 1
  end
end

---@param path string
---@return table? image as `turn/send` takes it
---@return string? problem
local function read(path)
  local name = vim.fs.basename(path)
  local about = vim.uv.fs_lstat(path)
  if not about or about.type ~= "file" then return nil, name .. " is no regular file" end
  if about.size > MOST then
    return nil, ("%s has %d bytes, and at most %d can be sent"):format(name, about.size, MOST)
  end
  local input = io.open(path, "rb")
  if not input then return nil, name .. " cannot be read" end
  local data = input:read("*a") or ""
  input:close()
  local kind = type_of(data)
  if not kind then return nil, name .. " is no PNG, JPEG, GIF or WebP" end
  return { data = vim.base64.encode(data), mimeType = kind, name = name }
end

---@param text string
---@param chat claudette.Chat
---@return table[]? images that go with a text
---@return { message: string }? problem nothing can be sent, and why
function M.of(text, chat)
  local images, total = {}, 0
  if not (chat.capabilities or {}).images then return images end
  for _, path in ipairs(M.named(text, chat.cwd)) do
    local image, problem = read(path)
    if not image then return nil, { message = problem .. ". Nothing was sent." } end
    total = total + #image.data * 3 / 4
    if total > MOST_TOGETHER then
      return nil, { message = "These images are too much for one message. Nothing was sent." }
    end
    table.insert(images, image)
  end
  return images
end

---@param image claudette.Image
---@return string
function M.line(image)
  local size = image.bytes < 1000 and image.bytes .. " bytes"
    or image.bytes < 1000000 and ("%.0f kB"):format(image.bytes / 1000)
    or ("%.1f MB"):format(image.bytes / 1000000)
  local name = image.name and " " .. image.name:gsub("%c", " ") or ""
  return ("[image%s %s]"):format(name, size)
end

return M
