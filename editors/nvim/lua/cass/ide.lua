--- What the editor's own language servers know, for the model: asked of every other server of a buffer.
local text = require('cass.text')
local wire = require('cass.wire')

local api = vim.api
local M = {}

local QUIET_MS = 150
local ANSWER_MS = 5000

---@param ctx table
---@return string
local function our_encoding(ctx) return assert(vim.lsp.get_client_by_id(ctx.client_id)).offset_encoding end

---@param uri string
---@return integer
local function loaded(uri)
  local bufnr = vim.uri_to_bufnr(uri)
  if not api.nvim_buf_is_loaded(bufnr) then
    vim.fn.bufload(bufnr)
  end
  return bufnr
end

--- Servers but ours that know a method; those of a buffer, or of all buffers.
---@param ctx table
---@param method string
---@param bufnr? integer
---@return vim.lsp.Client[]
local function others(ctx, method, bufnr)
  return vim.tbl_filter(
    function(client) return client.id ~= ctx.client_id and client.name ~= 'cass' end,
    vim.lsp.get_clients({ bufnr = bufnr, method = method })
  )
end

--- Ask several servers at once; `done` gets what came in time, each with its client.
---@param clients vim.lsp.Client[]
---@param method string
---@param params_for fun(client: vim.lsp.Client): table
---@param bufnr? integer
---@param done fun(results: { client: vim.lsp.Client, result: any }[])
local function ask(clients, method, params_for, bufnr, done)
  local results, left, over = {}, #clients, false
  local function finish()
    if not over then
      over = true
      done(results)
    end
  end
  if left == 0 then
    return finish()
  end
  for _, client in ipairs(clients) do
    wire.request(client, method, params_for(client), function(_, result)
      if result ~= nil and result ~= vim.NIL then
        results[#results + 1] = { client = client, result = result }
      end
      left = left - 1
      if left == 0 then
        finish()
      end
    end, bufnr)
  end
  vim.defer_fn(finish, ANSWER_MS)
end

---@param uri string
---@param range lsp.Range
---@param from string
---@param to string
---@return lsp.Range
local function range_in(uri, range, from, to)
  local bufnr = vim.uri_to_bufnr(uri)
  return {
    start = text.reencoded(bufnr, range.start, from, to),
    ['end'] = text.reencoded(bufnr, range['end'], from, to),
  }
end

---@param bufnr integer
---@param found vim.Diagnostic
---@param encoding string
---@return table
local function diagnostic(bufnr, found, encoding)
  local last_row, last_column = found.end_lnum or found.lnum, found.end_col or found.col
  return {
    uri = vim.uri_from_bufnr(bufnr),
    range = {
      start = text.position(bufnr, found.lnum, found.col, encoding),
      ['end'] = text.position(bufnr, last_row, last_column, encoding),
    },
    message = found.message,
    severity = found.severity,
    source = found.source,
    code = found.code and tostring(found.code) or nil,
  }
end

---@param uris string[]
---@return integer[]
local function buffers(uris)
  if #uris == 0 then
    return vim.tbl_filter(api.nvim_buf_is_loaded, api.nvim_list_bufs())
  end
  return vim.tbl_filter(api.nvim_buf_is_loaded, vim.tbl_map(vim.uri_to_bufnr, uris))
end

--- When the diagnostics of these buffers have changed and then been quiet, or the time is over.
---@param wanted integer[]
---@param limit_ms integer
---@param done fun()
local function settled(wanted, limit_ms, done)
  local over, changes = false, 0
  local watching
  local function finish()
    if not over then
      over = true
      api.nvim_del_autocmd(watching)
      done()
    end
  end
  watching = api.nvim_create_autocmd('DiagnosticChanged', {
    callback = function(event)
      if not vim.list_contains(wanted, event.buf) then
        return
      end
      changes = changes + 1
      local seen = changes
      vim.defer_fn(function()
        if seen == changes then
          finish()
        end
      end, QUIET_MS)
    end,
  })
  vim.defer_fn(finish, limit_ms)
end

---@param method string
---@return lsp.Handler
local function locations(method)
  return wire.later(function(params, answer, ctx)
    local ours, bufnr = our_encoding(ctx), loaded(params.uri)
    local function params_for(client)
      local place = text.reencoded(bufnr, params.position, ours, client.offset_encoding)
      local context = method == 'textDocument/references' and { includeDeclaration = true } or nil
      return { textDocument = { uri = params.uri }, position = place, context = context }
    end
    ask(others(ctx, method, bufnr), method, params_for, bufnr, function(results)
      local found = {}
      for _, one in ipairs(results) do
        local list = vim.islist(one.result) and one.result or { one.result }
        for _, location in ipairs(list) do
          local uri = location.uri or location.targetUri
          local range = location.range or location.targetSelectionRange
          found[#found + 1] = { uri = uri, range = range_in(uri, range, one.client.offset_encoding, ours) }
        end
      end
      answer({ locations = found })
    end)
  end)
end

---@param kind integer
---@return string
local function kind_name(kind) return (vim.lsp.protocol.SymbolKind[kind] or 'symbol'):lower() end

---@param symbols table[]
---@param uri string
---@param container? string
---@param convert fun(uri: string, range: lsp.Range): lsp.Range
---@param into table[]
local function flatten(symbols, uri, container, convert, into)
  for _, symbol in ipairs(symbols) do
    local where = symbol.location and symbol.location.uri or uri
    local range = symbol.range or (symbol.location and symbol.location.range)
    if range then
      local parent = wire.value(symbol.containerName) or container
      local entry =
        { name = symbol.name, kind = kind_name(symbol.kind), uri = where, range = convert(where, range) }
      entry.container = parent ~= '' and parent or nil
      into[#into + 1] = entry
    end
    flatten(symbol.children or {}, uri, symbol.name, convert, into)
  end
end

---@param method string
---@return lsp.Handler
local function symbols(method)
  return wire.later(function(params, answer, ctx)
    local ours = our_encoding(ctx)
    local bufnr = params.uri and loaded(params.uri) or nil
    local function params_for()
      return params.uri and { textDocument = { uri = params.uri } } or { query = params.query }
    end
    ask(others(ctx, method, bufnr), method, params_for, bufnr, function(results)
      local found = {}
      for _, one in ipairs(results) do
        local function convert(uri, range) return range_in(uri, range, one.client.offset_encoding, ours) end
        flatten(one.result, params.uri, nil, convert, found)
      end
      answer({ symbols = found })
    end)
  end)
end

local rename = wire.later(function(params, answer, ctx)
  local ours, bufnr = our_encoding(ctx), loaded(params.uri)
  local clients = vim.list_slice(others(ctx, 'textDocument/rename', bufnr), 1, 1)
  local function params_for(client)
    local place = text.reencoded(bufnr, params.position, ours, client.offset_encoding)
    return { textDocument = { uri = params.uri }, position = place, newName = params.newName }
  end
  ask(clients, 'textDocument/rename', params_for, bufnr, function(results)
    local changes = vim.empty_dict()
    for _, one in ipairs(results) do
      local edits = vim.deepcopy(one.result.changes or {})
      for _, change in ipairs(one.result.documentChanges or {}) do
        if change.textDocument then
          edits[change.textDocument.uri] = change.edits
        end
      end
      for uri, list in pairs(edits) do
        loaded(uri)
        changes[uri] = vim.tbl_map(
          function(edit)
            return {
              range = range_in(uri, edit.range, one.client.offset_encoding, ours),
              newText = edit.newText,
            }
          end,
          list
        )
      end
    end
    answer({ changes = changes })
  end)
end)

local diagnostics = wire.later(function(params, answer, ctx)
  local ours, wanted = our_encoding(ctx), buffers(params.uris or {})
  local function tell()
    local found = {}
    for _, bufnr in ipairs(wanted) do
      for _, one in ipairs(api.nvim_buf_is_loaded(bufnr) and vim.diagnostic.get(bufnr) or {}) do
        found[#found + 1] = diagnostic(bufnr, one, ours)
      end
    end
    answer({ diagnostics = found })
  end
  if (params.settleMs or 0) > 0 then
    settled(wanted, params.settleMs, tell)
  else
    tell()
  end
end)

--- The handlers of `cass/ide/…`.
---@return table<string, lsp.Handler>
function M.handlers()
  return {
    ['cass/ide/diagnostics'] = diagnostics,
    ['cass/ide/definition'] = locations('textDocument/definition'),
    ['cass/ide/references'] = locations('textDocument/references'),
    ['cass/ide/documentSymbols'] = symbols('textDocument/documentSymbol'),
    ['cass/ide/workspaceSymbols'] = symbols('workspace/symbol'),
    ['cass/ide/rename'] = rename,
  }
end

return M
