--- The chat: the transcript above, the prompt below it, in a split or in floats.
local Prompt = require('cass.prompt')
local Renderer = require('cass.render')
local Transcript = require('cass.transcript')
local toolview = require('cass.toolview')

local api = vim.api

---@class cass.Chat
---@field transcript cass.Transcript
---@field prompt cass.Prompt
---@field private workspace cass.Workspace
---@field private config cass.Config
---@field private window? integer of the transcript
---@field private prompt_window? integer
local Chat = {}
Chat.__index = Chat

---@param workspace cass.Workspace
---@return cass.Chat
function Chat.new(workspace)
  local config = workspace.config
  local name = 'cass://' .. workspace.root
  local transcript = Transcript.new(name .. '/chat', config.chat.max_fps)
  local self = setmetatable({ workspace = workspace, config = config, transcript = transcript }, Chat)
  self.prompt = Prompt.new(workspace, name .. '/prompt')
  local renderer = Renderer.new(transcript)
  workspace.session:listen(function(update)
    renderer:update(update)
    if update.sessionUpdate ~= 'agent_message_chunk' and update.sessionUpdate ~= 'agent_thought_chunk' then
      self:redraw_bar()
    end
  end)
  vim.b[transcript.bufnr].cass_root = workspace.root
  vim.b[self.prompt.bufnr].cass_root = workspace.root
  self:map()
  return self
end

---@private
function Chat:map()
  local session = self.workspace.session
  local function map(bufnr, mode, key, action, description)
    vim.keymap.set(mode, key, action, { buffer = bufnr, desc = 'cass: ' .. description, nowait = true })
  end
  local out, into = self.transcript.bufnr, self.prompt.bufnr
  for _, bufnr in ipairs({ out, into }) do
    map(bufnr, 'n', 'q', function() self:close() end, 'close the chat')
    map(bufnr, 'n', '<C-c>', function() session:cancel() end, 'stop the turn')
  end
  for _, key in ipairs({ 'i', 'a', 'o' }) do
    map(out, 'n', key, function() self:focus_prompt(true) end, 'go to the prompt')
  end
  map(out, 'n', '<CR>', function()
    if not self.workspace.asks:next() then
      self:focus_prompt(true)
    end
  end, 'answer what is asked')
  map(into, 'n', '<CR>', function() self.prompt:send() end, 'send')
  map(into, 'i', '<C-s>', function() self.prompt:send() end, 'send')
  map(into, 'i', '<C-CR>', function() self.prompt:send() end, 'send')
  map(into, 'n', '<C-q>', function() self.prompt:send('queue') end, 'send when the turn has ended')
  map(into, { 'n', 'i' }, '<C-Up>', function() self.prompt:history(-1) end, 'earlier prompt')
  map(into, { 'n', 'i' }, '<C-Down>', function() self.prompt:history(1) end, 'later prompt')
end

---@private
---@param window integer
---@param reading boolean
local function dress(window, reading)
  local options = {
    number = false,
    relativenumber = false,
    signcolumn = 'no',
    wrap = true,
    linebreak = true,
    list = false,
    spell = false,
  }
  if reading then
    options.foldmethod, options.foldexpr, options.foldlevel = 'expr', toolview.FOLDEXPR, 0
    options.foldtext = "v:lua.require'cass.toolview'.foldtext()"
    options.foldenable, options.fillchars, options.conceallevel = true, 'fold: ,eob: ', 2
    options.statusline = ' cass%=q closes · <C-c> stops '
  else
    options.winfixheight, options.fillchars = true, 'eob: '
    options.statusline = ' your words%=<CR> sends '
  end
  for name, value in pairs(options) do
    api.nvim_set_option_value(name, value, { win = window, scope = 'local' })
  end
end

---@return boolean
function Chat:is_open() return self.window ~= nil and api.nvim_win_is_valid(self.window) end

--- Show the chat; with `focus` the cursor goes to the prompt.
---@param focus? boolean
function Chat:open(focus)
  if not self:is_open() then
    local before = api.nvim_get_current_win()
    if self.config.chat.layout == 'float' then
      self:open_floats()
    else
      self:open_split()
    end
    dress(self.window, true)
    dress(self.prompt_window, false)
    api.nvim_win_set_cursor(self.window, { api.nvim_buf_line_count(self.transcript.bufnr), 0 })
    api.nvim_set_current_win(before)
    self:redraw_bar()
  end
  if focus then
    self:focus_prompt(false)
  end
end

---@private
function Chat:open_split()
  local width = math.min(self.config.chat.width, math.floor(vim.o.columns / 2))
  vim.cmd('noautocmd botright ' .. width .. 'vsplit')
  self.window = api.nvim_get_current_win()
  api.nvim_win_set_buf(self.window, self.transcript.bufnr)
  api.nvim_set_option_value('winfixwidth', true, { win = self.window, scope = 'local' })
  vim.cmd('noautocmd belowright ' .. self.config.chat.prompt_height .. 'split')
  self.prompt_window = api.nvim_get_current_win()
  api.nvim_win_set_buf(self.prompt_window, self.prompt.bufnr)
end

---@private
function Chat:open_floats()
  local width = math.min(math.max(40, self.config.chat.width + 16), vim.o.columns - 4)
  local height = math.max(8, vim.o.lines - 8)
  local below = math.min(self.config.chat.prompt_height, math.floor(height / 3))
  local column, row = math.floor((vim.o.columns - width) / 2), 1
  local frame = { relative = 'editor', width = width, col = column, border = 'rounded', style = 'minimal' }
  local upper = vim.tbl_extend('force', frame, { row = row, height = height - below - 3, title = ' cass ' })
  local lower =
    vim.tbl_extend('force', frame, { row = row + height - below - 1, height = below, title = ' prompt ' })
  self.window = api.nvim_open_win(self.transcript.bufnr, false, upper)
  self.prompt_window = api.nvim_open_win(self.prompt.bufnr, true, lower)
end

--- Hide the chat. What runs goes on.
function Chat:close()
  for _, window in ipairs({ self.prompt_window or -1, self.window or -1 }) do
    if api.nvim_win_is_valid(window) then
      if #api.nvim_tabpage_list_wins(0) == 1 then
        vim.cmd.enew()
      else
        api.nvim_win_close(window, true)
      end
    end
  end
  self.window, self.prompt_window = nil, nil
end

---@param insert boolean
function Chat:focus_prompt(insert)
  if not self.prompt_window or not api.nvim_win_is_valid(self.prompt_window) then
    self:close()
    self:open(false)
  end
  api.nvim_set_current_win(self.prompt_window)
  if insert then
    vim.cmd.startinsert({ bang = true })
  end
end

--- Write the line above the transcript anew: title, mode, model, how full the window is.
function Chat:redraw_bar()
  if not self:is_open() then
    return
  end
  local text =
    require('cass.statusline').bar(self.workspace, api.nvim_win_get_width(self.window)):gsub('%%', '%%%%')
  api.nvim_set_option_value('winbar', text, { win = self.window, scope = 'local' })
end

return Chat
