--- A buffer of blocks that grow at their end: text is only ever appended, a few dozen times a second at most.
local api = vim.api

---@class cass.Block
---@field id string
---@field rows integer lines in the buffer, the empty one before it included
---@field prefix string stands before every line of its body
---@field group? string highlight of the body
---@field head integer lines before the body
---@field mark? integer
---@field text string[] pieces of the body that are shown or pending
---@field pending string[]

---@class cass.Transcript
---@field bufnr integer
---@field private blocks cass.Block[]
---@field private by_id table<string, cass.Block>
---@field private dirty table<cass.Block, true>
---@field private scheduled boolean
---@field private interval integer milliseconds between two redraws
---@field private drawn integer when it was drawn last
---@field flushes integer how often it was drawn: a measure for tests and for :checkhealth
local Transcript = {}
Transcript.__index = Transcript

local namespace = api.nvim_create_namespace('cass.transcript')
local faded = api.nvim_create_namespace('cass.transcript.faded')

--- Lines up to which treesitter highlights: it looks at every paragraph again with each piece of text.
local TREESITTER_LINES = 500

---@param name string
---@param max_fps integer
---@return cass.Transcript
function Transcript.new(name, max_fps)
  local bufnr = api.nvim_create_buf(false, true)
  api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].bufhidden = 'hide'
  vim.bo[bufnr].undolevels = -1
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = 'cass'
  local interval = math.floor(1000 / math.max(1, max_fps))
  local self = setmetatable({ bufnr = bufnr, interval = interval, drawn = 0, flushes = 0 }, Transcript)
  self:clear()
  return self
end

--- Forget everything.
function Transcript:clear()
  self.blocks, self.by_id, self.dirty = {}, {}, {}
  api.nvim_buf_clear_namespace(self.bufnr, faded, 0, -1)
  self:write(0, -1, {})
end

---@param text string
---@return string[]
local function lines_of(text) return vim.split((text:gsub('\r\n', '\n')), '\n', { plain = true }) end

---@private
---@param from integer
---@param to integer
---@param lines string[]
function Transcript:write(from, to, lines)
  if not api.nvim_buf_is_valid(self.bufnr) then
    return
  end
  vim.bo[self.bufnr].modifiable = true
  api.nvim_buf_set_lines(self.bufnr, from, to, false, lines)
  vim.bo[self.bufnr].modifiable = false
end

--- Where a block begins. Blocks that change stand near the end, so it is looked for from there.
---@private
---@param block cass.Block
---@return integer row
---@return integer index
function Transcript:place(block)
  local row = api.nvim_buf_line_count(self.bufnr)
  for index = #self.blocks, 1, -1 do
    row = row - self.blocks[index].rows
    if self.blocks[index] == block then
      return row, index
    end
  end
  error('cass: a block is not in its transcript')
end

---@param id string
---@return boolean
function Transcript:has(id) return self.by_id[id] ~= nil end

--- Add a block at the end. `head` are its first lines as they are, `body` grows later.
---@param id string
---@param head string[]
---@param options? { prefix?: string, group?: string, head_group?: string, tight?: boolean }
function Transcript:add(id, head, options)
  options = options or {}
  local follow = self:following()
  local lines = {}
  if #self.blocks > 0 and not options.tight then
    lines[1] = ''
  end
  local blank = #lines
  vim.list_extend(lines, head)
  local at = #self.blocks == 0 and 0 or api.nvim_buf_line_count(self.bufnr)
  self:write(at, -1, lines)
  local block = {
    id = id,
    rows = #lines,
    head = #lines,
    prefix = options.prefix or '',
    group = options.group,
    text = {},
    pending = {},
  }
  self.blocks[#self.blocks + 1] = block
  self.by_id[id] = block
  if options.head_group and #head > 0 then
    api.nvim_buf_set_extmark(self.bufnr, namespace, at + blank, 0, {
      end_row = at + blank,
      end_col = #head[1],
      hl_group = options.head_group,
    })
  end
  self:follow(follow)
end

--- Append text to a block; it is drawn with the next redraw.
---@param id string
---@param text string
function Transcript:append(id, text)
  local block = self.by_id[id]
  if not block or text == '' then
    return
  end
  table.insert(block.pending, text)
  self.dirty[block] = true
  if self.scheduled then
    return
  end
  self.scheduled = true
  local pause = math.max(0, self.interval - (vim.uv.now() - self.drawn))
  vim.defer_fn(function()
    self.scheduled = false
    self:flush()
  end, pause)
end

--- Draw what is pending.
function Transcript:flush()
  if not api.nvim_buf_is_valid(self.bufnr) or next(self.dirty) == nil then
    return
  end
  local follow = self:following()
  vim.bo[self.bufnr].modifiable = true
  for block in pairs(self.dirty) do
    self:draw(block)
  end
  vim.bo[self.bufnr].modifiable = false
  self.dirty = {}
  if api.nvim_buf_line_count(self.bufnr) > TREESITTER_LINES and vim.bo[self.bufnr].syntax == '' then
    pcall(vim.treesitter.stop, self.bufnr)
    vim.bo[self.bufnr].syntax = 'markdown'
  end
  self.drawn = vim.uv.now()
  self.flushes = self.flushes + 1
  self:follow(follow)
end

---@private
---@param block cass.Block
function Transcript:draw(block)
  local new, kept = table.concat(block.pending):match('^(.-)(\n*)$') -- line ends show once something follows them
  block.pending = { kept ~= '' and kept or nil }
  if new == '' then
    return
  end
  local row = self:place(block) + block.rows - 1
  local lines = lines_of(new)
  for index = 2, #lines do
    lines[index] = block.prefix .. lines[index]
  end
  if #block.text == 0 then -- the body begins on a line of its own
    lines[1] = block.prefix .. lines[1]
    api.nvim_buf_set_lines(self.bufnr, row + 1, row + 1, false, lines)
    block.rows = block.rows + #lines
  else
    local last = api.nvim_buf_get_lines(self.bufnr, row, row + 1, true)[1]
    api.nvim_buf_set_text(self.bufnr, row, #last, row, #last, lines)
    block.rows = block.rows + #lines - 1
  end
  table.insert(block.text, new)
  self:paint(block)
end

--- Give the whole body its highlight: one mark that is stretched as it grows.
---@private
---@param block cass.Block
function Transcript:paint(block)
  if not block.group then
    return
  end
  local row = self:place(block)
  local options = {
    id = block.mark,
    end_row = row + block.rows,
    end_col = 0,
    hl_group = block.group,
    hl_eol = true,
    strict = false,
  }
  block.mark = api.nvim_buf_set_extmark(self.bufnr, namespace, row + block.head, 0, options)
end

--- All that a block's body holds, drawn or pending.
---@param id string
---@return string
function Transcript:body(id)
  local block = self.by_id[id]
  return block and table.concat(block.text) .. table.concat(block.pending) or ''
end

--- Write a block anew. `groups` gives single lines of it a highlight, by their number in `lines`.
---@param id string
---@param lines string[]
---@param groups? table<integer, string>
function Transcript:replace(id, lines, groups)
  local block = self.by_id[id]
  if not block then
    return
  end
  self:flush()
  local follow = self:following()
  local row, index = self:place(block)
  local blank = (index > 1 and api.nvim_buf_get_lines(self.bufnr, row, row + 1, true)[1] == '') and 1 or 0
  local clean = {}
  for number, line in ipairs(lines) do
    clean[number] = line:gsub('[\r\n]', ' ')
  end
  api.nvim_buf_clear_namespace(self.bufnr, namespace, row + blank, row + block.rows)
  self:write(row + blank, row + block.rows, clean)
  block.rows = blank + #clean
  block.text, block.pending = {}, {}
  for number, group in pairs(groups or {}) do
    local at = row + blank + number - 1
    local options = { end_row = at + 1, end_col = 0, hl_group = group, hl_eol = true, strict = false }
    api.nvim_buf_set_extmark(self.bufnr, namespace, at, 0, options)
  end
  self:follow(follow)
end

--- Take a block out.
---@param id string
function Transcript:remove(id)
  local block = self.by_id[id]
  if not block then
    return
  end
  local row, index = self:place(block)
  self:write(row, row + block.rows, {})
  table.remove(self.blocks, index)
  self.by_id[id], self.dirty[block] = nil, nil
end

--- Show a block and all after it as what does not count any more.
---@param id? string
---@return integer? mark that `restore` takes
function Transcript:fade(id)
  local block = id and self.by_id[id]
  if not block then
    return nil
  end
  self:flush()
  local last = api.nvim_buf_line_count(self.bufnr)
  local options = { end_row = last, end_col = 0, hl_group = 'CassGone', hl_eol = true, strict = false, priority = 250 }
  return api.nvim_buf_set_extmark(self.bufnr, faded, self:place(block), 0, options)
end

--- It counts again.
---@param mark integer
function Transcript:restore(mark) api.nvim_buf_del_extmark(self.bufnr, faded, mark) end

--- The block that a line belongs to.
---@param line integer from 1
---@return string?
function Transcript:at(line)
  local row = api.nvim_buf_line_count(self.bufnr)
  for index = #self.blocks, 1, -1 do
    row = row - self.blocks[index].rows
    if line > row then
      return self.blocks[index].id
    end
  end
end

--- The windows that stand at the end and shall go on standing there.
---@private
---@return integer[]
function Transcript:following()
  local last = api.nvim_buf_line_count(self.bufnr)
  return vim.tbl_filter(
    function(window) return api.nvim_win_get_cursor(window)[1] >= last end,
    vim.fn.win_findbuf(self.bufnr)
  )
end

---@private
---@param windows integer[]
function Transcript:follow(windows)
  local last = api.nvim_buf_line_count(self.bufnr)
  for _, window in ipairs(windows) do
    api.nvim_win_set_cursor(window, { last, 0 })
  end
end

return Transcript
