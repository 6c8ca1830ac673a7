--- What the keys and commands of a review do, with the questions that belong to them.
local api = vim.api
local M = {}

---@param workspace cass.Workspace
---@return cass.ReviewFile?
---@return cass.Hunk?
local function here(workspace)
  local file, hunk = workspace.review:here()
  if not hunk then
    vim.notify('cass: there is no change of cass in this buffer. :CassReview lists all.')
  end
  return file, hunk
end

--- Accept what is proposed, keep what is made.
---@param workspace cass.Workspace
function M.keep(workspace)
  local file, hunk = here(workspace)
  if file and hunk then
    workspace.review:resolve('keep', file, { hunk })
  end
end

--- Refuse what is proposed (the reason is told to the model; an empty one is none), take back what is made.
---@param workspace cass.Workspace
---@param reason? string
function M.revert(workspace, reason)
  local file, hunk = here(workspace)
  if not file or not hunk then
    return
  end
  if hunk.kind == 'made' or reason then
    return workspace.review:resolve('revert', file, { hunk }, { comment = reason })
  end
  vim.ui.input({ prompt = 'Why not? The model is told: ' }, function(given)
    if given then
      workspace.review:resolve('revert', file, { hunk }, { comment = given ~= '' and given or nil })
    end
  end)
end

--- Tell the model something about a hunk; nothing is decided.
---@param workspace cass.Workspace
---@param comment? string
function M.comment(workspace, comment)
  local file, hunk = here(workspace)
  if not file or not hunk then
    return
  end
  if comment then
    return workspace.review:resolve('comment', file, { hunk }, { comment = comment })
  end
  vim.ui.input({ prompt = 'Tell cass about this change: ' }, function(given)
    if given and given ~= '' then
      workspace.review:resolve('comment', file, { hunk }, { comment = given })
    end
  end)
end

--- Write the hunk's new text yourself: in a window below, taken with `:w`, left with `:q!`.
---@param workspace cass.Workspace
function M.amend(workspace)
  local file, hunk = here(workspace)
  if not file or not hunk then
    return
  end
  local filetype = vim.bo.filetype
  local bufnr = api.nvim_create_buf(false, true)
  local text = require('cass.text')
  local ending = hunk.newText:find('\r\n') and '\r\n' or '\n'
  local lines = text.lines((hunk.newText:gsub('\r\n', '\n')), '\n')
  api.nvim_buf_set_name(bufnr, ('cass://amend/%s/%s'):format(hunk.hunkId, vim.fs.basename(file.path)))
  vim.bo[bufnr].buftype, vim.bo[bufnr].bufhidden = 'acwrite', 'wipe'
  api.nvim_buf_set_lines(bufnr, 0, -1, true, lines)
  vim.bo[bufnr].filetype, vim.bo[bufnr].modified = filetype, false
  vim.b[bufnr].cass_root = workspace.root
  vim.cmd(('belowright %dsplit'):format(math.min(#lines + 2, 20)))
  local window = api.nvim_get_current_win()
  api.nvim_win_set_buf(window, bufnr)
  api.nvim_set_option_value(
    'winbar',
    'cass: write the change as you want it; :w takes it, :q! leaves it',
    { win = window, scope = 'local' }
  )
  api.nvim_create_autocmd('BufWriteCmd', {
    buffer = bufnr,
    callback = function()
      local new = table.concat(api.nvim_buf_get_lines(bufnr, 0, -1, true), ending) .. ending
      if api.nvim_buf_line_count(bufnr) == 1 and new == ending then
        new = ''
      end
      vim.bo[bufnr].modified = false
      workspace.review:resolve('amend', file, { hunk }, { text = new })
      vim.schedule(function()
        if api.nvim_win_is_valid(window) then
          api.nvim_win_close(window, true)
        end
      end)
    end,
  })
end

--- Keep or refuse all changes of this file, or all of the session.
---@param workspace cass.Workspace
---@param action 'keep'|'revert'
---@param everything boolean
function M.all(workspace, action, everything)
  local file = workspace.review:file_of(api.nvim_get_current_buf())
  if workspace.review:count() == 0 then
    return vim.notify('cass: there is nothing to review.')
  end
  if not everything and not file then
    return vim.notify('cass: there is no change of cass in this buffer. With ! it is about all files.')
  end
  workspace.review:resolve(action, not everything and file or nil)
end

--- Compare: the current file, else the only one with changes, else one that is chosen.
---@param workspace cass.Workspace
---@param path? string
function M.diff(workspace, path)
  local review = workspace.review
  local file = review:file_of(api.nvim_get_current_buf())
  if path and path ~= '' then
    local wanted = vim.fn.fnamemodify(path, ':p')
    file = vim
      .iter(review.files)
      :find(function(one) return one.path == wanted or vim.uri_to_fname(one.uri) == wanted end)
  end
  file = file or (#review.files == 1 and review.files[1] or nil)
  if file then
    return require('cass.diff').open(workspace, file)
  end
  if #review.files == 0 or path then
    return vim.notify('cass: there is nothing to review' .. (path and ' in ' .. path or '') .. '.')
  end
  local options = { prompt = 'Which file?', format_item = function(one) return one.path end }
  vim.ui.select(review.files, options, function(chosen)
    if chosen then
      require('cass.diff').open(workspace, chosen)
    end
  end)
end

return M
