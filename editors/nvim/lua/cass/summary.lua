--- `:CassSummary`: what the model reads in the place of what was left out, as a buffer; `:w` has it read that instead.
local api = vim.api
local M = {}

--- Longest wait of `:w` for the server, in ms.
local LIMIT = 10000

---@param bufnr integer
---@return string
local function text_of(bufnr) return vim.trim(table.concat(api.nvim_buf_get_lines(bufnr, 0, -1, true), '\n')) end

--- Send the buffer. It stays as it is, modified, when it is not taken.
---@param workspace cass.Workspace
---@param session_id string
---@param bufnr integer
local function write(workspace, session_id, bufnr)
  local text = text_of(bufnr)
  local function refuse(why) vim.notify('cass: the summary was not taken: ' .. why, vim.log.levels.ERROR) end
  if text == '' then
    return refuse('it is empty. :CassUncompact gives back all that it stands for.')
  end
  if session_id == workspace.session.id and workspace.session:busy() then
    return refuse('a turn is running. Write again when it has ended.')
  end
  local answered, failed = false, nil
  workspace.session.server:request('cass/session/prompt', {
    sessionId = session_id,
    prompt = { { type = 'text', text = '/summary ' .. text } },
    mode = 'start',
    wait = true,
  }, function(problem, result)
    local err = result and type(result.error) == 'table' and result.error or nil
    answered, failed = true, problem or (err and err.message)
  end)
  vim.wait(LIMIT, function() return answered end, 20)
  if not answered then
    return refuse('cass did not answer in time.')
  end
  if failed then
    return refuse(failed)
  end
  vim.bo[bufnr].modified = false
end

---@param workspace cass.Workspace
---@param text string
local function show(workspace, text)
  local session_id = workspace.session.id
  local name = 'cass://summary/' .. session_id
  local bufnr = vim.fn.bufnr(name)
  if bufnr < 0 then
    bufnr = api.nvim_create_buf(false, false)
    api.nvim_buf_set_name(bufnr, name)
    vim.bo[bufnr].buftype = 'acwrite'
    vim.bo[bufnr].bufhidden = 'hide'
    vim.bo[bufnr].swapfile = false
    vim.b[bufnr].cass_root = workspace.root
    api.nvim_create_autocmd('BufWriteCmd', {
      buffer = bufnr,
      callback = function() write(workspace, session_id, bufnr) end,
    })
  end
  if not vim.bo[bufnr].modified then -- what was written and not sent is not lost
    api.nvim_buf_set_lines(bufnr, 0, -1, true, vim.split(text, '\n', { plain = true }))
    vim.bo[bufnr].modified = false
  end
  vim.bo[bufnr].filetype = 'markdown'
  vim.cmd('botright split')
  api.nvim_win_set_buf(0, bufnr)
end

--- Open it, if there is one.
---@param workspace cass.Workspace
function M.open(workspace)
  local session = workspace.session
  if not session.id then
    return vim.notify('cass: there is no session.')
  end
  session.server:request('cass/context/get', { sessionId = session.id }, function(problem, found)
    if problem or not found then
      return vim.notify('cass: ' .. (problem or 'it failed'), vim.log.levels.ERROR)
    end
    if type(found.summary) ~= 'string' then
      local why = found.compacted and 'only results of tools were left out' or 'nothing was left out'
      return vim.notify('cass: there is no summary: ' .. why .. '.')
    end
    show(workspace, found.summary)
  end)
end

return M
