--- What the user looks at, and what a prompt mentions, as the server is told.
local text = require('cass.text')

local api = vim.api
local M = {}

local MOST_OPEN = 50

--- Whether a buffer is a file that cass should know.
---@param bufnr integer
---@return boolean
function M.is_file(bufnr)
  if not api.nvim_buf_is_valid(bufnr) or not api.nvim_buf_is_loaded(bufnr) or vim.bo[bufnr].buftype ~= '' then
    return false
  end
  local name = api.nvim_buf_get_name(bufnr)
  return name ~= '' and not name:match('^%a[%w+.-]+://')
end

--- The window with a file in which the user is or was last.
---@return integer? window
function M.file_window()
  local current = api.nvim_get_current_win()
  local candidates = { current, vim.fn.win_getid(vim.fn.winnr('#')) }
  vim.list_extend(candidates, api.nvim_tabpage_list_wins(0))
  for _, window in ipairs(candidates) do
    if window ~= 0 and api.nvim_win_is_valid(window) and M.is_file(api.nvim_win_get_buf(window)) then
      return window
    end
  end
end

--- Lines of a buffer as a block of a prompt.
---@param bufnr integer
---@param first integer from 1
---@param last integer included
---@return table
function M.resource(bufnr, first, last)
  local lines = api.nvim_buf_get_lines(bufnr, first - 1, last, false)
  local uri = ('%s#L%d-L%d'):format(vim.uri_from_bufnr(bufnr), first, last)
  return { type = 'resource', resource = { uri = uri, text = table.concat(lines, '\n') .. '\n' } }
end

--- The lines that were selected last in a window's buffer.
---@param window integer
---@return integer? first
---@return integer? last
function M.selected(window)
  local bufnr = api.nvim_win_get_buf(window)
  if window == api.nvim_get_current_win() and api.nvim_get_mode().mode:match('^[vV\22]') then
    local a, b = vim.fn.line('v'), vim.fn.line('.')
    return math.min(a, b), math.max(a, b)
  end
  local first, last = api.nvim_buf_get_mark(bufnr, '<')[1], api.nvim_buf_get_mark(bufnr, '>')[1]
  if first > 0 and last >= first and last <= api.nvim_buf_line_count(bufnr) then
    return first, last
  end
end

---@param bufnr integer
---@return table
local function diagnostics_block(bufnr)
  local lines = { 'Diagnostics of ' .. vim.fn.fnamemodify(api.nvim_buf_get_name(bufnr), ':.') .. ':' }
  for _, found in ipairs(vim.diagnostic.get(bufnr)) do
    local severity = vim.diagnostic.severity[found.severity]:lower()
    lines[#lines + 1] = ('line %d: %s: %s'):format(found.lnum + 1, severity, (found.message:gsub('\n', ' ')))
  end
  if #lines == 1 then
    lines[2] = 'none'
  end
  return { type = 'text', text = table.concat(lines, '\n') }
end

--- A prompt as blocks: its words, and behind them what it mentions with `@`.
---@param words string
---@param root string
---@return table[]
function M.blocks(words, root)
  local blocks, seen = { { type = 'text', text = words } }, {}
  local window = M.file_window()
  for name in (' ' .. words):gmatch('%s@([^%s]+)') do
    name = name:gsub('[.,;:!?)]+$', '')
    local path = vim.fs.normalize(name:sub(1, 1) == '/' and name or root .. '/' .. name)
    if seen[name] then
      goto continue
    end
    seen[name] = true
    if window and (name == 'selection' or name == 'buffer') then
      local bufnr = api.nvim_win_get_buf(window)
      local first, last = 1, api.nvim_buf_line_count(bufnr)
      if name == 'selection' then
        first, last = M.selected(window)
      end
      if first and last then
        blocks[#blocks + 1] = M.resource(bufnr, first, last)
      end
    elseif window and name == 'diagnostics' then
      blocks[#blocks + 1] = diagnostics_block(api.nvim_win_get_buf(window))
    elseif vim.uv.fs_stat(path) then
      blocks[#blocks + 1] = { type = 'resource_link', uri = vim.uri_from_fname(path), name = name }
    end
    ::continue::
  end
  return blocks
end

--- Open files that lie below a folder.
---@param root string
---@return integer[]
function M.open_files(root)
  local prefix = root .. '/'
  return vim.tbl_filter(
    function(bufnr) return M.is_file(bufnr) and vim.startswith(api.nvim_buf_get_name(bufnr), prefix) end,
    api.nvim_list_bufs()
  )
end

--- The `context` of a prompt.
---@param root string
---@return table
function M.for_prompt(root)
  local window = M.file_window()
  local open = {}
  for _, bufnr in ipairs(M.open_files(root)) do
    if #open < MOST_OPEN and vim.bo[bufnr].buflisted then
      open[#open + 1] = vim.uri_from_bufnr(bufnr)
    end
  end
  return { activeUri = window and vim.uri_from_bufnr(api.nvim_win_get_buf(window)) or nil, openUris = open }
end

--- `cass/ide/context`: selection, visible range, open tabs.
---@param root string
---@param encoding string
---@return table
function M.for_server(root, encoding)
  local tabs = {}
  for _, bufnr in ipairs(M.open_files(root)) do
    local visible = #vim.fn.win_findbuf(bufnr) > 0
    tabs[#tabs + 1] = { uri = vim.uri_from_bufnr(bufnr), dirty = vim.bo[bufnr].modified, visible = visible }
  end
  local window = M.file_window()
  if not window then
    return { open = tabs }
  end
  local bufnr = api.nvim_win_get_buf(window)
  local cursor = api.nvim_win_get_cursor(window)
  local place = text.position(bufnr, cursor[1] - 1, cursor[2], encoding)
  local active = { uri = vim.uri_from_bufnr(bufnr), selection = { start = place, ['end'] = place } }
  local first, last = M.selected(window)
  if
    first
    and last
    and window == api.nvim_get_current_win()
    and api.nvim_get_mode().mode:match('^[vV\22]')
  then
    active.selection =
      { start = { line = first - 1, character = 0 }, ['end'] = { line = last, character = 0 } }
    active.selectedText = table.concat(api.nvim_buf_get_lines(bufnr, first - 1, last, false), '\n') .. '\n'
  end
  local top, bottom = vim.fn.line('w0', window), vim.fn.line('w$', window)
  active.visible = { start = { line = top - 1, character = 0 }, ['end'] = { line = bottom, character = 0 } }
  return { active = active, open = tabs }
end

return M
