--- What the updates of a session look like in its transcript.
local toolview = require('cass.toolview')

---@class cass.Renderer
---@field private out cass.Transcript
---@field private calls table<string, table> tool calls by id, folded
---@field private number integer
---@field private turns table<string, string> the block that a turn begins with
---@field private faded table<string, integer> what a rewind took back, by its id
---@field private seen table<string, true> messages that were streamed
local Renderer = {}
Renderer.__index = Renderer

---@param transcript cass.Transcript
---@return cass.Renderer
function Renderer.new(transcript)
  return setmetatable({ out = transcript, calls = {}, number = 0, turns = {}, faded = {} }, Renderer)
end

---@private
---@return string
function Renderer:next_id()
  self.number = self.number + 1
  return 'line-' .. self.number
end

---@param blocks table[]
---@return string
local function words_of(blocks)
  local parts = {}
  for _, block in ipairs(blocks) do
    if block.type == 'text' then
      parts[#parts + 1] = (block.text:gsub('\n\n%[Editor%]\n.*$', ''))
    elseif block.type == 'resource_link' then
      parts[#parts + 1] = '\n@' .. (block.name ~= '' and block.name or block.uri)
    elseif block.type == 'resource' then
      parts[#parts + 1] = '\n@' .. block.resource.uri:gsub('^.*/', '')
    elseif block.type == 'image' then
      parts[#parts + 1] = '\n[image]'
    end
  end
  return vim.trim(table.concat(parts))
end

local show = {} ---@type table<string, fun(self: cass.Renderer, update: table)>

function show.user_message(self, update)
  if update.source == 'editor' then
    return self:line('⟳ ' .. words_of(update.content):gsub('\n.*$', ''), 'CassMuted')
  elseif update.source == 'hook' then
    return self:line('⚙ The model was told something by a hook.', 'CassMuted')
  elseif update.source == 'agent' then
    return self:line('⟳ The model was told what a sub-agent in the background came to.', 'CassMuted')
  end
  local id = 'user-' .. update.messageId
  self.out:add(id, { update.steering and '❯ You (meanwhile)' or '❯ You' }, { head_group = 'CassUser' })
  self.out:append(id, words_of(update.content))
  if update.turnId and not self.turns[update.turnId] then
    self.turns[update.turnId] = id
  end
end

function show.agent_message_chunk(self, update)
  self:begin('text-' .. update.messageId)
  self.out:append('text-' .. update.messageId, update.content.text)
end

function show.agent_thought_chunk(self, update)
  self:begin_thought('thought-' .. update.messageId)
  self.out:append('thought-' .. update.messageId, update.content.text)
end

function show._message_discarded(self, update)
  self.out:remove('text-' .. update.messageId)
  self.out:remove('thought-' .. update.messageId)
end

function show.agent_message(self, update)
  local text, thought = '', ''
  for _, block in ipairs(update.content) do
    if block.type == 'text' then
      text = text .. block.text
    elseif block.type == 'thinking' then
      thought = thought .. (block.text or '')
    end
  end
  if thought ~= '' and not self.out:has('thought-' .. update.messageId) then
    self:begin_thought('thought-' .. update.messageId)
    self.out:append('thought-' .. update.messageId, thought)
  end
  local id = 'text-' .. update.messageId
  if text ~= '' and self.out:body(id) ~= text then
    if self.out:has(id) then
      self.out:remove(id)
    end
    self:begin(id)
    self.out:append(id, text)
  end
  if update.interrupted then
    self:line('■ interrupted', 'CassMuted')
  end
end

function show.tool_call_update(self, update)
  local call = vim.tbl_extend('force', self.calls[update.toolCallId] or {}, update)
  self.calls[update.toolCallId] = call
  local id = 'tool-' .. update.toolCallId
  if not self.out:has(id) then
    self.out:add(id, { '' }, { prefix = toolview.BODY })
  end
  local lines, groups = toolview.lines(call)
  self.out:replace(id, lines, groups)
end

function show.tool_call_content_chunk(self, update)
  local call = self.calls[update.toolCallId]
  if call and update.content.content and update.content.content.text then
    call.streamed = true
    self.out:append('tool-' .. update.toolCallId, update.content.content.text)
  end
end

function show.plan_update(self, update)
  local lines, signs = { '☰ To do' }, { completed = '[x]', in_progress = '[-]', pending = '[ ]' }
  for _, entry in ipairs(update.entries) do
    lines[#lines + 1] = ('- %s %s'):format(signs[entry.status] or '[ ]', entry.content)
  end
  local id = 'plan-' .. tostring(update.turnId)
  if not self.out:has(id) then
    self.out:add(id, { '' })
  end
  self.out:replace(id, lines, { 'CassTool' })
end

function show.state_update(self, update)
  if update.state ~= 'idle' then
    return
  end
  self.out:flush()
  local reasons = {
    cancelled = '■ stopped',
    max_tokens = '■ the answer was cut: it reached the longest the model may write',
    max_turn_requests = '■ stopped at the limit of requests for one turn',
    refusal = '■ the model refused to answer',
  }
  if type(update.error) == 'table' then
    local hint = update.error.hint and (' ' .. update.error.hint) or ''
    self:line('✗ ' .. update.error.message .. hint, 'CassError')
  elseif reasons[update.stopReason] then
    self:line(reasons[update.stopReason], 'CassMuted')
  end
end

function show._edit_update(self, update)
  local words = {
    applied = nil,
    rejected = '✗ refused',
    stale = '✗ not made: the file changed meanwhile',
    conflict = '✗ not made: it conflicts with what you typed',
    reverted = '↶ taken back',
  }
  if words[update.state] then
    self:line(words[update.state], 'CassMuted')
  end
end

function show._retry(self, update)
  local text = '… asking again in %.1f s (%d of %d): %s'
  self:line(text:format(update.inMs / 1000, update.attempt, update.maxAttempts, update.reason), 'CassMuted')
end

local HOOK_ENDS = { done = '', blocked = ' said no', failed = ' failed', timed_out = ' ran too long' }

--- One that did and said nothing is not shown; of a long text the beginning.
function show._hook_update(self, update)
  local lines = vim.split(vim.trim(update.text or ''), '\n')
  if not HOOK_ENDS[update.state] or (update.state == 'done' and table.concat(lines) == '') then
    return
  end
  local more = #lines > 5 and (' (%d more lines)'):format(#lines - 5) or ''
  local text = table.concat(vim.list_slice(lines, 1, 5), ' ')
  local group = update.state == 'done' and 'CassMuted' or 'CassWarning'
  self:line(('⚙ Hook %s%s: %s%s'):format(update.name, HOOK_ENDS[update.state], text, more), group)
end

local MCP = {
  failed = 'does not run',
  login = 'wants you to sign in (/mcp login)',
  changed = 'has changed',
  starting = 'broke down',
}

--- A server that does its work is not shown.
function show._mcp_update(self, update)
  if MCP[update.state] and (update.text or '') ~= '' then
    self:line(('⚙ MCP server %s %s: %s'):format(update.server, MCP[update.state], update.text), 'CassWarning')
  end
end

function show._notice(self, update)
  local groups = { error = 'CassError', warning = 'CassWarning', info = 'CassMuted' }
  self:line(update.text, groups[update.level] or 'CassMuted')
end

local SIGNS = { running = '▸', done = '✓', failed = '✗', skipped = '–', cancelled = '■' }

--- One line for each step of a command, which tells how it stands.
function show._step_update(self, update)
  local id = ('step-%s-%s'):format(update.runId, update.step)
  local again = (update.attempt or 1) > 1 and (' (try %d)'):format(update.attempt) or ''
  local name = update.step == '' and '/' .. update.command or '  ' .. update.step
  local title = (update.title or ''):gsub('%s+', ' ')
  local line = vim.trim(('%s %s  %s'):format(SIGNS[update.state] or '·', name, title)) .. again
  if not self.out:has(id) then
    self.out:add(id, { '' })
  end
  local groups = { failed = 'CassError', skipped = 'CassMuted', cancelled = 'CassMuted' }
  self.out:replace(id, { line }, { groups[update.state] or 'CassTool' })
end

local AGENT_SIGNS =
  { waiting = '…', running = '▸', requires_action = '?', done = '✓', failed = '✗', cancelled = '■' }
local AGENT_WAITS = { waiting = 'waits for a free place', requires_action = 'waits for your answer' }

--- One line for each sub-agent, which tells how it stands.
function show._agent_update(self, update)
  local id = 'agent-' .. update.agentId
  local above = (update.worksFor or '') ~= '' and update.worksFor .. '/' or ''
  local ended = update.state == 'done' or update.state == 'failed' or update.state == 'cancelled'
  local said = vim.trim(update.text or ''):gsub('\n.*$', '')
  local doing = ended and said or AGENT_WAITS[update.state] or update.activity or ''
  local usage = type(update.usage) == 'table' and update.usage or {}
  local tokens = (usage.input or 0) + (usage.output or 0)
  local behind = update.isBackground and not ended and ' (in the background)' or ''
  local line = ('%s %s%s: %s%s'):format(AGENT_SIGNS[update.state] or '·', above, update.name, update.task, behind)
  line = line .. (doing ~= '' and ' · ' .. vim.fn.strcharpart(doing, 0, 120) or '')
  line = line .. (tokens > 0 and (' (%d tokens)'):format(tokens) or '')
  if not self.out:has(id) then
    self.out:add(id, { '' })
  end
  local groups = { failed = 'CassError', cancelled = 'CassMuted', requires_action = 'CassWarning' }
  self.out:replace(id, { (line:gsub('%s+', ' ')) }, { groups[update.state] or 'CassTool' })
end

--- What was set or removed is said by the command that did it.
function show._reminder_update(self, update)
  if update.state == 'fired' then
    local clock = require('cass.reminders').clock(update.at)
    local again = clock ~= '' and (' (again at %s)'):format(clock) or ''
    local prompt = update.prompt:gsub('%s+', ' ')
    self:line(('⏰ %s: %s%s'):format(type(update.every) == 'number' and 'Loop' or 'Reminder', prompt, again), 'CassMuted')
  end
end

function show._history_cleared(self)
  self:line('─── the conversation starts afresh for the model ───', 'CassMuted')
end

function show.compaction_update(self, update)
  if update.status == 'in_progress' then
    self:line('… making the conversation shorter', 'CassMuted')
  elseif update.status == 'completed' then
    local folded = vim.tbl_count(update.folded or {})
    local text = 'Made shorter: ~%d → ~%d tokens (%d results folded, %d messages summed up). /uncompact takes it back.'
    self:line(text:format(update.before, update.after, folded, update.replaced or 0), 'CassMuted')
  end
end

function show._summary_edited(self)
  self:line('The summary was rewritten: the model reads yours from here.', 'CassMuted')
end

function show._uncompacted(self) self:line('The model reads again what was left out.', 'CassMuted') end

--- What was taken back stays to be read, faded.
---@param self cass.Renderer
---@param update table
local function fade(self, update)
  local mark = update.undoes and self.faded[update.undoes]
  if mark then
    self.faded[update.undoes] = nil
    self.out:restore(mark)
  elseif not update.undoes and update.scope ~= 'files' then
    self.faded[update.rewindId] = self.out:fade(self.turns[update.turnId])
  end
end

function show._rewound(self, update)
  fade(self, update)
  local what = update.scope == 'both' and 'conversation and files' or 'the ' .. update.scope
  local done = update.undoes and 'going back was undone' or 'went back to before a turn'
  self:line(('─── %s: %s ───'):format(done, what), 'CassMuted')
end

function show._reset(self)
  self.out:clear()
  self.calls, self.turns, self.faded = {}, {}, {}
end

--- Show an update; kinds that are not known are left out.
---@param update table
function Renderer:update(update)
  local shower = show[update.sessionUpdate]
  if shower then
    shower(self, update)
  end
end

--- A remark between the blocks.
---@param text string
---@param group? string
function Renderer:line(text, group)
  local id = self:next_id()
  self.out:add(id, { '' })
  local lines = vim.split(text, '\n', { plain = true })
  local groups = {}
  for index in ipairs(lines) do
    groups[index] = group
  end
  self.out:replace(id, lines, groups)
end

---@private
---@param id string
function Renderer:begin(id)
  if not self.out:has(id) then
    self.out:add(id, { '● cass' }, { head_group = 'CassAgent' })
  end
end

---@private
---@param id string
function Renderer:begin_thought(id)
  if not self.out:has(id) then
    self.out:add(
      id,
      { toolview.HEAD .. 'Thinking' },
      { prefix = toolview.BODY, group = 'CassThought', head_group = 'CassThought' }
    )
  end
end

return Renderer
