--- One folder with all that belongs to it: its server, its session, the chat, what waits for the user.
local Asks = require('cass.asks')
local Chat = require('cass.chat')
local Review = require('cass.review')
local Server = require('cass.server')
local Session = require('cass.session')
local context = require('cass.context')
local wire = require('cass.wire')

local api = vim.api

---@class cass.Workspace
---@field root string
---@field config cass.Config
---@field server cass.Server
---@field session cass.Session
---@field asks cass.Asks
---@field review cass.Review
---@field chat cass.Chat
---@field completion cass.Completion
---@field private documents cass.Documents
local Workspace = {}
Workspace.__index = Workspace

---@param root string
---@param config cass.Config
---@param documents cass.Documents
---@return cass.Workspace
function Workspace.new(root, config, documents)
  local self = setmetatable({ root = root, config = config, documents = documents }, Workspace)
  self.server = Server.new(root, config, {
    handlers = self:handlers(),
    started = function() self:started() end,
    ended = function(text, again)
      self.session:lost(again)
      self.session:notice('warning', text)
      vim.notify('cass: ' .. text, vim.log.levels.WARN)
    end,
  })
  self.session = Session.new(self.server, root)
  self.review = Review.new(self)
  self.session:listen(function(update)
    if update.sessionUpdate == 'tool_call_update' and update.exitCode then -- a command ran: files may be others now
      documents:reload({ uris = vim.tbl_map(vim.uri_from_bufnr, context.open_files(root)) })
    end
  end)
  self.asks = Asks.new(self.session, config, function() self:redraw() end)
  self.chat = Chat.new(self)
  self.completion = require('cass.completion').new(self)
  return self
end

---@private
---@return table<string, lsp.Handler>
function Workspace:handlers()
  local ide = require('cass.ide')
  local handlers = {
    ['cass/session/update'] = function(_, params) self.session:update(params) end,
    ['cass/session/requestPermission'] = wire.later(function(params, answer)
      self.asks:put('permission', params, answer)
      if (params.subject or {}).type == 'edit' then
        self.review:refresh()
      end
    end),
    ['cass/elicitation/create'] = wire.later(
      function(params, answer) self.asks:put('elicitation', params, answer) end
    ),
    ['cass/elicitation/complete'] = function(_, params) self.asks:complete(params.elicitationId) end,
    ['cass/document/save'] = function(_, params) return self.documents:save(params) end,
    ['cass/document/reload'] = function(_, params) self.documents:reload(params) end,
    ['cass/ide/context'] = function()
      return context.for_server(self.root, self.server.client.offset_encoding)
    end,
    ['workspace/applyEdit'] = function(...) return require('cass.edits').handle(...) end,
    ['$/cancelRequest'] = function() end, -- what is withdrawn is seen in the session's updates
  }
  return vim.tbl_extend('error', handlers, ide.handlers())
end

---@private
function Workspace:started()
  for _, bufnr in ipairs(context.open_files(self.root)) do
    self:attach(bufnr)
  end
  if self.session.id then
    self.session:resume(self.session.id, function() self.review:refresh() end, false)
  end
  self.completion:refresh()
  self:redraw()
end

--- Have the server see a buffer.
---@param bufnr integer
function Workspace:attach(bufnr)
  if self.server.ready and context.is_file(bufnr) then
    vim.lsp.buf_attach_client(bufnr, self.server.client.id)
    self.review:draw(bufnr)
  end
end

--- Say something to cass, with what it mentions and what the user looks at.
---@param words string
---@param more? table[] further blocks
---@param how? 'steer'|'queue'
function Workspace:say(words, more, how)
  local blocks = words:sub(1, 1) == '/' and { { type = 'text', text = words } }
    or context.blocks(words, self.root)
  vim.list_extend(blocks, more or {})
  how = how or self.config.prompt.while_running
  self.session:prompt(blocks, words:sub(1, 1) ~= '/' and context.for_prompt(self.root) or nil, how)
end

--- End the server, and take the chat away.
function Workspace:close()
  self.server:stop()
  self.chat:close()
  for _, bufnr in ipairs({ self.chat.transcript.bufnr, self.chat.prompt.bufnr }) do
    pcall(api.nvim_buf_delete, bufnr, { force = true })
  end
end

--- Show anew what depends on the session: the bar, the status line.
function Workspace:redraw()
  if self.chat then
    self.chat:redraw_bar()
  end
  vim.cmd.redrawstatus()
  api.nvim_exec_autocmds('User', { pattern = 'CassChanged', modeline = false })
end

return Workspace
