--- `:CassSessions`: the stored sessions, or those in which words were said, in a list with keys for what can be done.
local Float = require('cass.float')

local api = vim.api
local M = {}

local MOST = 100
--- Characters of a snippet before what was found, at most.
local BEFORE = 25
local HELP = ' <CR> open · / search · f fork · r rename · a archive · x export · d delete · q close'

---@param problem? string
local function complain(problem) vim.notify('cass: ' .. (problem or 'it failed'), vim.log.levels.ERROR) end

---@class cass.Sessions
---@field private workspace cass.Workspace
---@field private float cass.Float
---@field private words string
---@field private shown table[] what each two lines are about
local Sessions = {}
Sessions.__index = Sessions

--- Ask the server; what goes wrong is said.
---@private
---@param method string
---@param params table
---@param use fun(result: table)
function Sessions:request(method, params, use)
  self.workspace.session.server:request(method, params, function(problem, result)
    if problem or not result then
      return complain(problem)
    end
    use(result)
  end)
end

--- Show what there is for the words.
---@private
function Sessions:fill()
  local root = self.workspace.root
  if self.words == '' then
    return self:request('cass/session/list', { cwd = root, limit = MOST }, function(result)
      self:draw(vim.tbl_map(function(session) return { session = session } end, result.sessions))
    end)
  end
  local params = { cwd = root, query = self.words, limit = MOST }
  self:request('cass/session/search', params, function(result) self:draw(result.hits) end)
end

--- The snippet so that what was found is in sight.
---@param hit table
---@return string
local function excerpt(hit)
  local first = ((hit.marks or {})[1] or { 0 })[1]
  local from = math.max(0, first - BEFORE)
  return (from > 0 and '…' or '') .. vim.fn.strcharpart(hit.snippet, from):gsub('%s+', ' ')
end

---@param session table
---@return string
local function facts(session) return ('%d messages'):format(session.messages or 0) end

---@private
---@param hits table[]
function Sessions:draw(hits)
  self.shown = hits
  local width, lines, marks = Float.width(), {}, {}
  for _, hit in ipairs(hits) do
    local session = hit.session
    local when = session.updatedAt:sub(1, 16):gsub('T', ' ')
    local here = session.sessionId == self.workspace.session.id and '  (this one)' or ''
    local tags = vim.iter(session.tags or {}):map(function(tag) return ' #' .. tag end):join('')
    local kept = session.archived and '  archived' or ''
    lines[#lines + 1] = Float.cut((' %s  %s%s%s%s'):format(when, session.title, tags, kept, here), width)
    marks[#marks + 1] = { #lines, 0, 17, 'CassMuted' }
    lines[#lines + 1] = Float.cut('     ' .. (hit.snippet and excerpt(hit) or facts(session)), width)
    marks[#marks + 1] = { #lines, 0, -1, 'CassMuted' }
  end
  if #hits == 0 then
    lines = { self.words == '' and ' There are no stored sessions of this folder.' or ' Nothing was found.' }
  end
  lines[#lines + 1] = Float.cut(HELP, width)
  marks[#marks + 1] = { #lines, 0, -1, 'CassHint' }
  self.float:show(lines, marks)
end

--- Do something with the session under the cursor.
---@private
---@param act fun(session: table)
---@return fun()
function Sessions:on(act)
  return function()
    local hit = self.shown[math.ceil(api.nvim_win_get_cursor(0)[1] / 2)]
    if hit then
      act(hit.session)
    end
  end
end

---@private
---@param session_id string
function Sessions:go(session_id)
  self.float:close()
  if session_id ~= self.workspace.session.id then
    self.workspace.chat:open(false)
    self.workspace.session:resume(session_id)
  end
end

---@private
---@param session table
function Sessions:rename(session)
  vim.ui.input({ prompt = 'Title: ', default = session.title }, function(title)
    if title then
      local params = { sessionId = session.sessionId, title = vim.trim(title) }
      self:request('cass/session/setInfo', params, function() self:fill() end)
    end
  end)
end

---@private
---@param session table
function Sessions:export(session)
  local name = session.title:gsub('[^%w]+', '-'):gsub('^-+', ''):gsub('-+$', ''):sub(1, 60)
  local default = ('%s/%s.md'):format(vim.uv.cwd(), name ~= '' and name or 'session')
  local prompt = 'Export to (.md, .html, .json): '
  vim.ui.input({ prompt = prompt, default = default, completion = 'file' }, function(path)
    if not path or vim.trim(path) == '' then
      return
    end
    path = vim.fn.fnamemodify(vim.trim(path), ':p')
    local formats = { html = 'html', htm = 'html', json = 'json' }
    local format = formats[vim.fn.fnamemodify(path, ':e'):lower()] or 'markdown'
    local params = { sessionId = session.sessionId, format = format, path = path }
    self:request('cass/session/export', params, function() vim.notify('cass: written to ' .. path) end)
  end)
end

---@private
---@param session table
function Sessions:delete(session)
  local prompt = ('Delete “%s” for good?'):format(session.title)
  vim.ui.select({ 'No', 'Yes' }, { prompt = prompt }, function(answer)
    if answer == 'Yes' then
      self:request('cass/session/delete', { sessionId = session.sessionId }, function() self:fill() end)
    end
  end)
end

---@private
function Sessions:keys()
  return {
    ['<CR>'] = { self:on(function(session) self:go(session.sessionId) end), 'open' },
    f = {
      self:on(
        function(session)
          self:request(
            'cass/session/fork',
            { sessionId = session.sessionId },
            function(made) self:go(made.session.sessionId) end
          )
        end
      ),
      'fork',
    },
    r = { self:on(function(session) self:rename(session) end), 'rename' },
    a = {
      self:on(function(session)
        local params = { sessionId = session.sessionId, archived = not session.archived }
        self:request('cass/session/setInfo', params, function() self:fill() end)
      end),
      'archive, or list again',
    },
    x = { self:on(function(session) self:export(session) end), 'export' },
    d = { self:on(function(session) self:delete(session) end), 'delete' },
    ['/'] = {
      function()
        vim.ui.input({ prompt = 'Search: ', default = self.words }, function(words)
          if words then
            self.words = vim.trim(words)
            self:fill()
          end
        end)
      end,
      'search',
    },
  }
end

--- Show the list, of the sessions that hold the words where there are some.
---@param workspace cass.Workspace
---@param words string
function M.open(workspace, words)
  local self = setmetatable({ workspace = workspace, words = vim.trim(words), shown = {} }, Sessions)
  self.float = Float.open(workspace, 'Sessions of ' .. vim.fn.fnamemodify(workspace.root, ':~'), self:keys())
  self:fill()
end

--- Begin a new session with what this one holds up to the end of a turn.
---@param workspace cass.Workspace
function M.fork(workspace)
  local session = workspace.session
  if not session.id then
    return vim.notify('cass: there is no turn to fork after.')
  end
  local id = session.id
  session.server:request('cass/rewind/list', { sessionId = id }, function(problem, found)
    local turns = vim.tbl_filter(function(turn) return turn.conversation ~= false end, (found or {}).turns or {})
    if problem then
      return complain(problem)
    elseif #turns == 0 then
      return vim.notify('cass: there is no turn to fork after.')
    end
    local options = { prompt = 'Up to the end of', format_item = function(turn) return turn.prompt end }
    vim.ui.select(turns, options, function(turn)
      if not turn then
        return
      end
      session.server:request('cass/session/fork', { sessionId = id, turnId = turn.turnId }, function(failed, made)
        if failed or not made then
          return complain(failed)
        end
        workspace.chat:open(false)
        session:resume(made.session.sessionId)
      end)
    end)
  end)
end

return M
