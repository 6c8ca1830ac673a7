--- Hunks in a buffer: what goes is marked where it stands, what comes is shown in lines that are not in the text.
local api = vim.api
local M = {}

local namespace = api.nvim_create_namespace('cass.review')

---@param bufnr integer
function M.clear(bufnr)
  if api.nvim_buf_is_valid(bufnr) then
    api.nvim_buf_clear_namespace(bufnr, namespace, 0, -1)
  end
end

---@param text string
---@return string[]
local function lines_of(text)
  local lines = vim.split((text:gsub('\r\n', '\n')), '\n', { plain = true })
  if lines[#lines] == '' then
    table.remove(lines)
  end
  return lines
end

---@param line string
---@param tabstop integer
---@return string
local function without_tabs(line, tabstop)
  local out, column = {}, 0
  for piece, tab in line:gmatch('([^\t]*)(\t?)') do
    out[#out + 1] = piece
    column = column + vim.fn.strdisplaywidth(piece)
    if tab ~= '' then
      local width = tabstop - column % tabstop
      out[#out + 1] = (' '):rep(width)
      column = column + width
    end
  end
  return table.concat(out)
end

---@param bufnr integer
---@param text string
---@param group string
---@return table[]
local function virtual(bufnr, text, group)
  local width = 0
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    width = math.max(width, api.nvim_win_get_width(window))
  end
  return vim.tbl_map(function(line)
    local shown = without_tabs(line, vim.bo[bufnr].tabstop)
    return { { shown .. (' '):rep(width - vim.fn.strdisplaywidth(shown)), group } }
  end, lines_of(text))
end

---@param key string
---@return string
local function shown_key(key)
  local leader = vim.g.mapleader or '\\'
  return (key:gsub('<[lL]eader>', leader == ' ' and '␣' or leader))
end

---@param config table
---@param hunk cass.Hunk
---@param number integer
---@param count integer
---@return table[]
local function hint(config, hunk, number, count)
  local proposed = hunk.kind == 'proposed'
  local head = (' ◆ cass %d/%d'):format(number, count)
  local parts = {}
  for _, pair in ipairs({
    { 'keep', proposed and 'accept' or 'keep' },
    { 'revert', proposed and 'refuse' or 'undo' },
    { 'amend', 'amend' },
  }) do
    local key = config.keys and config.keys[pair[1]]
    if key and not (pair[1] == 'amend' and not proposed) then
      parts[#parts + 1] = shown_key(key) .. ' ' .. pair[2]
    end
  end
  return {
    { head .. (config.hints and #parts > 0 and '  ' .. table.concat(parts, ' · ') or ''), 'CassHint' },
  }
end

--- Rows at the top of the buffer that stand above it are only seen when the window is told so.
---@param bufnr integer
---@param count integer
local function reveal_above(bufnr, count)
  for _, window in ipairs(vim.fn.win_findbuf(bufnr)) do
    api.nvim_win_call(window, function()
      if vim.fn.line('w0') == 1 then
        vim.fn.winrestview({ topfill = count })
      end
    end)
  end
end

---@param bufnr integer
---@param hunk cass.Hunk
---@param tag table[]
local function one(bufnr, hunk, tag)
  local last = api.nvim_buf_line_count(bufnr) - 1
  local row = math.min(math.max(hunk.line - 1, 0), last)
  local proposed = hunk.kind == 'proposed'
  if hunk.lines > 0 then
    local stop = math.min(row + hunk.lines, last + 1)
    local region = {
      end_row = stop,
      end_col = 0,
      hl_group = proposed and 'CassDelete' or 'CassAdd',
      hl_eol = true,
      strict = false,
    }
    api.nvim_buf_set_extmark(bufnr, namespace, row, 0, region)
  end
  local lines =
    virtual(bufnr, proposed and hunk.newText or hunk.oldText, proposed and 'CassAdd' or 'CassDelete')
  if #lines > 0 then
    local below = proposed and hunk.lines > 0
    local at = below and math.min(row + hunk.lines - 1, last) or row
    local above = not below
    if above and hunk.line - 1 > last then
      at, above = last, false
    end
    api.nvim_buf_set_extmark(bufnr, namespace, at, 0, { virt_lines = lines, virt_lines_above = above })
    if above and at == 0 then
      reveal_above(bufnr, #lines)
    end
  end
  hunk.mark = api.nvim_buf_set_extmark(bufnr, namespace, row, 0, { virt_text = tag, virt_text_pos = 'eol' })
end

--- Draw the hunks of a buffer.
---@param bufnr integer
---@param hunks cass.Hunk[]
---@param config table
function M.hunks(bufnr, hunks, config)
  for number, hunk in ipairs(hunks) do
    one(bufnr, hunk, hint(config, hunk, number, #hunks))
  end
end

--- The rows that a hunk covers now, also after lines above it came or went.
---@param bufnr integer
---@param hunk cass.Hunk
---@return integer from
---@return integer to included
function M.rows(bufnr, hunk)
  local row = hunk.line - 1
  if hunk.mark then
    local place = api.nvim_buf_get_extmark_by_id(bufnr, namespace, hunk.mark, {})
    row = place[1] or row
  end
  return row, row + math.max(hunk.lines, 1) - 1
end

return M
