--- What the user commands do.
local context = require('cass.context')

local api = vim.api
local M = {}

---@param problem? string
local function complain(problem)
  if problem then
    vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
  end
end

---@param prompt string
---@param given string
---@param use fun(words: string)
local function with_words(prompt, given, use)
  if given ~= '' then
    return use(given)
  end
  vim.ui.input({ prompt = prompt }, function(words)
    if words and vim.trim(words) ~= '' then
      use(words)
    end
  end)
end

--- The lines that a command was given, as a block; none without a range.
---@param command table
---@return table[]
local function lines_of(command)
  if command.range == 0 then
    return {}
  end
  return { context.resource(api.nvim_get_current_buf(), command.line1, command.line2) }
end

---@param command table
---@return string
local function place_of(command)
  local name = vim.fn.fnamemodify(api.nvim_buf_get_name(0), ':.')
  if command.range == 0 then
    return name
  end
  return ('%s, lines %d to %d'):format(name, command.line1, command.line2)
end

---@param command table
function M.chat(command)
  local workspace = require('cass').workspace()
  if command.args ~= '' then
    workspace.chat:open(false)
    return workspace:say(command.args)
  end
  if command.bang then
    return workspace.chat:close()
  end
  workspace.chat:open(true)
  workspace.session:open(function(problem)
    if problem then
      workspace.session:notice('error', problem)
    end
  end)
end

---@param command table
function M.ask(command)
  local workspace, lines = require('cass').workspace(), lines_of(command)
  with_words('Ask cass: ', command.args, function(words)
    workspace.chat:open(false)
    workspace:say(words, lines)
  end)
end

---@param command table
function M.edit(command)
  local workspace, lines, place = require('cass').workspace(), lines_of(command), place_of(command)
  with_words(
    'What shall be changed? ',
    command.args,
    function(words) workspace:say(('Change %s: %s'):format(place, words), lines) end
  )
end

---@param command table
function M.plan(command)
  local workspace, lines = require('cass').workspace(), lines_of(command)
  workspace.session:set_option('mode', 'plan', function(problem)
    if problem then
      return complain(problem)
    end
    with_words('What shall be planned? ', command.args, function(words)
      workspace.chat:open(false)
      workspace:say(words, lines)
    end)
  end)
end

--- Choose among an option's values, or set one.
---@param id string
---@param value string
local function choose(id, value)
  local workspace = require('cass').workspace()
  local session = workspace.session
  if value ~= '' then
    return session:set_option(id, value, complain)
  end
  session:open(function(problem)
    local option = session.options[id]
    if problem or not option then
      return complain(problem or 'there is no such option')
    end
    local function format(item)
      local mark = item.value == option.currentValue and '● ' or '  '
      return mark .. item.name .. (item.description and ' – ' .. item.description or '')
    end
    vim.ui.select(option.options, { prompt = option.name, format_item = format }, function(item)
      if item then
        session:set_option(id, item.value, complain)
      end
    end)
  end)
end

---@param command table
function M.mode(command) choose('mode', command.args) end

---@param command table
function M.approval(command) choose('approval', command.args) end

---@param command table
function M.model(command)
  local session = require('cass').workspace().session
  if command.args ~= '' then
    return session:set_option('model', command.args, complain)
  end
  session.server:request('cass/models/list', {}, function(problem, result)
    if problem then
      return complain(problem)
    end
    local names = vim.tbl_map(function(model) return model.name end, result.models)
    if #names == 0 then
      return complain('no model was found. ' .. table.concat(result.problems or {}, ' '))
    end
    vim.ui.select(names, { prompt = 'Model' }, function(name)
      if name then
        session:set_option('model', name, complain)
      end
    end)
  end)
end

---@param command table
function M.sessions(command) require('cass.keeping').open(require('cass').workspace(), command.args) end

function M.fork() require('cass.keeping').fork(require('cass').workspace()) end

function M.context() require('cass.window').open(require('cass').workspace()) end

---@param command table
function M.compact(command)
  require('cass').workspace():say(command.args == '' and '/compact' or '/compact ' .. command.args)
end

function M.uncompact() require('cass').workspace():say('/uncompact') end

function M.summary() require('cass.summary').open(require('cass').workspace()) end

--- Go on with the newest stored session of the folder.
function M.resume()
  local workspace = require('cass').workspace()
  workspace.session:list(function(problem, sessions)
    local newest = vim
      .iter(sessions or {})
      :find(function(item) return item.sessionId ~= workspace.session.id end)
    if problem or not newest then
      return complain(problem or 'there is no earlier session of ' .. workspace.root)
    end
    workspace.chat:open(false)
    workspace.session:resume(newest.sessionId)
  end)
end

function M.new()
  local workspace = require('cass').workspace()
  workspace.chat:open(true)
  workspace.session:renew(complain)
end

function M.rewind() require('cass.rewind').pick(require('cass').workspace()) end

function M.stop() require('cass').workspace().session:cancel() end

function M.answer()
  if not require('cass').workspace().asks:next() then
    vim.notify('cass: nothing is asked.')
  end
end

function M.review()
  local workspace = require('cass').workspace()
  if workspace.review:list() == 0 then
    return vim.notify('cass: there is nothing to review.')
  end
  local first = workspace.review.files[1]
  workspace.review:show(first, first.hunks[1])
end

---@param command table
function M.diff(command)
  require('cass.decide').diff(require('cass').workspace(), command.args ~= '' and command.args or nil)
end

---@param command table
function M.keep(command) require('cass.decide').all(require('cass').workspace(), 'keep', command.bang) end

---@param command table
function M.revert(command) require('cass.decide').all(require('cass').workspace(), 'revert', command.bang) end

--- `:CassCompletion on|off|status [user|project|session] [language]`
---@param command table
function M.completion(command)
  local what, scope, language = unpack(command.fargs)
  local completion = require('cass').workspace().completion
  if what == nil or what == 'status' then
    return completion:show()
  end
  if
    (what ~= 'on' and what ~= 'off')
    or (scope and not vim.list_contains({ 'user', 'project', 'session' }, scope))
  then
    return complain('say :CassCompletion on, off or status, and for whom: user, project or session')
  end
  completion:set(what == 'on', scope or 'user', language)
end

function M.restart() require('cass').workspace().server:restart() end

return M
