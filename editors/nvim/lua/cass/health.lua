--- What |:checkhealth| cass says: whether all is there, and how to mend what is not.
local M = {}

---@param server cass.Server
---@return string
local function describe(server)
  if server.ready then
    return ('runs in %s (client %d)'):format(server.root, server.client.id)
  end
  return 'does not run in ' .. server.root
end

---@param cmd string[]
local function check_command(cmd)
  local shell = vim.list_slice(cmd)
  for index, word in ipairs(shell) do
    if word == 'serve' then
      shell = vim.list_slice(shell, 1, index - 1)
      break
    end
  end
  shell[#shell + 1] = '--version'
  local ok, done = pcall(function() return vim.system(shell, { text = true, timeout = 10000 }):wait() end)
  local said = ok and vim.trim((done.stdout or '') .. (done.stderr or '')) or tostring(done)
  if ok and done.code == 0 then
    vim.health.ok(said)
  else
    vim.health.error(('"%s" failed: %s'):format(table.concat(shell, ' '), said))
  end
end

function M.check()
  local app = require('cass').app()
  vim.health.start('cass: Neovim')
  if vim.fn.has('nvim-0.10') == 1 then
    vim.health.ok('Neovim ' .. tostring(vim.version()))
  else
    vim.health.error('Neovim 0.10 or newer is needed')
  end
  if jit then
    vim.health.ok(jit.version)
  else
    vim.health.error('Neovim was built without LuaJIT', 'Questions of cass cannot be answered without it.')
  end
  vim.health.start('cass: server')
  local cmd, where = require('cass.server').find(app.config)
  if cmd then
    vim.health.ok(('%s (from %s)'):format(table.concat(cmd, ' '), where))
    check_command(cmd)
  else
    vim.health.error(where)
  end
  for _, workspace in ipairs(app:all()) do
    vim.health.info('The server ' .. describe(workspace.server))
  end
  vim.health.start('cass: configuration')
  for _, problem in ipairs(app.problems) do
    vim.health.error(problem, ':help cass-options')
  end
  if #app.problems == 0 then
    vim.health.ok('No problems')
  end
end

return M
