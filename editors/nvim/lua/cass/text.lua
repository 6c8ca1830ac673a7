--- A buffer's text as it travels to the server, byte for byte, and positions in it.
local api = vim.api

local M = {}

local ENDINGS = { unix = '\n', dos = '\r\n', mac = '\r' }
local ENCODED_BY_NAME = vim.fn.has('nvim-0.11') == 1

---@param bufnr integer
---@return string
function M.ending(bufnr) return ENDINGS[vim.bo[bufnr].fileformat] or '\n' end

--- Whether the text ends with a line end, in the file that `:write` makes and in what the server is sent.
---@param bufnr integer
---@return boolean
function M.ends_line(bufnr)
  local options = vim.bo[bufnr]
  return options.eol or (options.fixeol and not options.binary)
end

--- The whole text, as Neovim sends it.
---@param bufnr integer
---@return string
function M.of(bufnr)
  local ending = M.ending(bufnr)
  local text = table.concat(api.nvim_buf_get_lines(bufnr, 0, -1, true), ending)
  return M.ends_line(bufnr) and text .. ending or text
end

--- Byte offsets (from 0) where the lines of a text begin, by all line ends that LSP knows.
---@param text string
---@return integer[]
function M.line_starts(text)
  local starts, at = { 0 }, 1
  while true do
    local found = text:find('[\r\n]', at)
    if not found then
      return starts
    end
    at = text:sub(found, found + 1) == '\r\n' and found + 2 or found + 1
    starts[#starts + 1] = at - 1
  end
end

--- The byte (from 0) of a character of a line. Beyond its end: the end.
---@param line string
---@param character integer
---@param encoding string
---@return integer
function M.byte_of(line, character, encoding)
  if encoding == 'utf-8' then
    return math.min(character, #line)
  end
  local units = M.units_before(line, #line, encoding)
  if character >= units then
    return #line
  end
  if ENCODED_BY_NAME then
    return vim.str_byteindex(line, encoding, character, false)
  end
  return vim.str_byteindex(line, character, encoding == 'utf-16')
end

--- How many of the encoding's units stand before a byte (from 0) of a line.
---@param line string
---@param byte integer
---@param encoding string
---@return integer
function M.units_before(line, byte, encoding)
  byte = math.min(byte, #line)
  if encoding == 'utf-8' then
    return byte
  end
  if ENCODED_BY_NAME then
    return vim.str_utfindex(line, encoding, byte, false)
  end
  local wide, narrow = vim.str_utfindex(line, byte)
  return encoding == 'utf-16' and narrow or wide
end

--- The position of a row and byte column of a buffer.
---@param bufnr integer
---@param row integer from 0
---@param column integer in bytes, from 0
---@param encoding string
---@return lsp.Position
function M.position(bufnr, row, column, encoding)
  local line = api.nvim_buf_get_lines(bufnr, row, row + 1, false)[1] or ''
  return { line = row, character = M.units_before(line, column, encoding) }
end

--- A position in another encoding.
---@param bufnr integer
---@param position lsp.Position
---@param from string
---@param to string
---@return lsp.Position
function M.reencoded(bufnr, position, from, to)
  if from == to or not api.nvim_buf_is_loaded(bufnr) then
    return { line = position.line, character = position.character }
  end
  local line = api.nvim_buf_get_lines(bufnr, position.line, position.line + 1, false)[1] or ''
  local byte = M.byte_of(line, position.character, from)
  return { line = position.line, character = M.units_before(line, byte, to) }
end

--- The text after some edits of LSP, none of which overlap; nil when they do not fit it.
---@param text string
---@param edits lsp.TextEdit[]
---@param encoding string
---@return string?
function M.edited(text, edits, encoding)
  local starts = M.line_starts(text)
  local function offset(position)
    local start = starts[position.line + 1]
    if not start then
      return #text
    end
    local line = text:sub(start + 1, starts[position.line + 2] or #text)
    return start + M.byte_of((line:gsub('[\r\n]+$', '')), position.character, encoding)
  end
  local changes = {}
  for index, edit in ipairs(edits) do
    local from, to = offset(edit.range.start), offset(edit.range['end'])
    changes[index] =
      { from = math.min(from, to), to = math.max(from, to), text = edit.newText, index = index }
  end
  table.sort(changes, function(a, b)
    if a.from ~= b.from then
      return a.from < b.from
    end
    return a.index < b.index
  end)
  local parts, at = {}, 0
  for _, change in ipairs(changes) do
    if change.from < at then
      return nil
    end
    parts[#parts + 1] = text:sub(at + 1, change.from)
    parts[#parts + 1] = change.text
    at = change.to
  end
  parts[#parts + 1] = text:sub(at + 1)
  return table.concat(parts)
end

--- A text as lines of a buffer with this line end, and whether its last line is ended.
---@param text string
---@param ending string
---@return string[] lines
---@return boolean ended
function M.lines(text, ending)
  local lines = vim.split(text, ending, { plain = true })
  if ending == '\r\n' then -- a lone line feed in a dos file is a line end for Neovim, too
    lines = vim.split((text:gsub('\r\n', '\n')), '\n', { plain = true })
  end
  local ended = #lines > 1 and lines[#lines] == ''
  if ended then
    table.remove(lines)
  end
  return lines, ended
end

return M
