--- All that this Neovim has of cass: the folders it works in, and what it does when files are opened.
local Documents = require('cass.documents')
local Workspace = require('cass.workspace')
local config = require('cass.config')
local context = require('cass.context')

local api = vim.api

---@class cass.App
---@field config cass.Config
---@field problems string[] what is wrong with the configuration
---@field private workspaces table<string, cass.Workspace>
---@field private documents cass.Documents
local App = {}
App.__index = App

local NEVER = { gitcommit = true, gitrebase = true, hgcommit = true }

---@param given? table
---@return cass.App
function App.new(given)
  local made, problems = config.make(given)
  local group = api.nvim_create_augroup('cass', { clear = true })
  local self = setmetatable({ config = made, problems = problems, workspaces = {} }, App)
  self.documents = Documents.new(group)
  require('cass.highlights').define()
  api.nvim_create_autocmd('ColorScheme', { group = group, callback = require('cass.highlights').define })
  api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile', 'BufFilePost', 'BufWritePost' }, {
    group = group,
    callback = function(event) self:opened(event.buf) end,
  })
  if #problems > 0 then
    vim.notify(
      'cass: setup(): ' .. table.concat(problems, '; ') .. '. The defaults are used.',
      vim.log.levels.WARN
    )
  end
  for _, bufnr in ipairs(api.nvim_list_bufs()) do
    self:opened(bufnr)
  end
  return self
end

--- The folder that a buffer belongs to.
---@param bufnr integer
---@return string
function App:root_of(bufnr)
  local own = vim.b[bufnr].cass_root
  if own then
    return own
  end
  local here = vim.uv.cwd() or '/'
  local path = context.is_file(bufnr) and api.nvim_buf_get_name(bufnr) or nil
  local marked = vim.fs.root(path or here, self.config.root_markers)
  if marked and marked ~= vim.uv.os_homedir() then
    return vim.uv.fs_realpath(marked) or marked
  end
  if path and not vim.startswith(path, here .. '/') then
    return vim.uv.fs_realpath(vim.fs.dirname(path)) or vim.fs.dirname(path)
  end
  return vim.uv.fs_realpath(here) or here
end

--- The workspace of a buffer, if there is one yet.
---@param bufnr integer
---@return cass.Workspace?
function App:existing(bufnr) return self.workspaces[self:root_of(bufnr)] end

--- The workspace of a buffer.
---@param bufnr integer
---@return cass.Workspace
function App:workspace(bufnr)
  local root = self:root_of(bufnr)
  if not self.workspaces[root] then
    self.workspaces[root] = Workspace.new(root, self.config, self.documents)
  end
  return self.workspaces[root]
end

--- A file was opened, or a buffer became one. The server is started a moment later, so that starting Neovim takes no
--- longer for it.
---@private
---@param bufnr integer
function App:opened(bufnr)
  if not context.is_file(bufnr) or NEVER[vim.bo[bufnr].filetype] then
    return
  end
  local existing = self:existing(bufnr)
  if existing then
    return existing:attach(bufnr)
  end
  if not self.config.autostart or not require('cass.server').find(self.config) then
    return
  end
  vim.defer_fn(function()
    if context.is_file(bufnr) then
      local workspace = self:workspace(bufnr)
      workspace.server:when_ready(function() workspace:attach(bufnr) end)
    end
  end, 100)
end

--- Give way to another configuration: end the servers and close the chats.
function App:close()
  for _, workspace in pairs(self.workspaces) do
    workspace:close()
  end
  self.workspaces = {}
end

---@return cass.Workspace[]
function App:all() return vim.tbl_values(self.workspaces) end

return App
