--- Inline completion: whether it is on, and who shows it. Neovim 0.12 does by itself, older ones by `cass.ghost`.
local api = vim.api

---@class cass.Completion
---@field private workspace cass.Workspace
---@field private status table<string, { enabled: boolean, because: string, model?: string }> by filetype
---@field private ghost? cass.Ghost
---@field private built_in boolean
local Completion = {}
Completion.__index = Completion

---@param workspace cass.Workspace
---@return cass.Completion
function Completion.new(workspace)
  local built_in = vim.lsp.inline_completion ~= nil
  local self = setmetatable({ workspace = workspace, status = {}, built_in = built_in }, Completion)
  api.nvim_create_autocmd({ 'BufEnter', 'FileType', 'LspAttach' }, {
    group = api.nvim_create_augroup('cass.completion.' .. workspace.root, { clear = true }),
    callback = function(event)
      if workspace.server.ready and require('cass').workspace_of(event.buf) == workspace then
        self:look(event.buf)
      end
    end,
  })
  return self
end

--- Whether it is on for the current buffer's language.
---@return boolean
function Completion:enabled()
  local status = self.status[vim.bo.filetype]
  return status ~= nil and status.enabled
end

--- Learn anew what holds: the server started, or a setting was switched.
function Completion:refresh()
  self.status = {}
  for _, window in ipairs(api.nvim_list_wins()) do
    self:look(api.nvim_win_get_buf(window))
  end
end

---@private
---@param bufnr integer
function Completion:look(bufnr)
  local language = vim.bo[bufnr].filetype
  if not require('cass.context').is_file(bufnr) or not self.workspace.server.ready then
    return
  end
  if self.status[language] then
    return self:switch(bufnr)
  end
  self:ask('get', { languageId = language }, function(problem, status)
    if not problem then
      self.status[language] = status
      self:switch(bufnr)
      self.workspace:redraw()
    end
  end)
end

---@private
---@param what 'get'|'set'
---@param params table
---@param callback fun(problem?: string, status?: table)
function Completion:ask(what, params, callback)
  params.cwd, params.sessionId = self.workspace.root, self.workspace.session.id
  self.workspace.server:request('cass/completion/' .. what, params, callback)
end

--- Make the buffer as the status says.
---@private
---@param bufnr integer
function Completion:switch(bufnr)
  if not api.nvim_buf_is_valid(bufnr) then
    return
  end
  local status = self.status[vim.bo[bufnr].filetype]
  local on = status ~= nil and status.enabled
  if vim.b[bufnr].cass_completes == on then
    return
  end
  vim.b[bufnr].cass_completes = on
  if self.built_in then
    local client = self.workspace.server.client
    vim.lsp.inline_completion.enable(on, { bufnr = bufnr })
    if client and on and not vim.lsp.buf_is_attached(bufnr, client.id) then
      self.workspace:attach(bufnr)
    end
  else
    self.ghost = self.ghost or require('cass.ghost').new(self.workspace)
    self.ghost:enable(bufnr, on)
  end
  self:map(bufnr, on)
end

---@private
---@param bufnr integer
---@param on boolean
function Completion:map(bufnr, on)
  local keys = self.workspace.config.completion.keys
  if keys.accept then
    if on then
      vim.keymap.set(
        'i',
        keys.accept,
        function() return self:accept() and '' or keys.accept end,
        { buffer = bufnr, expr = true, replace_keycodes = true, desc = 'cass: take the completion' }
      )
    else
      pcall(vim.keymap.del, 'i', keys.accept, { buffer = bufnr })
    end
  end
  if keys.dismiss and not self.built_in then
    if on then
      vim.keymap.set(
        'i',
        keys.dismiss,
        function() self.ghost:dismiss() end,
        { buffer = bufnr, desc = 'cass: drop the completion' }
      )
    else
      pcall(vim.keymap.del, 'i', keys.dismiss, { buffer = bufnr })
    end
  end
end

--- Put the shown completion into the text.
---@return boolean whether there was one
function Completion:accept()
  if self.built_in then
    return vim.lsp.inline_completion.get()
  end
  return self.ghost ~= nil and self.ghost:accept()
end

--- Switch it, for all languages or for one, and remember that.
---@param enabled boolean
---@param scope 'user'|'project'|'session'
---@param language? string
function Completion:set(enabled, scope, language)
  local function switch()
    self:ask('set', { enabled = enabled, scope = scope, languageId = language }, function(problem)
      if problem then
        return vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
      end
      self:refresh()
      self:show()
    end)
  end
  if scope == 'session' then
    return self.workspace.session:open(function(problem)
      if problem then
        return vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
      end
      switch()
    end)
  end
  switch()
end

--- Say whether it is on, and why.
function Completion:show()
  self:ask('get', { languageId = vim.bo.filetype ~= '' and vim.bo.filetype or nil }, function(problem, status)
    if problem then
      return vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
    end
    local model = status.model and (' Model: %s.'):format(status.model) or ''
    vim.notify(
      ('cass: inline completion is %s: %s.%s'):format(status.enabled and 'on' or 'off', status.because, model)
    )
  end)
end

return Completion
