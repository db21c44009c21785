---Owns the fold: what a chat is after a snapshot and the events and deltas that followed. No I/O.
---
---The rules are those of PROTOCOL.md, "Follow a chat". Texts are bytes, as offsets are.

---@class claudette.Fold
---@field chat claudette.Chat
---@field seq integer
---@field older string? cursor of the page before what is held
---@field turn claudette.Turn?
---@field items claudette.Item[]
---@field open table<string, claudette.Item>
---@field permissions table<string, claudette.Permission>
---@field questions table<string, claudette.Question>
---@field queue claudette.QueueEntry[]
---@field queue_paused boolean
---@field sidecar claudette.SidecarInfo?
---@field compacting boolean
---@field deleted boolean
---@field gaps table<string, true> open items whose text misses a piece
---@field private journal string
---@field private places table<string, { at: string, n: integer }>
---@field private placed integer
local Fold = {}
Fold.__index = Fold

---@return claudette.Fold
function Fold.new()
  return setmetatable({
    chat = {},
    seq = 0,
    items = {},
    open = {},
    permissions = {},
    questions = {},
    queue = {},
    queue_paused = false,
    compacting = false,
    deleted = false,
    gaps = {},
    journal = "",
    places = {},
    placed = 0,
  }, Fold)
end

---@return string? cursor after everything that was taken
function Fold:cursor() return self.journal ~= "" and ("%s.%d"):format(self.journal, self.seq) or nil end

---@return boolean
function Fold:running() return self.turn ~= nil and self.turn.state == "running" end

local function by_id(list)
  local found = {}
  for _, each in ipairs(list or {}) do
    found[each.id] = each
  end
  return found
end

local function length(text) return #(text or "") end

---Takes the answer to `event/subscribe`: starts afresh, or goes on where it was.
---@param result claudette.EventSubscribeResult
---@return boolean afresh
function Fold:snapshot(result)
  if result.resumed then return false end
  local told = assert(result.snapshot)
  self.chat, self.seq = told.chat, told.seq
  self.journal = told.cursor:match("^(.*)%.") or ""
  self.older, self.turn = told.history, told.turn
  self.items, self.open = vim.list_extend({}, told.items or {}), by_id(told.open)
  self.places, self.placed, self.gaps = {}, 0, {}
  for _, item in ipairs(self.items) do
    self:place(item)
  end
  for _, item in ipairs(told.open or {}) do
    self:place(item)
    if (item.textBytes or 0) > length(item.text) then self.gaps[item.id] = true end
  end
  self.permissions, self.questions = by_id(told.permissions), by_id(told.questions)
  self.queue, self.queue_paused = told.queue or {}, told.queuePaused or false
  self.sidecar = told.sidecar
  self.compacting = (self.chat.status or {}).name == "compacting"
  return true
end

---Takes an `event`; one that was taken before changes nothing.
---@param params claudette.EventParams
---@return boolean new
function Fold:event(params)
  if params.seq <= self.seq then return false end
  self.seq = params.seq
  local apply = Fold.events[params.event.type]
  if apply then apply(self, params.event) end
  self:change({ updatedAt = params.at })
  return true
end

---Takes a `delta`: it replaces what is held from its offset on. Notes a missing piece.
---@param params claudette.DeltaParams
function Fold:delta(params)
  local item = self.open[params.itemId]
  if item then self:put(item, params.offset, params.text) end
end

---Takes a piece that was read with `item/get`.
---@param item_id string
---@param offset integer
---@param text string
function Fold:fill(item_id, offset, text)
  self.gaps[item_id] = nil
  local item = self.open[item_id]
  if item then self:put(item, offset, text) end
end

---Takes a page of `chat/history` before what is held.
---@param page claudette.ChatHistoryResult
function Fold:earlier(page)
  self.items = vim.list_extend(vim.list_extend({}, page.items or {}), self.items)
  self.older = page.cursor
end

---@private
function Fold:put(item, offset, piece)
  local text = item.text or ""
  if offset > #text then
    self.gaps[item.id] = true
    return
  end
  item.text = text:sub(1, offset) .. piece
  item.textBytes = offset + #piece
end

---@private
function Fold:change(changes) self.chat = vim.tbl_extend("force", self.chat, changes) end

---A place is kept; times alone do not order what was opened within a millisecond.
---@private
function Fold:place(item)
  local place = self.places[item.id]
  if not place then
    place = { at = item.openedAt or "", n = self.placed }
    self.places[item.id], self.placed = place, self.placed + 1
  end
  return place
end

---@private
function Fold:insert(item)
  local place, index = self:place(item), #self.items
  while index > 0 do
    local other = self.places[self.items[index].id] or { at = "", n = 0 }
    if other.at < place.at or (other.at == place.at and other.n <= place.n) then break end
    index = index - 1
  end
  table.insert(self.items, index + 1, item)
end

---@return claudette.Item[] open in the order in which they were opened
function Fold:open_items()
  local found = vim.tbl_values(self.open)
  table.sort(found, function(a, b) return self.places[a.id].n < self.places[b.id].n end)
  return found
end

local COUNTS = { "input", "output", "cacheRead", "cacheWrite", "reasoning" }

---Sums tokens and money. Money nobody knows is none; with one estimate the sum is one.
---@param total claudette.Usage?
---@param more claudette.Usage?
---@return claudette.Usage
function Fold.add_usage(total, more)
  total, more = total or {}, more or {}
  local sum = {}
  for _, name in ipairs(COUNTS) do
    sum[name] = (total[name] or 0) + (more[name] or 0)
  end
  if total.costUsd or more.costUsd then sum.costUsd = (total.costUsd or 0) + (more.costUsd or 0) end
  local estimated = total.costSource == "catalogue" or more.costSource == "catalogue"
  sum.costSource = estimated and "catalogue" or more.costSource or total.costSource
  return sum
end

---@private
function Fold:count(usage) self:change({ totals = Fold.add_usage(self.chat.totals, usage) }) end

local function without(list, value)
  return vim.tbl_filter(function(each) return each ~= value end, list or {})
end

local function no_compaction(fold) fold.compacting = false end

local function no_sidecar(fold)
  fold.sidecar = nil
  no_compaction(fold)
end

local function configured(fold, event) fold.chat = event.chat end

---@type table<string, fun(fold: claudette.Fold, event: table)>
Fold.events = {
  ["chat/created"] = configured,
  ["chat/configured"] = configured,
  ["chat/archived"] = function(fold, event) fold:change({ archivedAt = event.at }) end,
  ["chat/restored"] = function(fold) fold:change({ archivedAt = "" }) end,
  ["chat/reset"] = function(fold, event)
    if event.hidden then
      fold.items, fold.older = {}, nil
    end
  end,
  ["chat/deleted"] = function(fold) fold.deleted = true end,
  ["status/changed"] = function(fold, event) fold:change({ status = event.status }) end,
  ["context/changed"] = function(fold, event) fold:change({ context = event.context }) end,
  ["turn/started"] = function(fold, event) fold.turn = event.turn end,
  ["turn/ended"] = function(fold, event)
    fold.turn = event.turn
    fold:count(event.turn.usage)
  end,
  ["item/added"] = function(fold, event) fold:insert(event.item) end,
  ["item/opened"] = function(fold, event)
    fold:place(event.item)
    fold.open[event.item.id] = vim.tbl_extend("force", {}, event.item)
  end,
  ["item/changed"] = function(fold, event)
    local before = fold.open[event.item.id]
    if not before then return end
    local kept = { text = before.text, textBytes = before.textBytes }
    fold.open[event.item.id] = vim.tbl_extend("force", event.item, kept)
  end,
  ["item/closed"] = function(fold, event)
    fold.open[event.item.id], fold.gaps[event.item.id] = nil, nil
    fold:insert(event.item)
  end,
  ["queue/changed"] = function(fold, event)
    fold.queue, fold.queue_paused = event.entries or {}, event.paused or false
    fold:change({ queueLength = #fold.queue })
  end,
  ["permission/opened"] = function(fold, event)
    fold.permissions[event.permission.id] = event.permission
    fold:change({ openPermissions = vim.tbl_count(fold.permissions) })
  end,
  ["permission/resolved"] = function(fold, event)
    fold.permissions[event.permissionId] = nil
    fold:change({ openPermissions = vim.tbl_count(fold.permissions) })
  end,
  ["question/opened"] = function(fold, event)
    fold.questions[event.question.id] = event.question
    fold:change({ openQuestions = vim.tbl_count(fold.questions) })
  end,
  ["question/resolved"] = function(fold, event)
    fold.questions[event.questionId] = nil
    fold:change({ openQuestions = vim.tbl_count(fold.questions) })
  end,
  ["attention/raised"] = function(fold, event)
    local others = without(fold.chat.attention, event.why)
    fold:change({ attention = vim.list_extend(others, { event.why }) })
  end,
  ["attention/cleared"] = function(fold, event)
    fold:change({ attention = without(fold.chat.attention, event.why) })
  end,
  ["compaction/started"] = function(fold) fold.compacting = true end,
  ["compaction/ended"] = function(fold, event)
    no_compaction(fold)
    fold:count(event.compaction.usage)
  end,
  ["sidecar/started"] = function(fold, event) fold.sidecar = event.sidecar end,
  ["sidecar/stopped"] = no_sidecar,
  ["sidecar/lost"] = no_sidecar,
}

return Fold
