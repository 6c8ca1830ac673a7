--- The changes that wait for the user, hunk by hunk: which there are, going to them, deciding about them.
local draw = require('cass.draw')

local api = vim.api

---@class cass.Hunk
---@field hunkId string
---@field kind 'proposed'|'made'
---@field line integer
---@field lines integer
---@field oldText string
---@field newText string
---@field proposalId? string

---@class cass.ReviewFile
---@field uri string
---@field path string
---@field op string
---@field hunks cass.Hunk[]

---@class cass.Review
---@field files cass.ReviewFile[]
---@field private workspace cass.Workspace
---@field private asked integer
---@field private scheduled boolean
---@field private mapped table<integer, string[]>
---@field private watched table<integer, true>
local Review = {}
Review.__index = Review

local SETTLE_MS = 40

---@param workspace cass.Workspace
---@return cass.Review
function Review.new(workspace)
  local fields =
    { workspace = workspace, files = {}, asked = 0, scheduled = false, mapped = {}, watched = {} }
  local self = setmetatable(fields, Review)
  workspace.session:listen(function(update)
    local kind = update.sessionUpdate
    if kind == '_review_update' or kind == '_opened' or kind == '_edit_update' then
      self:refresh()
    elseif kind == '_reset' then
      self:take({ files = {} })
    end
  end)
  return self
end

---@return integer
function Review:count()
  local count = 0
  for _, file in ipairs(self.files) do
    count = count + #file.hunks
  end
  return count
end

--- Ask for the list anew, once for several reasons to.
function Review:refresh()
  if self.scheduled then
    return
  end
  self.scheduled = true
  vim.defer_fn(function()
    self.scheduled = false
    self:fetch()
  end, SETTLE_MS)
end

---@private
function Review:fetch()
  local session = self.workspace.session
  if not session.id then
    return
  end
  self.asked = self.asked + 1
  local asked = self.asked
  self.workspace.server:request('cass/review/list', { sessionId = session.id }, function(problem, result)
    if not problem and asked == self.asked then
      self:take(result)
    end
  end)
end

---@param path string
---@return string
local function real(path) return vim.uv.fs_realpath(path) or path end

--- The buffer that shows a file, if there is one.
---@param file cass.ReviewFile
---@return integer?
local function buffer_of(file)
  local wanted = real(vim.uri_to_fname(file.uri))
  for _, bufnr in ipairs(api.nvim_list_bufs()) do
    if api.nvim_buf_is_loaded(bufnr) and real(api.nvim_buf_get_name(bufnr)) == wanted then
      return bufnr
    end
  end
end

--- The changes of a buffer.
---@param bufnr integer
---@return cass.ReviewFile?
function Review:file_of(bufnr)
  local name = real(api.nvim_buf_get_name(bufnr))
  for _, file in ipairs(self.files) do
    if real(vim.uri_to_fname(file.uri)) == name then
      return file
    end
  end
end

---@private
---@param result { files: cass.ReviewFile[], conflicts?: string[] }
function Review:take(result)
  local before = {}
  for _, file in ipairs(self.files) do
    before[#before + 1] = buffer_of(file)
  end
  self.files = result.files or {}
  for _, bufnr in ipairs(before) do
    self:draw(bufnr)
  end
  for _, file in ipairs(self.files) do
    local bufnr = buffer_of(file)
    if bufnr then
      self:draw(bufnr)
    end
  end
  for _, conflict in ipairs(result.conflicts or {}) do
    vim.notify('cass: ' .. conflict, vim.log.levels.WARN)
  end
  self.workspace:redraw()
end

--- Show a buffer's changes in it, or nothing any more.
---@param bufnr integer
function Review:draw(bufnr)
  local file = self:file_of(bufnr)
  draw.clear(bufnr)
  if not file then
    return self:unmap(bufnr)
  end
  self:map(bufnr)
  self:watch(bufnr)
  draw.hunks(bufnr, file.hunks, self.workspace.config.review)
end

---@private
---@param bufnr integer
function Review:watch(bufnr)
  if self.watched[bufnr] then
    return
  end
  self.watched[bufnr] = true
  api.nvim_create_autocmd({ 'TextChanged', 'InsertLeave', 'BufWritePost' }, {
    group = api.nvim_create_augroup('cass.review.' .. bufnr, { clear = true }),
    buffer = bufnr,
    callback = function()
      if self:file_of(bufnr) then
        self:refresh()
      end
    end,
  })
end

---@private
---@param bufnr integer
function Review:map(bufnr)
  local keys = self.workspace.config.review.keys
  if self.mapped[bufnr] or not keys then
    return
  end
  self.mapped[bufnr] = {}
  for action, key in pairs(keys) do
    local taken = key and vim.fn.maparg(key, 'n', false, true)
    if key and taken.buffer ~= 1 then
      local plug = '<Plug>(cass-' .. action:gsub('_', '-') .. ')'
      vim.keymap.set(
        'n',
        key,
        plug,
        { buffer = bufnr, remap = true, desc = 'cass: ' .. action:gsub('_', ' ') }
      )
      table.insert(self.mapped[bufnr], key)
    end
  end
end

---@private
---@param bufnr integer
function Review:unmap(bufnr)
  for _, key in ipairs(self.mapped[bufnr] or {}) do
    pcall(vim.keymap.del, 'n', key, { buffer = bufnr })
  end
  self.mapped[bufnr] = nil
end

--- The hunk under the cursor, else the nearest one of the buffer.
---@return cass.ReviewFile? file
---@return cass.Hunk? hunk
function Review:here()
  local bufnr = api.nvim_get_current_buf()
  local file = self:file_of(bufnr)
  if not file then
    return nil
  end
  local row = api.nvim_win_get_cursor(0)[1] - 1
  local best, distance
  for _, hunk in ipairs(file.hunks) do
    local from, to = draw.rows(bufnr, hunk)
    local away = row < from and from - row or row > to and row - to or 0
    if not distance or away < distance then
      best, distance = hunk, away
    end
  end
  return file, best
end

--- Go to the next hunk, or the previous one with -1; at the end of a file to the next file's.
---@param step 1|-1
function Review:go(step)
  local bufnr = api.nvim_get_current_buf()
  local present = self:file_of(bufnr)
  local row = api.nvim_win_get_cursor(0)[1] - 1
  if present then
    local first, last = 1, #present.hunks
    for index = step == 1 and first or last, step == 1 and last or first, step do
      local at = draw.rows(bufnr, present.hunks[index])
      if (step == 1 and at > row) or (step == -1 and at < row) then
        return self:show(present, present.hunks[index])
      end
    end
  end
  local number = 0
  for index, file in ipairs(self.files) do
    number = file == present and index or number
  end
  if #self.files == 0 then
    return vim.notify('cass: there is nothing to review.')
  end
  local file = self.files[(number - 1 + step) % #self.files + 1] or self.files[1]
  self:show(file, file.hunks[step == 1 and 1 or #file.hunks])
end

--- Show a hunk in a window with its file.
---@param file cass.ReviewFile
---@param hunk? cass.Hunk
function Review:show(file, hunk)
  if file.op == 'add' and not vim.uv.fs_stat(vim.uri_to_fname(file.uri)) then
    return require('cass.diff').open(self.workspace, file)
  end
  local window = require('cass.context').file_window()
  if window then
    api.nvim_set_current_win(window)
  end
  local bufnr = buffer_of(file)
  if bufnr ~= api.nvim_get_current_buf() then
    vim.cmd.edit({
      args = { vim.fn.fnameescape(vim.uri_to_fname(file.uri)) },
      magic = { file = false, bar = false },
    })
    bufnr = api.nvim_get_current_buf()
    self:draw(bufnr)
  end
  if hunk then
    local row = draw.rows(bufnr, hunk)
    api.nvim_win_set_cursor(0, { math.min(row + 1, api.nvim_buf_line_count(bufnr)), 0 })
  end
end

--- All hunks as a quickfix list.
---@return integer how many
function Review:list()
  local items = {}
  for _, file in ipairs(self.files) do
    for _, hunk in ipairs(file.hunks) do
      local sign = hunk.kind == 'proposed' and 'proposed' or 'made'
      local first = vim.split(hunk.newText ~= '' and hunk.newText or hunk.oldText, '\n')[1]
      local text = ('%s: %s%s'):format(sign, hunk.newText == '' and 'remove ' or '', vim.trim(first))
      items[#items + 1] =
        { filename = vim.uri_to_fname(file.uri), lnum = math.max(1, hunk.line), text = text }
    end
  end
  vim.fn.setqflist({}, ' ', { title = 'cass: changes to review', items = items })
  return #items
end

--- Decide. Without `hunks` it is about the whole file, without `file` about all.
---@param action 'keep'|'revert'|'amend'|'comment'
---@param file? cass.ReviewFile
---@param hunks? cass.Hunk[]
---@param more? { text?: string, comment?: string }
function Review:resolve(action, file, hunks, more)
  local params = { sessionId = self.workspace.session.id, action = action, uri = file and file.uri }
  if not params.sessionId then
    return vim.notify('cass: there is nothing to review.')
  end
  if hunks then
    params.hunkIds = vim.tbl_map(function(hunk) return hunk.hunkId end, hunks)
  end
  params = vim.tbl_extend('force', params, more or {})
  self.workspace.server:request('cass/review/resolve', params, function(problem, result)
    if problem then
      vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
      return self:refresh()
    end
    self.asked = self.asked + 1
    self:take(result)
  end, file and buffer_of(file) or nil)
end

return Review
