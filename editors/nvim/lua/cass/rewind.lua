--- Going back to before a turn: which one, what of it, a look at what would happen, and then it is done.
local M = {}

local MOST = 25

---@param problem? string
local function complain(problem)
  vim.notify('cass: ' .. (problem or 'going back failed'), vim.log.levels.ERROR)
end

---@param files table[]
---@return string[]
local function listed(files)
  local lines = {}
  for number, file in ipairs(files) do
    if number > MOST then
      table.insert(lines, ('and %d more'):format(#files - MOST))
      break
    end
    local reason = file.reason and (' (%s)'):format(file.reason) or ''
    table.insert(lines, ('%s: %s%s'):format(file.action, vim.fn.fnamemodify(file.path, ':.'), reason))
  end
  return lines
end

--- Load what changed on disk into buffers without changes, and say what was left alone.
---@param done table
---@param words string
local function report(done, words)
  vim.cmd.checktime()
  local refused = listed(done.refused or {})
  if #refused > 0 then
    return vim.notify(('cass: %s, but for\n%s'):format(words, table.concat(refused, '\n')), vim.log.levels.WARN)
  end
  vim.notify(('cass: %s.'):format(done.rewindId and words or 'nothing had to be changed'))
end

---@param workspace cass.Workspace
---@param params table
local function apply(workspace, params)
  workspace.session.server:request('cass/rewind/apply', params, function(problem, done)
    if problem or not done then
      return complain(problem)
    end
    report(done, 'done')
    if done.prompt then
      workspace.chat:open(true)
      workspace.chat.prompt:set(vim.split(done.prompt, '\n'))
    end
  end)
end

---@param workspace cass.Workspace
---@param params table
local function preview(workspace, params)
  workspace.session.server:request('cass/rewind/preview', params, function(problem, found)
    if problem or not found then
      return complain(problem)
    end
    local lines = listed(found.files or {})
    vim.list_extend(lines, found.problems or {})
    if (found.turns or 0) > 0 then
      table.insert(lines, 1, ('The conversation loses %d turn(s).'):format(found.turns))
    elseif #lines == 0 then
      return vim.notify('cass: no file would change.')
    end
    local prompt = table.concat(lines, '\n') .. '\nGo back?'
    vim.ui.select({ 'Yes', 'No' }, { prompt = prompt }, function(answer)
      if answer == 'Yes' then
        apply(workspace, params)
      end
    end)
  end)
end

---@param workspace cass.Workspace
---@param turn table
local function choose(workspace, turn)
  local ways = {
    { 'Files', 'files', false },
    { 'Files of this turn only', 'files', true },
  }
  if turn.conversation ~= false then
    table.insert(ways, 1, { 'Conversation', 'conversation', false })
    table.insert(ways, 1, { 'Conversation and files', 'both', false })
  end
  local options = { prompt = 'What is taken back?', format_item = function(way) return way[1] end }
  vim.ui.select(ways, options, function(way)
    if way then
      local id = workspace.session.id
      preview(workspace, { sessionId = id, turnId = turn.turnId, scope = way[2], only = way[3] })
    end
  end)
end

--- Ask for the turn first; the latest rewind can be undone there, too.
---@param workspace cass.Workspace
function M.pick(workspace)
  local session = workspace.session
  if not session.id then
    return vim.notify('cass: there is no turn to go back to.')
  end
  session.server:request('cass/rewind/list', { sessionId = session.id }, function(problem, found)
    if problem or not found then
      return complain(problem)
    end
    local items = found.turns
    if found.undo then
      table.insert(items, 1, { prompt = '(undo the latest rewind)', files = 0, undo = true })
    end
    if #items == 0 then
      return vim.notify('cass: there is no turn to go back to.')
    end
    local function format(turn)
      local files = turn.files > 0 and ('  (%d file%s)'):format(turn.files, turn.files == 1 and '' or 's') or ''
      return turn.prompt .. files
    end
    vim.ui.select(items, { prompt = 'Back to before', format_item = format }, function(turn)
      if turn and turn.undo then
        session.server:request('cass/rewind/undo', { sessionId = session.id }, function(failed, done)
          if failed or not done then
            return complain(failed)
          end
          report(done, 'undone')
        end)
      elseif turn then
        choose(workspace, turn)
      end
    end)
  end)
end

return M
