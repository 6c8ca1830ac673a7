--- `workspace/applyEdit` as cass needs it: never on a version that is not the present one, exact to the byte, and one
--- undo step of its own that is not mixed with what the user types.
local text = require('cass.text')

local api = vim.api
local M = {}

--- End the undo step that is open.
---@param bufnr integer
local function close_undo_step(bufnr)
  api.nvim_buf_call(bufnr, function() vim.cmd('let &l:undolevels = &l:undolevels') end)
end

--- After a change under the user's hands, let the next key begin an undo step: insert mode remembers what it saved.
---@param bufnr integer
local function keep_typing_apart(bufnr)
  if api.nvim_get_current_buf() == bufnr and api.nvim_get_mode().mode:sub(1, 1) == 'i' then
    api.nvim_feedkeys(api.nvim_replace_termcodes('<C-g>u', true, false, true), 'ni', false)
  end
end

--- Put lines in the place of others, only where they differ, from the end to the beginning, so that cursor, marks and
--- folds elsewhere stay.
---@param bufnr integer
---@param new string[]
local function replace_lines(bufnr, new)
  local old = api.nvim_buf_get_lines(bufnr, 0, -1, true)
  local options = { result_type = 'indices', algorithm = 'histogram' }
  local diff = vim.text and vim.text.diff or vim.diff
  local hunks = diff(table.concat(old, '\n') .. '\n', table.concat(new, '\n') .. '\n', options)
  ---@cast hunks integer[][]
  for index = #hunks, 1, -1 do
    local old_start, old_count, new_start, new_count = unpack(hunks[index])
    local from = old_count == 0 and old_start or old_start - 1
    local first = new_count == 0 and 1 or new_start
    local lines = vim.list_slice(new, first, first + new_count - 1)
    api.nvim_buf_set_lines(bufnr, from, from + old_count, true, lines)
  end
end

--- Make the buffer's text this one. The server is told of it whole when the end of the last line changed, which
--- Neovim does not tell.
---@param client vim.lsp.Client
---@param bufnr integer
---@param wanted string
function M.write(client, bufnr, wanted)
  local lines, ended = text.lines(wanted, text.ending(bufnr))
  local before = text.ends_line(bufnr)
  close_undo_step(bufnr)
  replace_lines(bufnr, lines)
  close_undo_step(bufnr)
  keep_typing_apart(bufnr)
  if wanted ~= '' and ended ~= before then
    vim.bo[bufnr].eol = ended
    vim.bo[bufnr].fixeol = ended
    local document = { uri = vim.uri_from_bufnr(bufnr), version = api.nvim_buf_get_changedtick(bufnr) }
    local changes = { { text = text.of(bufnr) } }
    require('cass.wire').notify(
      client,
      'textDocument/didChange',
      { textDocument = document, contentChanges = changes }
    )
  end
end

---@param client vim.lsp.Client
---@param change lsp.TextDocumentEdit
---@return string? problem
local function apply_one(client, change)
  local bufnr = vim.uri_to_bufnr(change.textDocument.uri)
  if not api.nvim_buf_is_loaded(bufnr) then
    vim.fn.bufload(bufnr)
  end
  local name = vim.fn.fnamemodify(api.nvim_buf_get_name(bufnr), ':~:.')
  local version = change.textDocument.version
  local present = vim.lsp.util.buf_versions[bufnr]
  if type(version) == 'number' and present and present ~= version then
    return ('%s was edited meanwhile (version %d, not %d)'):format(name, present, version)
  end
  if not vim.bo[bufnr].modifiable then
    return name .. ' cannot be changed here (nomodifiable)'
  end
  local wanted = text.edited(text.of(bufnr), change.edits, client.offset_encoding)
  if not wanted then
    return 'the changes to ' .. name .. ' overlap'
  end
  M.write(client, bufnr, wanted)
end

---@param edit lsp.WorkspaceEdit
---@return table[]
local function changes_of(edit)
  if edit.documentChanges then
    return edit.documentChanges
  end
  local changes = {}
  for uri, edits in pairs(edit.changes or {}) do
    changes[#changes + 1] = { textDocument = { uri = uri }, edits = edits }
  end
  return changes
end

--- The handler.
---@type lsp.Handler
function M.handle(_, params, ctx)
  local client = assert(vim.lsp.get_client_by_id(ctx.client_id))
  for number, change in ipairs(changes_of(params.edit)) do
    local done, problem
    if change.kind then
      local whole = { documentChanges = { change } }
      done, problem = pcall(vim.lsp.util.apply_workspace_edit, whole, client.offset_encoding)
      problem = not done and problem or nil
    else
      problem = select(2, pcall(apply_one, client, change))
    end
    if problem then
      return { applied = false, failureReason = tostring(problem), failedChange = number - 1 }
    end
  end
  return { applied = true }
end

return M
