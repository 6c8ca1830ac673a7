--- One conversation: what its updates say, folded, and what can be asked of it.

---@class cass.Session
---@field server cass.Server
---@field id? string
---@field cwd string
---@field options table<string, table> config options by their id
---@field commands table[]
---@field resources table<string, string[]> what may be mentioned of MCP servers, by server
---@field state 'idle'|'running'|'requires_action'
---@field turn_id? string
---@field title string
---@field plan table[]
---@field usage { used: integer, size: integer, cost?: number, estimated?: boolean }
---@field reminders table<string, string> times of those to come, by their id
---@field replaying boolean
---@field stop_reason? string
---@field private listeners (fun(update: table, session: cass.Session): 'done'?)[]
---@field private opening? (fun(problem?: string))[]
local Session = {}
Session.__index = Session

---@param server cass.Server
---@param cwd string
---@return cass.Session
function Session.new(server, cwd)
  local self = setmetatable({ server = server, cwd = cwd, listeners = {} }, Session)
  self:forget()
  return self
end

---@private
function Session:forget()
  self.id, self.turn_id, self.stop_reason, self.opening = nil, nil, nil, nil
  self.options, self.commands, self.plan, self.resources = {}, {}, {}, {}
  self.state, self.title, self.replaying = 'idle', '', false
  self.usage, self.reminders = { used = 0, size = 0 }, {}
end

--- Be told of every update after it was folded in, until the listener answers 'done'.
---@param listener fun(update: table, session: cass.Session): 'done'?
function Session:listen(listener) table.insert(self.listeners, listener) end

---@return boolean
function Session:busy() return self.state ~= 'idle' end

---@param id string
---@return string
function Session:option(id) return self.options[id] and self.options[id].currentValue or '' end

---@private
---@param result table
function Session:take(result)
  self.commands = result.commands or self.commands
  for _, option in ipairs(result.configOptions or {}) do
    self.options[option.id] = option
  end
end

--- An update of any session of the server's; those of others are ignored.
---@param params table
function Session:update(params)
  if params.sessionId ~= self.id then
    return
  end
  local update = params.update
  local kind = update.sessionUpdate
  if kind == 'state_update' then
    self.state = update.state
    self.turn_id = update.state ~= 'idle' and update.turnId or nil
    self.stop_reason = update.stopReason
  elseif kind == 'config_option_update' then
    self:take(update)
  elseif kind == 'available_commands_update' then
    self.commands = update.commands
  elseif kind == '_mcp_update' then
    self.resources[update.server] = update.resources
  elseif kind == 'session_info_update' then
    self.title = update.title
  elseif kind == 'plan_update' then
    self.plan = update.entries
  elseif kind == '_reminder_update' then
    require('cass.reminders').take(self.reminders, update)
  elseif kind == 'usage_update' then
    local cost = (update.total or {}).cost
    self.usage = { used = update.used, size = update.size, cost = cost, estimated = update.estimated ~= false }
  end
  self:announce(update)
end

--- Tell the listeners of something that the server did not send.
---@param update table
function Session:announce(update)
  for _, listener in ipairs(vim.list_slice(self.listeners)) do
    if listener(update, self) == 'done' then
      self.listeners = vim.tbl_filter(function(one) return one ~= listener end, self.listeners)
    end
  end
end

--- Show a line of our own in the conversation.
---@param level 'info'|'warning'|'error'
---@param text string
function Session:notice(level, text) self:announce({ sessionUpdate = '_notice', level = level, text = text }) end

--- Have a session: the present one, or a new one. The callback gets what went wrong.
---@param callback fun(problem?: string)
function Session:open(callback)
  if self.opening then
    table.insert(self.opening, callback)
    return
  end
  if self.id then
    return callback()
  end
  self.opening = { callback }
  self.server:request('cass/session/new', { cwd = self.cwd }, function(problem, result)
    if result then
      self.id = result.sessionId
      self:take(result)
      self:announce({ sessionUpdate = '_opened' })
    end
    self:opened(problem)
  end)
end

--- Tell who waited for the session.
---@private
---@param problem? string
function Session:opened(problem)
  local waiting = self.opening or {}
  self.opening = nil
  for _, waiter in ipairs(waiting) do
    waiter(problem)
  end
end

--- The server is gone. What ran there does not run any more; with `again` the session waits for the next server.
---@param again boolean
function Session:lost(again)
  if self:busy() then
    self.state = 'idle'
    self:announce({
      sessionUpdate = 'state_update',
      state = 'idle',
      stopReason = 'cancelled',
      turnId = self.turn_id,
    })
    self.turn_id = nil
  end
  self.opening = again and self.id and {} or nil
end

--- Begin another session with the next prompt; the present one stays stored.
---@param callback? fun(problem?: string)
function Session:renew(callback)
  local before = self.id
  self:forget()
  self:announce({ sessionUpdate = '_reset' })
  if before then
    self.server:request('cass/session/close', { sessionId = before })
  end
  self:open(callback or function() end)
end

--- Go on with a stored session; its conversation is told again through updates.
---@param id string
---@param callback? fun(problem?: string)
---@param replay? boolean false to attach again without being told anything
function Session:resume(id, callback, replay)
  local again = replay ~= false
  if again then
    local before = self.id
    self:forget()
    self:announce({ sessionUpdate = '_reset' })
    if before and before ~= id then
      self.server:request('cass/session/close', { sessionId = before })
    end
  end
  self.id, self.replaying = id, again
  self.opening = self.opening or {}
  local params = { sessionId = id, replayFrom = again and { type = 'start' } or nil }
  self.server:request('cass/session/resume', params, function(problem, result)
    self.replaying = false
    if result then
      self.state = result.state
      self:take(result)
      self:announce({ sessionUpdate = '_opened' })
    else
      local waiting = self.opening
      self:forget()
      self.opening = waiting
      self:announce({ sessionUpdate = '_notice', level = 'error', text = problem })
    end
    self:opened(problem)
    if callback then
      callback(problem)
    end
  end)
end

--- The folder's stored sessions, newest first.
---@param callback fun(problem?: string, sessions?: table[])
function Session:list(callback)
  self.server:request(
    'cass/session/list',
    { cwd = self.cwd, limit = 100 },
    function(problem, result) callback(problem, result and result.sessions) end
  )
end

--- Say something: begins a turn, or reaches the one that runs (`steer`), or waits for its end (`queue`).
---@param blocks table[]
---@param context? table
---@param how? 'steer'|'queue'
function Session:prompt(blocks, context, how)
  self:open(function(problem)
    if problem then
      return self:notice('error', problem)
    end
    local params = { sessionId = self.id, prompt = blocks, context = context }
    local first = blocks[1].text or ''
    if self:busy() and how ~= 'queue' and self.turn_id and first:sub(1, 1) ~= '/' then
      params.mode, params.expectedTurnId = 'steer', self.turn_id
    end
    local function answered(failed, _, kind)
      if failed and kind == 'turn_mismatch' then
        params.mode, params.expectedTurnId = nil, nil
        return self.server:request('cass/session/prompt', params, function(again)
          if again then
            self:notice('error', again)
          end
        end)
      end
      if failed then
        self:notice('error', failed)
      end
    end
    self.server:request('cass/session/prompt', params, answered)
  end)
end

--- Stop what runs and drop what waits.
function Session:cancel()
  if self.id then
    self.server:notify('cass/session/cancel', { sessionId = self.id })
  end
end

---@param id string
---@param value string
---@param callback? fun(problem?: string)
function Session:set_option(id, value, callback)
  self:open(function(problem)
    if problem then
      return callback and callback(problem)
    end
    local params = { sessionId = self.id, configId = id, value = value }
    self.server:request('cass/session/setConfigOption', params, function(failed, result)
      if result then
        self:take(result)
        self:announce({ sessionUpdate = '_options' })
      end
      if callback then
        callback(failed)
      end
    end)
  end)
end

return Session
