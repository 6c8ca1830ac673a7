--- A window over the others with lines to read and keys that act on them; q closes it.
local api = vim.api

---@class cass.Float
---@field window integer
---@field bufnr integer
---@field private title string
local Float = {}
Float.__index = Float

local namespace = api.nvim_create_namespace('cass.float')

--- Columns that are used at most: lines are made to fit them.
local WIDEST = 100

---@return integer
function Float.width() return math.max(20, math.min(WIDEST, vim.o.columns - 4)) end

--- Text cut to so many cells.
---@param text string
---@param cells integer
---@return string
function Float.cut(text, cells)
  text = text:gsub('%c', ' ')
  if vim.fn.strdisplaywidth(text) <= cells then
    return text
  end
  while text ~= '' and vim.fn.strdisplaywidth(text) > cells - 1 do
    text = vim.fn.strcharpart(text, 0, vim.fn.strchars(text) - 1)
  end
  return text .. '…'
end

---@param workspace cass.Workspace
---@param title string
---@param keys table<string, { [1]: fun(), [2]: string }> what a key does, and its description
---@return cass.Float
function Float.open(workspace, title, keys)
  local bufnr = api.nvim_create_buf(false, true)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.b[bufnr].cass_root = workspace.root
  local window = api.nvim_open_win(bufnr, true, {
    relative = 'editor',
    row = 1,
    col = math.floor((vim.o.columns - Float.width() - 2) / 2),
    width = Float.width(),
    height = 1,
    border = 'rounded',
    style = 'minimal',
    title = ' ' .. title .. ' ',
  })
  api.nvim_set_option_value('wrap', false, { win = window, scope = 'local' })
  local self = setmetatable({ window = window, bufnr = bufnr, title = title }, Float)
  keys.q = { function() self:close() end, 'close' }
  for key, use in pairs(keys) do
    vim.keymap.set('n', key, use[1], { buffer = bufnr, nowait = true, desc = 'cass: ' .. use[2] })
  end
  return self
end

---@return boolean
function Float:is_open() return api.nvim_win_is_valid(self.window) end

function Float:close()
  if self:is_open() then
    api.nvim_win_close(self.window, true)
  end
end

--- Show these lines. A mark is `{ line, from, to, group }` with bytes from 0; `to` -1 is the line's end.
---@param lines string[]
---@param marks table[]
function Float:show(lines, marks)
  if not self:is_open() then
    return
  end
  vim.bo[self.bufnr].modifiable = true
  api.nvim_buf_set_lines(self.bufnr, 0, -1, false, lines)
  vim.bo[self.bufnr].modifiable = false
  api.nvim_buf_clear_namespace(self.bufnr, namespace, 0, -1)
  for _, mark in ipairs(marks) do
    local line, from, to, group = unpack(mark)
    local last = to < 0 and #lines[line] or math.min(to, #lines[line])
    api.nvim_buf_set_extmark(self.bufnr, namespace, line - 1, from, { end_col = last, hl_group = group })
  end
  local height = math.max(1, math.min(#lines, vim.o.lines - 6))
  api.nvim_win_set_config(self.window, { height = height })
end

return Float
