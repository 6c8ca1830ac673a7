--- Talking to a language server: what differs between Neovim versions, and answers that are given later.
local M = {}

local METHODS_ARE_REAL = vim.fn.has('nvim-0.11') == 1

--- Ask the server. `callback` is called once, on the main loop, unless the server ends first.
---@param client vim.lsp.Client
---@param method string
---@param params table
---@param callback fun(err?: lsp.ResponseError, result?: any)
---@param bufnr? integer the buffer whose changes the server must have seen before
---@return integer? id of the request; nil when the server is gone
function M.request(client, method, params, callback, bufnr)
  local sent, id
  if METHODS_ARE_REAL then
    sent, id = client:request(method, params, callback, bufnr)
  else
    sent, id = client.request(method, params, callback, bufnr)
  end
  return sent and id or nil
end

--- Tell the server.
---@param client vim.lsp.Client
---@param method string
---@param params table
function M.notify(client, method, params)
  if METHODS_ARE_REAL then
    client:notify(method, params)
  else
    client.notify(method, params)
  end
end

--- Withdraw a request.
---@param client vim.lsp.Client
---@param id integer
function M.cancel(client, id)
  if METHODS_ARE_REAL then
    client:cancel_request(id)
  else
    client.cancel_request(id)
  end
end

--- End a server, politely at first and by force after two seconds.
---@param client vim.lsp.Client
function M.stop(client)
  if METHODS_ARE_REAL then
    client:stop(2000)
  else
    client.stop()
    vim.defer_fn(function()
      if not client.is_stopped() then
        client.stop(true)
      end
    end, 2000)
  end
end

--- Start a server without giving it a buffer.
---@param config vim.lsp.ClientConfig
---@return integer? client_id
function M.start(config)
  if METHODS_ARE_REAL then
    return vim.lsp.start(
      config,
      { attach = false, reuse_client = function() return false end, silent = true }
    )
  end
  return (vim.lsp.start_client(config))
end

--- A handler for requests of the server whose answer may come later. Neovim runs handlers in a coroutine and sends
--- what they return, so waiting is a yield. `work` gets the parameters and the function to answer with; the first
--- answer counts.
---@param work fun(params: table, answer: fun(result: any), ctx: table)
---@return lsp.Handler
function M.later(work)
  return function(_, params, ctx)
    local routine = coroutine.running()
    local answered, waiting, result = false, false, nil
    work(params, function(value)
      if answered then
        return
      end
      answered, result = true, value
      if waiting then
        local ok, problem = coroutine.resume(routine)
        if not ok then
          vim.schedule(
            function()
              vim.notify('cass: an answer could not be sent: ' .. tostring(problem), vim.log.levels.ERROR)
            end
          )
        end
      end
    end, ctx)
    if not answered then
      waiting = true
      coroutine.yield()
    end
    return result
  end
end

--- A value of the wire, with JSON's null as nil.
---@generic T
---@param value T?
---@return T?
function M.value(value)
  if value == vim.NIL then
    return nil
  end
  return value
end

return M
