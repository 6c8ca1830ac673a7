--- The buffer in which prompts are written, and what goes along with one: files that it mentions, what is selected.
local api = vim.api

---@class cass.Prompt
---@field bufnr integer
---@field private workspace cass.Workspace
---@field private sent string[]
---@field private place integer where in `sent` the user is looking; beyond it is the draft
---@field private draft string[]
local Prompt = {}
Prompt.__index = Prompt

local namespace = api.nvim_create_namespace('cass.prompt')

---@param workspace cass.Workspace
---@param name string
---@return cass.Prompt
function Prompt.new(workspace, name)
  local bufnr = api.nvim_create_buf(false, true)
  api.nvim_buf_set_name(bufnr, name)
  vim.bo[bufnr].bufhidden = 'hide'
  vim.bo[bufnr].filetype = 'cassprompt'
  vim.bo[bufnr].omnifunc = "v:lua.require'cass.complete'.omnifunc"
  local self =
    setmetatable({ bufnr = bufnr, workspace = workspace, sent = {}, place = 1, draft = { '' } }, Prompt)
  api.nvim_create_autocmd({ 'TextChanged', 'TextChangedI' }, {
    buffer = bufnr,
    callback = function()
      self:hint()
      if workspace.config.prompt.complete and api.nvim_get_mode().mode == 'i' then
        require('cass.complete').offer()
      end
    end,
  })
  self:hint()
  return self
end

--- What an empty prompt says.
---@private
function Prompt:hint()
  api.nvim_buf_clear_namespace(self.bufnr, namespace, 0, -1)
  local lines = api.nvim_buf_get_lines(self.bufnr, 0, 2, false)
  if #lines <= 1 and (lines[1] or '') == '' then
    local text = 'Ask cass …  (/ commands, @ files; <CR> or <C-s> sends)'
    api.nvim_buf_set_extmark(
      self.bufnr,
      namespace,
      0,
      0,
      { virt_text = { { text, 'CassMuted' } }, virt_text_pos = 'overlay' }
    )
  end
end

---@return string[]
function Prompt:lines() return api.nvim_buf_get_lines(self.bufnr, 0, -1, true) end

---@param lines string[]
function Prompt:set(lines)
  api.nvim_buf_set_lines(self.bufnr, 0, -1, true, lines)
  for _, window in ipairs(vim.fn.win_findbuf(self.bufnr)) do
    api.nvim_win_set_cursor(window, { #lines, #lines[#lines] })
  end
end

--- Send what is written, and empty the buffer.
---@param how? 'steer'|'queue'
function Prompt:send(how)
  local lines = self:lines()
  local text = vim.trim(table.concat(lines, '\n'))
  if text == '' then
    return
  end
  table.insert(self.sent, text)
  self.place = #self.sent + 1
  self:set({ '' })
  self.workspace:say(text, nil, how)
end

--- Go through earlier prompts.
---@param step integer
function Prompt:history(step)
  local place = self.place + step
  if place < 1 or place > #self.sent + 1 then
    return
  end
  if self.place == #self.sent + 1 then
    self.draft = self:lines()
  end
  self.place = place
  self:set(self.sent[place] and vim.split(self.sent[place], '\n', { plain = true }) or self.draft)
end

return Prompt
