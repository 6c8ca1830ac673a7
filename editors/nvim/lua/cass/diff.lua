--- A file's changes as two texts side by side, in a tab of their own.
local text = require('cass.text')

local api = vim.api
local M = {}

--- A text with its hunks exchanged: the proposed ones made, or the made ones taken back.
---@param present string
---@param hunks cass.Hunk[]
---@param kind 'proposed'|'made'
---@return string
function M.exchanged(present, hunks, kind)
  local starts = text.line_starts(present)
  local parts, at = {}, 0
  for _, hunk in ipairs(hunks) do
    if hunk.kind == kind then
      local from = starts[hunk.line] or #present
      local to = starts[hunk.line + hunk.lines] or #present
      parts[#parts + 1] = present:sub(at + 1, from)
      parts[#parts + 1] = kind == 'proposed' and hunk.newText or hunk.oldText
      at = to
    end
  end
  parts[#parts + 1] = present:sub(at + 1)
  return table.concat(parts)
end

---@param name string
---@param content string
---@param filetype string
---@return integer
local function scratch(name, content, filetype)
  local bufnr = api.nvim_create_buf(false, true)
  local lines = text.lines((content:gsub('\r\n', '\n')), '\n')
  api.nvim_buf_set_lines(bufnr, 0, -1, true, lines)
  pcall(api.nvim_buf_set_name, bufnr, name)
  vim.bo[bufnr].bufhidden = 'wipe'
  vim.bo[bufnr].modifiable = false
  vim.bo[bufnr].filetype = filetype
  return bufnr
end

---@param file cass.ReviewFile
---@param kind string
---@return boolean
local function has(file, kind)
  return vim.iter(file.hunks):any(function(hunk) return hunk.kind == kind end)
end

--- Show a file before and after. The side that is the file as it stands now is its own buffer.
---@param workspace cass.Workspace
---@param file cass.ReviewFile
function M.open(workspace, file)
  local path = vim.uri_to_fname(file.uri)
  local exists = vim.uv.fs_stat(path) ~= nil or vim.fn.bufloaded(path) == 1
  local own = exists and vim.fn.bufadd(path) or nil
  if own then
    vim.fn.bufload(own)
  end
  local present = own and text.of(own) or ''
  local filetype = own and vim.bo[own].filetype or vim.filetype.match({ filename = path }) or ''
  local id = vim.uv.hrtime()
  local before, after = own, own
  if has(file, 'made') or not own then
    before = scratch(
      ('cass://%d/before/%s'):format(id, vim.fs.basename(path)),
      M.exchanged(present, file.hunks, 'made'),
      filetype
    )
  end
  if has(file, 'proposed') then
    after = scratch(
      ('cass://%d/proposed/%s'):format(id, vim.fs.basename(path)),
      M.exchanged(present, file.hunks, 'proposed'),
      filetype
    )
  end
  vim.cmd('tab split')
  for index, bufnr in ipairs({ before or after, after }) do
    if index == 2 then
      vim.cmd('rightbelow vsplit')
    end
    api.nvim_win_set_buf(0, bufnr)
    vim.cmd.diffthis()
    if bufnr ~= own then
      vim.b[bufnr].cass_root = workspace.root
      vim.keymap.set('n', 'q', '<Cmd>tabclose<CR>', { buffer = bufnr, desc = 'cass: close the comparison' })
    end
  end
end

return M
