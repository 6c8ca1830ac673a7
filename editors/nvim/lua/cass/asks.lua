--- The server's questions: may this run, and questions of the model. They wait until the user turns to them: nothing
--- ever opens under somebody's typing.
local form = require('cass.form')
local api = vim.api

---@class cass.Ask
---@field kind 'permission'|'elicitation'
---@field params table
---@field answer fun(result: table)
---@field seen? boolean it was opened by itself once
---@field gone? boolean it is not asked any more
---@field draft? table what was filled in of a form so far, vim.NIL for what was left out

---@class cass.Asks
---@field waiting cass.Ask[]
---@field private config cass.Config
---@field private session cass.Session
---@field private changed fun()
---@field private last_key integer
---@field private open boolean
local Asks = {}
Asks.__index = Asks

local WATCH_MS = 200

---@param session cass.Session
---@param config cass.Config
---@param changed fun() called when a question came or went
---@return cass.Asks
function Asks.new(session, config, changed)
  local fields =
    { waiting = {}, config = config, session = session, changed = changed, last_key = 0, open = false }
  local self = setmetatable(fields, Asks)
  vim.on_key(
    function() self.last_key = vim.uv.now() end,
    api.nvim_create_namespace('cass.asks.' .. session.cwd)
  )
  session:listen(function(update) self:withdraw(update) end)
  return self
end

--- Take a question.
---@param kind 'permission'|'elicitation'
---@param params table
---@param answer fun(result: table)
function Asks:put(kind, params, answer)
  table.insert(self.waiting, { kind = kind, params = params, answer = answer })
  self:announce(params)
  self.changed()
  self:popup_when_idle()
end

---@private
---@param params table
function Asks:announce(params)
  local subject = params.subject or {}
  local what = params.title or params.message or 'a question'
  if subject.command then
    what = 'cass wants to run:\n    ' .. subject.command:gsub('\n', '\n    ')
  end
  local how = subject.type == 'edit'
      and ':CassReview shows it hunk by hunk, :CassAnswer answers for all of it'
    or ':CassAnswer or <CR> here answers'
  local text = ('? %s\n  %s'):format(what, how)
  self.session:announce({ sessionUpdate = '_notice', level = 'warning', text = text })
end

--- Drop questions that are answered elsewhere: their call went on, or their turn ended.
---@private
---@param update table
function Asks:withdraw(update)
  local kind = update.sessionUpdate
  local function over(ask)
    local params = ask.params
    if kind == '_reset' then
      return true
    elseif kind == 'state_update' then
      return update.state == 'idle' and (params.turnId == nil or params.turnId == update.turnId)
    elseif kind == 'tool_call_update' then
      return update.status ~= 'pending' and (params.subject or {}).toolCallId == update.toolCallId
    elseif kind == '_edit_update' then
      return update.state ~= 'proposed' and (params.subject or {}).proposalId == update.proposalId
    end
    return false
  end
  self:drop(over)
end

--- A question of the model, or a form, is not asked any more.
---@param id string
function Asks:complete(id)
  self:drop(function(ask) return ask.kind == 'elicitation' and ask.params.elicitationId == id end)
end

---@private
---@param over fun(ask: cass.Ask): boolean
function Asks:drop(over)
  local kept, gone = {}, {}
  for _, ask in ipairs(self.waiting) do
    table.insert(over(ask) and gone or kept, ask)
  end
  if #gone == 0 then
    return
  end
  self.waiting = kept
  for _, ask in ipairs(gone) do
    ask.gone = true
    ask.answer(ask.kind == 'permission' and { outcome = { outcome = 'cancelled' } } or { action = 'cancel' })
  end
  self.changed()
end

--- Whether keys were pressed lately, or the user is in the middle of something.
---@private
---@return boolean
function Asks:busy()
  local mode = api.nvim_get_mode()
  local quiet = vim.uv.now() - self.last_key >= self.config.approvals.idle_ms
  return mode.mode ~= 'n' or mode.blocking or not quiet or vim.fn.getcmdwintype() ~= ''
end

--- Open the first question that is no edit once nobody types; edits are shown in their buffers instead.
---@private
function Asks:popup_when_idle()
  if self.config.approvals.popup ~= 'idle' then
    return
  end
  vim.defer_fn(function()
    local ask = self.waiting[1]
    if not ask or self.open or ask.seen then
      return
    end
    if (ask.params.subject or {}).type == 'edit' then
      return
    end
    if self:busy() then
      return self:popup_when_idle()
    end
    ask.seen = true
    self:show(ask)
  end, WATCH_MS)
end

--- Open the first question that waits.
---@return boolean whether there was one
function Asks:next()
  local ask = self.waiting[1]
  if not ask then
    return false
  end
  self:show(ask)
  return true
end

---@private
---@param ask cass.Ask
---@param result table
function Asks:finish(ask, result)
  for index, waiting in ipairs(self.waiting) do
    if waiting == ask then
      table.remove(self.waiting, index)
    end
  end
  ask.answer(result)
  self.changed()
  self:popup_when_idle()
end

---@private
---@param ask cass.Ask
function Asks:show(ask)
  self.open = true
  if ask.kind == 'permission' then
    self:ask_permission(ask)
  else
    self:ask_question(ask)
  end
end

---@param text string
---@return string
local function visible(text) return (vim.fn.strtrans(text)) end

---@private
---@param ask cass.Ask
function Asks:ask_permission(ask)
  local params = ask.params
  local choices = vim.deepcopy(params.options)
  choices[#choices + 1] = { name = 'No, and say why', kind = 'why' }
  local subject = params.subject or {}
  local question = visible(params.title)
  if subject.command then
    local lines = vim.split(subject.command, '\n', { plain = true })
    question = 'cass wants to run:\n  ' .. table.concat(vim.tbl_map(visible, lines), '\n  ')
    if subject.cwd and subject.cwd ~= self.session.cwd then
      question = question .. '\n  in ' .. subject.cwd
    end
  end
  if params.description then
    question = question .. '\n' .. visible(params.description)
  end
  local options =
    { prompt = question, kind = 'cass.permission', format_item = function(item) return item.name end }
  vim.ui.select(choices, options, function(choice)
    self.open = false
    if not choice then -- dismissed: the question goes on waiting
      return
    end
    if choice.kind ~= 'why' then
      return self:finish(ask, { outcome = { outcome = 'selected', optionId = choice.optionId } })
    end
    vim.ui.input({ prompt = 'Why not? The model is told: ' }, function(reason)
      if reason then
        local no = vim.iter(params.options):find(function(option) return option.kind == 'reject_once' end)
        local outcome = { outcome = 'selected', optionId = no and no.optionId or 'reject_once' }
        outcome.note = reason ~= '' and reason or nil
        self:finish(ask, { outcome = outcome })
      end
    end)
  end)
end

---@private
---@param ask cass.Ask
function Asks:ask_question(ask)
  form.fill(ask, function(result)
    self.open = false
    if result then
      self:finish(ask, result)
    end
  end)
end

return Asks
