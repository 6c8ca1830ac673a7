--- Saving and reloading buffers for the server, without ever asking a question that stops the user's typing.
local api = vim.api

---@class cass.Documents
---@field private conflicts table<integer, true> buffers with unsaved changes whose file changed, too
local Documents = {}
Documents.__index = Documents

--- Watch for files that change under unsaved buffers: writing those would ask.
---@param group integer
---@return cass.Documents
function Documents.new(group)
  local self = setmetatable({ conflicts = {} }, Documents)
  api.nvim_create_autocmd('FileChangedShellPost', {
    group = group,
    callback = function(event) self.conflicts[event.buf] = vim.bo[event.buf].modified or nil end,
  })
  api.nvim_create_autocmd({ 'BufReadPost', 'BufWritePost', 'BufWipeout' }, {
    group = group,
    callback = function(event) self.conflicts[event.buf] = nil end,
  })
  return self
end

--- Whether the file of a buffer with unsaved changes is another one now.
---@private
---@param bufnr integer
---@return boolean
function Documents:conflicting(bufnr)
  if self.conflicts[bufnr] then
    return true
  end
  local watching = api.nvim_create_autocmd('FileChangedShell', {
    buffer = bufnr,
    callback = function()
      self.conflicts[bufnr] = true
      vim.v.fcs_choice = ''
    end,
  })
  pcall(vim.cmd.checktime, { args = { tostring(bufnr) }, mods = { silent = true } })
  api.nvim_del_autocmd(watching)
  return self.conflicts[bufnr] == true
end

---@private
---@param uri string
---@return string? problem
function Documents:save_one(uri)
  local bufnr = vim.fn.bufnr(vim.uri_to_fname(uri))
  if bufnr < 0 or not api.nvim_buf_is_loaded(bufnr) or not vim.bo[bufnr].modified then
    return nil
  end
  if vim.bo[bufnr].buftype ~= '' and vim.bo[bufnr].buftype ~= 'acwrite' then
    return 'it is no file'
  end
  if vim.bo[bufnr].readonly then
    return 'it is read-only'
  end
  if self:conflicting(bufnr) then
    return 'the file changed on disk while the buffer has unsaved changes'
  end
  local confirm = vim.o.confirm
  vim.o.confirm = false
  local ok, problem = pcall(
    api.nvim_buf_call,
    bufnr,
    function() vim.cmd.write({ mods = { silent = true } }) end
  )
  vim.o.confirm = confirm
  if not ok then
    return (tostring(problem):gsub('^.-(E%d+:)', '%1'))
  end
  return vim.bo[bufnr].modified and 'it still has unsaved changes' or nil
end

--- `cass/document/save`, with all that the user's own `:write` would run.
---@param params { uris: string[] }
---@return table
function Documents:save(params)
  local saved, failed = {}, {}
  for _, uri in ipairs(params.uris) do
    local problem = self:save_one(uri)
    if problem then
      failed[#failed + 1] = { uri = uri, message = problem }
    else
      saved[#saved + 1] = uri
    end
  end
  return { saved = saved, failed = failed }
end

--- `cass/document/reload`: buffers without unsaved changes take what is on disk; one undo step brings back the old.
---@param params { uris: string[] }
function Documents.reload(_, params)
  for _, uri in ipairs(params.uris) do
    local bufnr = vim.fn.bufnr(vim.uri_to_fname(uri))
    if bufnr >= 0 and api.nvim_buf_is_loaded(bufnr) and not vim.bo[bufnr].modified then
      api.nvim_buf_call(bufnr, function()
        vim.cmd('setlocal autoread')
        pcall(vim.cmd.checktime, { args = { tostring(bufnr) }, mods = { silent = true } })
        vim.cmd('setlocal autoread<')
      end)
    end
  end
end

return Documents
