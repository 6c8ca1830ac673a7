--- cass in Neovim: what users and their configuration call.
local M = {}

-- Neovim has one of us; this is the only place that holds it.
local app ---@type cass.App?

---@return cass.App
local function the_app()
  app = app or require('cass.app').new(vim.g.cass)
  return app
end

--- Configure cass. Without a call everything is as in the defaults, or as in the table vim.g.cass.
---@param options? table see |cass-options|
function M.setup(options)
  if app then
    app:close()
  end
  app = require('cass.app').new(options or vim.g.cass)
end

--- Begin to watch for files; called once Neovim is up.
function M.start() the_app() end

--- The workspace of the current buffer, made if need be.
---@return cass.Workspace
function M.workspace() return the_app():workspace(vim.api.nvim_get_current_buf()) end

--- The workspace of a buffer, if there is one.
---@param bufnr integer
---@return cass.Workspace?
function M.workspace_of(bufnr) return app and app:existing(bufnr) end

--- One line for the status line; empty while cass does not run.
---@return string
function M.statusline() return require('cass.statusline').line(M.workspace_of(vim.api.nvim_get_current_buf())) end

--- All workspaces, and what is wrong with the configuration: for |:checkhealth|.
---@return cass.App
function M.app() return the_app() end

return M
