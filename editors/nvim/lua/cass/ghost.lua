--- Inline completion for Neovim before 0.12: one request after a pause, shown behind the cursor, gone with the next key.
local text = require('cass.text')
local wire = require('cass.wire')

local api = vim.api

---@class cass.Ghost
---@field private workspace cass.Workspace
---@field private request? integer
---@field private shown? { bufnr: integer, tick: integer, item: table }
---@field private timer uv.uv_timer_t
local Ghost = {}
Ghost.__index = Ghost

local namespace = api.nvim_create_namespace('cass.ghost')

---@param workspace cass.Workspace
---@return cass.Ghost
function Ghost.new(workspace)
  return setmetatable({ workspace = workspace, timer = assert(vim.uv.new_timer()) }, Ghost)
end

--- Switch it for a buffer; off is at once.
---@param bufnr integer
---@param on boolean
function Ghost:enable(bufnr, on)
  local group = api.nvim_create_augroup('cass.ghost.' .. bufnr, { clear = true })
  self:dismiss()
  if not on then
    return
  end
  api.nvim_create_autocmd({ 'TextChangedI', 'CursorMovedI', 'InsertEnter' }, {
    group = group,
    buffer = bufnr,
    callback = function() self:later(bufnr) end,
  })
  api.nvim_create_autocmd({ 'InsertLeave', 'BufLeave' }, {
    group = group,
    buffer = bufnr,
    callback = function() self:dismiss() end,
  })
end

--- Drop what is shown and what is asked.
function Ghost:dismiss()
  self.timer:stop()
  if self.request and self.workspace.server.client then
    wire.cancel(self.workspace.server.client, self.request)
  end
  if self.shown and api.nvim_buf_is_valid(self.shown.bufnr) then
    api.nvim_buf_clear_namespace(self.shown.bufnr, namespace, 0, -1)
  end
  self.request, self.shown = nil, nil
end

---@private
---@param bufnr integer
function Ghost:later(bufnr)
  self:dismiss()
  self.timer:start(
    self.workspace.config.completion.debounce_ms,
    0,
    vim.schedule_wrap(function()
      if
        api.nvim_get_current_buf() == bufnr
        and api.nvim_get_mode().mode == 'i'
        and vim.fn.pumvisible() == 0
      then
        self:ask(bufnr)
      end
    end)
  )
end

---@private
---@param bufnr integer
function Ghost:ask(bufnr)
  local client = self.workspace.server.client
  if not client or not self.workspace.server.ready then
    return
  end
  local cursor, tick = api.nvim_win_get_cursor(0), api.nvim_buf_get_changedtick(bufnr)
  local params = {
    textDocument = { uri = vim.uri_from_bufnr(bufnr) },
    position = text.position(bufnr, cursor[1] - 1, cursor[2], client.offset_encoding),
    context = { triggerKind = 2 },
  }
  local request
  request = wire.request(client, 'textDocument/inlineCompletion', params, function(_, result)
    if self.request ~= request or api.nvim_get_current_buf() ~= bufnr then
      return
    end
    self.request = nil
    local same = api.nvim_buf_get_changedtick(bufnr) == tick
      and vim.deep_equal(api.nvim_win_get_cursor(0), cursor)
    local items = type(result) == 'table' and (result.items or result) or {}
    if same and items[1] and api.nvim_get_mode().mode == 'i' then
      self:show(bufnr, tick, items[1], cursor)
    end
  end, bufnr)
  self.request = request
end

---@param item table
---@return string
local function words(item)
  return type(item.insertText) == 'table' and item.insertText.value or item.insertText
end

--- What of the item is not in the text yet: its range may begin before the cursor.
---@private
---@param item table
---@param cursor integer[]
---@return string
function Ghost:rest(item, cursor)
  local insert = words(item)
  if type(item.range) ~= 'table' or item.range.start.line ~= cursor[1] - 1 then
    return insert
  end
  local line = api.nvim_get_current_line()
  local from = text.byte_of(line, item.range.start.character, self.workspace.server.client.offset_encoding)
  local typed = line:sub(from + 1, cursor[2])
  return vim.startswith(insert, typed) and insert:sub(#typed + 1) or ''
end

---@private
---@param bufnr integer
---@param tick integer
---@param item table
---@param cursor integer[]
function Ghost:show(bufnr, tick, item, cursor)
  local lines = vim.split(self:rest(item, cursor), '\n', { plain = true })
  if #lines == 1 and lines[1] == '' then
    return
  end
  local options = { virt_text = { { lines[1], 'CassGhost' } }, virt_text_pos = 'inline' }
  if #lines > 1 then
    options.virt_lines = vim.tbl_map(
      function(line) return { { line, 'CassGhost' } } end,
      vim.list_slice(lines, 2)
    )
  end
  api.nvim_buf_set_extmark(bufnr, namespace, cursor[1] - 1, cursor[2], options)
  self.shown = { bufnr = bufnr, tick = tick, rest = table.concat(lines, '\n') }
end

--- Put it into the text, if it still fits.
---@return boolean
function Ghost:accept()
  local shown = self.shown
  if
    not shown
    or shown.bufnr ~= api.nvim_get_current_buf()
    or api.nvim_buf_get_changedtick(0) ~= shown.tick
  then
    return false
  end
  vim.schedule(function() -- the text is locked while a mapping is looked up
    if api.nvim_get_current_buf() ~= shown.bufnr or api.nvim_buf_get_changedtick(0) ~= shown.tick then
      return
    end
    self:dismiss()
    local cursor, lines = api.nvim_win_get_cursor(0), vim.split(shown.rest, '\n', { plain = true })
    api.nvim_buf_set_text(0, cursor[1] - 1, cursor[2], cursor[1] - 1, cursor[2], lines)
    local column = #lines == 1 and cursor[2] + #lines[1] or #lines[#lines]
    api.nvim_win_set_cursor(0, { cursor[1] + #lines - 1, column })
  end)
  return true
end

return Ghost
