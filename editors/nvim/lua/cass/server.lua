--- One server process: found, started, watched, started again with pauses when it ends by itself.
local wire = require('cass.wire')

---@class cass.Server
---@field root string
---@field client? vim.lsp.Client
---@field ready boolean
---@field config cass.Config
---@field private waiting (fun(problem?: string))[]
---@field private failures integer
---@field private stopping boolean
---@field private pausing boolean before it is started again
---@field private hooks { handlers: table<string, lsp.Handler>, started: fun(), ended: fun(text: string, again: boolean) }
local Server = {}
Server.__index = Server

local MOST_RESTARTS = 5
local HEALTHY_MS = 60000

--- The command that starts the server, and where it was found; nil and how to mend it when there is none.
---@param config cass.Config
---@return string[]? cmd
---@return string where
function Server.find(config)
  local cmd, where = config.cmd, "setup()'s cmd"
  if not cmd and (vim.env.CASS_SERVER or '') ~= '' then
    cmd, where = vim.split(vim.env.CASS_SERVER, '%s+', { trimempty = true }), '$CASS_SERVER'
  end
  if not cmd then
    cmd, where = { 'cass', 'serve', '--stdio' }, 'PATH'
  end
  if vim.fn.executable(cmd[1]) == 1 then
    return cmd, where
  end
  local hint = 'Install cass ("pipx install cass"), or give its path as cmd in setup() or in $CASS_SERVER.'
  return nil, ('"%s" (from %s) cannot be run. %s'):format(cmd[1], where, hint)
end

--- What this editor can do, as the server is told.
---@return table
function Server.capabilities()
  local none = vim.empty_dict
  local capabilities = vim.lsp.protocol.make_client_capabilities()
  capabilities.textDocument.inlineCompletion = { dynamicRegistration = false }
  capabilities.experimental = capabilities.experimental or {}
  capabilities.experimental.cass = {
    protocolVersions = { 1 },
    permission = none(),
    elicitation = none(),
    commands = none(),
    review = none(),
    save = none(),
    reload = none(),
    ide = {
      diagnostics = none(),
      definition = none(),
      references = none(),
      documentSymbols = none(),
      workspaceSymbols = none(),
      rename = none(),
      context = none(),
    },
  }
  return capabilities
end

---@param root string
---@param config cass.Config
---@param hooks table `handlers` of the server's messages; `started` and `ended` are called when it was and did
---@return cass.Server
function Server.new(root, config, hooks)
  local fields = {
    root = root,
    config = config,
    hooks = hooks,
    waiting = {},
    failures = 0,
    ready = false,
    stopping = false,
    pausing = false,
  }
  return setmetatable(fields, Server)
end

--- Call back when the server can be talked to, or with what is wrong.
---@param callback fun(problem?: string)
function Server:when_ready(callback)
  if self.ready then
    return callback()
  end
  table.insert(self.waiting, callback)
  if not self.client and not self.pausing then
    self:start()
  end
end

---@private
---@param problem? string
function Server:tell(problem)
  local waiting = self.waiting
  self.waiting = {}
  for _, callback in ipairs(waiting) do
    callback(problem)
  end
end

---@private
function Server:start()
  local cmd, where = Server.find(self.config)
  if not cmd then
    return self:tell(where)
  end
  local began = vim.uv.now()
  local id, client
  id = wire.start({
    name = 'cass',
    cmd = cmd,
    root_dir = self.root,
    workspace_folders = { { uri = vim.uri_from_fname(self.root), name = self.root } },
    capabilities = Server.capabilities(),
    init_options = { settings = self.config.settings },
    flags = { allow_incremental_sync = true, debounce_text_changes = 10 },
    handlers = self.hooks.handlers,
    on_init = function(started)
      client = started
      self.client, self.ready = started, true
      self.hooks.started()
      self:tell()
    end,
    on_exit = function(code, signal, ended)
      vim.schedule(function() self:ended(ended, code, signal, vim.uv.now() - began) end)
    end,
  })
  self.client = client or (id and vim.lsp.get_client_by_id(id)) or nil
  if not id then
    self:tell('The server could not be started: ' .. table.concat(cmd, ' '))
  end
end

---@private
---@param id integer
---@param code integer
---@param signal integer
---@param lived integer milliseconds
function Server:ended(id, code, signal, lived)
  if not self.client or self.client.id ~= id then
    return
  end
  self.client, self.ready = nil, false
  if self.stopping or vim.v.exiting ~= vim.NIL then
    return self:tell('The server was stopped.')
  end
  self.failures = lived > HEALTHY_MS and 1 or self.failures + 1
  local how = signal ~= 0 and ('signal %d'):format(signal) or ('exit code %d'):format(code)
  local again = self.failures <= MOST_RESTARTS
  local pause = math.min(500 * 2 ^ (self.failures - 1), 8000)
  local next_step = again and ('It is started again in %.1f s.'):format(pause / 1000)
    or ':CassRestart starts it again; :checkhealth cass and '
      .. require('vim.lsp.log').get_filename()
      .. ' say more.'
  self.hooks.ended(('The server ended (%s). %s'):format(how, next_step), again)
  if not again then
    return self:tell(('The server ended (%s).'):format(how))
  end
  self.pausing = true
  vim.defer_fn(function()
    self.pausing = false
    if not self.client and not self.stopping then
      self:start()
    end
  end, pause)
end

--- Ask the server, started if need be. `callback` gets the error in words, or the result.
---@param method string
---@param params table
---@param callback? fun(problem?: string, result?: any, kind?: string)
---@param bufnr? integer
function Server:request(method, params, callback, bufnr)
  callback = callback or function() end
  params = next(params) ~= nil and params or vim.empty_dict() -- an empty table would go out as a list
  self:when_ready(function(problem)
    if problem then
      return callback(problem, nil, 'server')
    end
    wire.request(self.client, method, params, function(err, result)
      if not err then
        return callback(nil, result)
      end
      local data = type(err.data) == 'table' and err.data or {}
      local hint = data.hint and (' ' .. data.hint) or ''
      callback((err.message or 'it failed') .. hint, nil, data.kind or tostring(err.code))
    end, bufnr)
  end)
end

--- Tell the server, if it runs.
---@param method string
---@param params table
function Server:notify(method, params)
  if self.ready then
    wire.notify(self.client, method, params)
  end
end

--- Stop for good.
function Server:stop()
  self.stopping = true
  if self.client then
    wire.stop(self.client)
  end
end

--- Start afresh, whatever happened before.
function Server:restart()
  self.failures, self.stopping = 0, false
  if self.client then
    wire.stop(self.client)
  else
    self:start()
  end
end

return Server
