---Owns the one connection to the daemon, across its restarts: requests, answers, notifications.

local socket = require("claudette.socket")

---@alias claudette.Done fun(problem: { message: string, data: table? }?, result: any)

---@class claudette.Pending
---@field method string
---@field params table
---@field done claudette.Done

---@class claudette.Client
---@field private pipe uv.uv_pipe_t?
---@field private rest string[]
---@field private pending table<integer, claudette.Pending>
---@field private unsent claudette.Pending[]
---@field private asked integer
---@field private connecting boolean
---@field private lost boolean
---@field private closed boolean
---@field private handlers table<string, fun(method: string, params: table)>
---@field private on_connect table<string, fun()>
local Client = {}
Client.__index = Client

local PAUSE_MS = 500
local READING = { get = true, list = true, history = true, status = true }

---@return claudette.Client
function Client.new()
  return setmetatable({
    rest = {},
    pending = {},
    unsent = {},
    asked = 0,
    connecting = false,
    lost = false,
    closed = false,
    handlers = {},
    on_connect = {},
  }, Client)
end

---@return string makes the repetition of a request harmless
function Client.key()
  local bytes = vim.uv.random(12) --[[@as string]]
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

---Asks; `done` is called on the main loop. What is harmless to repeat is asked again when the
---daemon was replaced before it answered; of others that is the problem.
---@param method string
---@param params table
---@param done claudette.Done?
function Client:request(method, params, done)
  local pending = { method = method, params = params, done = done or self.complain }
  if self.pipe then
    self:post(pending)
  else
    table.insert(self.unsent, pending)
    self:connect(true)
  end
end

---@param problem { message: string }?
function Client.complain(problem)
  if problem then vim.notify("claudette: " .. problem.message, vim.log.levels.ERROR) end
end

---Takes the notifications about one chat, or of the feed of all with the name `feed`.
---`connected` is called on every new connection.
---@param name string
---@param handler fun(method: string, params: table)
---@param connected fun()
function Client:follow(name, handler, connected)
  self.handlers[name], self.on_connect[name] = handler, connected
  if self.pipe then
    connected()
  else
    self:connect(true)
  end
end

---@param name string
function Client:unfollow(name)
  self.handlers[name], self.on_connect[name] = nil, nil
end

---@return boolean
function Client:connected() return self.pipe ~= nil end

function Client:close()
  self.closed = true
  self:drop()
end

---@private
---@param start boolean whether a daemon is started where none runs
function Client:connect(start)
  if self.pipe or self.connecting or self.closed then return end
  self.connecting = true
  local path, problem = socket.find()
  if not path then return self:unreachable(start, problem or "") end
  local pipe = assert(vim.uv.new_pipe(false))
  pipe:connect(
    path,
    vim.schedule_wrap(function(failed)
      if failed then
        pipe:close()
        return self:unreachable(start, failed)
      end
      self:adopt(pipe)
    end)
  )
end

---@private
function Client:unreachable(start, problem)
  self.connecting = false
  if start then
    self.connecting = true
    socket.start(function(failed)
      self.connecting = false
      if failed then return self:fail("The daemon did not start: " .. failed) end
      self:connect(false)
    end)
  elseif self.lost then
    -- It was there, and is being replaced or was shut down: whoever asks next starts it.
    vim.defer_fn(function() self:connect(false) end, PAUSE_MS)
  else
    self:fail("The daemon cannot be reached: " .. problem)
  end
end

---@private
function Client:fail(message)
  local unsent = self.unsent
  self.unsent = {}
  for _, pending in ipairs(unsent) do
    pending.done({ message = message })
  end
  if #unsent == 0 then Client.complain({ message = message }) end
end

---@private
function Client:adopt(pipe)
  self.pipe, self.connecting, self.lost, self.rest = pipe, false, false, {}
  pipe:read_start(vim.schedule_wrap(function(failed, chunk)
    if self.pipe ~= pipe then return end
    if failed or not chunk then return self:gone() end
    self:take(chunk)
  end))
  local hello = { name = "nvim", kind = "editor", version = tostring(vim.version()) }
  self:post({ method = "daemon/hello", params = hello, done = Client.complain })
  local unsent = self.unsent
  self.unsent = {}
  for _, connected in pairs(vim.deepcopy(self.on_connect)) do
    connected()
  end
  for _, pending in ipairs(unsent) do
    self:post(pending)
  end
end

---@private
function Client:post(pending)
  self.asked = self.asked + 1
  self.pending[self.asked] = pending
  local params = next(pending.params) and pending.params or vim.empty_dict()
  local request = { jsonrpc = "2.0", id = self.asked, method = pending.method, params = params }
  self.pipe:write(vim.json.encode(request) .. "\n")
end

---@private
function Client:take(chunk)
  if not chunk:find("\n", 1, true) then
    table.insert(self.rest, chunk)
    return
  end
  local text = table.concat(self.rest) .. chunk
  local start = 1
  while true do
    local stop = text:find("\n", start, true)
    if not stop then break end
    self:told(
      vim.json.decode(text:sub(start, stop - 1), { luanil = { object = true, array = true } })
    )
    start = stop + 1
  end
  self.rest = { text:sub(start) }
end

---@private
function Client:told(message)
  if message.method then
    local params = message.params or {}
    if message.method == "lagging" then return self:gone() end
    local handler = self.handlers[message.method == "feed" and "feed" or params.chatId]
    if handler then handler(message.method, params) end
    return
  end
  local pending = self.pending[message.id]
  if not pending then return end
  self.pending[message.id] = nil
  pending.done(message.error, message.result)
end

---@private
function Client:drop()
  if self.pipe and not self.pipe:is_closing() then self.pipe:close() end
  self.pipe = nil
end

---The daemon is gone. What can be asked again waits for the next one.
---@private
function Client:gone()
  self:drop()
  if self.closed then return end
  self.lost = true
  local pending = self.pending
  self.pending = {}
  for _, asked in pairs(pending) do
    local verb = asked.method:match("/(.*)$")
    if asked.params.key or READING[verb] then
      table.insert(self.unsent, asked)
    elseif asked.method ~= "daemon/hello" then
      asked.done({ message = "The daemon went away during " .. asked.method .. "." })
    end
  end
  self:connect(false)
end

return Client
