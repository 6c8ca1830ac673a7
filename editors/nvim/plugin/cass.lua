--- The commands and <Plug> maps of cass; everything else is loaded when it is used.
if vim.g.loaded_cass then
  return
end
vim.g.loaded_cass = true

if vim.fn.has('nvim-0.10') == 0 then
  vim.notify('cass needs Neovim 0.10 or newer.', vim.log.levels.WARN)
  return
end

---@param words string[]
local function choices(words)
  return function(typed)
    return vim.tbl_filter(function(word) return vim.startswith(word, typed) end, words)
  end
end

local function command(name, action, options)
  vim.api.nvim_create_user_command(name, function(given) require('cass.commands')[action](given) end, options)
end

command(
  'Cass',
  'chat',
  { nargs = '*', bang = true, desc = 'Open the chat, or say something; with ! close it' }
)
command('CassAsk', 'ask', { nargs = '*', range = true, desc = 'Ask about the lines' })
command('CassEdit', 'edit', { nargs = '*', range = true, desc = 'Have the lines changed' })
command('CassPlan', 'plan', { nargs = '*', range = true, desc = 'Plan without changing anything' })
command('CassReview', 'review', { desc = 'List the changes to review, and go to the first' })
command('CassDiff', 'diff', { nargs = '?', complete = 'file', desc = 'Compare a file with its changes' })
command('CassKeep', 'keep', { bang = true, desc = 'Keep all changes of this file; with ! of all files' })
command(
  'CassRevert',
  'revert',
  { bang = true, desc = 'Refuse or take back all changes of this file; with ! of all' }
)
command('CassAnswer', 'answer', { desc = 'Answer what cass asks' })
command(
  'CassSessions',
  'sessions',
  { nargs = '*', desc = 'List the stored sessions, or those that hold the words' }
)
command('CassFork', 'fork', { desc = 'Go on in a new session from the end of a turn' })
command('CassContext', 'context', { desc = "Show where the model's window goes" })
command('CassCompact', 'compact', { nargs = '*', desc = 'Make the conversation shorter; the words say what to keep' })
command('CassUncompact', 'uncompact', { desc = 'Give the model back what was left out' })
command('CassSummary', 'summary', { desc = 'Edit the summary of what was left out' })
command('CassResume', 'resume', { desc = 'Go on with the last session of this folder' })
command('CassNew', 'new', { desc = 'Begin a new session' })
command(
  'CassMode',
  'mode',
  { nargs = '?', complete = choices({ 'plan', 'active' }), desc = 'Switch the mode' }
)
command('CassApproval', 'approval', {
  nargs = '?',
  complete = choices({ 'ask', 'edits', 'auto' }),
  desc = 'Switch what is asked about',
})
command('CassModel', 'model', { nargs = '?', desc = 'Switch the model' })
command('CassRewind', 'rewind', { desc = 'Go back to before a turn: conversation, files or both' })
command('CassStop', 'stop', { desc = 'Stop the turn' })
command('CassRestart', 'restart', { desc = 'Start the server again' })
command('CassCompletion', 'completion', {
  nargs = '*',
  complete = choices({ 'on', 'off', 'status', 'user', 'project', 'session' }),
  desc = 'Switch inline completion',
})

local function plug(name, action)
  vim.keymap.set('n', '<Plug>(cass-' .. name .. ')', action, { desc = 'cass: ' .. name })
end

local function decide(action, ...)
  local arguments = { ... }
  return function() require('cass.decide')[action](require('cass').workspace(), unpack(arguments)) end
end

plug('chat', '<Cmd>Cass<CR>')
plug('stop', '<Cmd>CassStop<CR>')
plug('answer', '<Cmd>CassAnswer<CR>')
plug('next', function() require('cass').workspace().review:go(1) end)
plug('previous', function() require('cass').workspace().review:go(-1) end)
plug('keep', decide('keep'))
plug('revert', decide('revert'))
plug('amend', decide('amend'))
plug('comment', decide('comment'))
plug('keep-file', decide('all', 'keep', false))
plug('revert-file', decide('all', 'revert', false))
plug('diff', decide('diff'))
vim.keymap.set({ 'n', 'x' }, '<Plug>(cass-ask)', ':CassAsk<CR>', { desc = 'cass: ask', silent = true })
vim.keymap.set({ 'n', 'x' }, '<Plug>(cass-edit)', ':CassEdit<CR>', { desc = 'cass: edit', silent = true })

vim.api.nvim_create_autocmd({ 'BufReadPost', 'BufNewFile' }, {
  group = vim.api.nvim_create_augroup('cass.begin', { clear = true }),
  once = true,
  desc = 'Load cass with the first file',
  callback = function()
    vim.schedule(function() require('cass').start() end)
  end,
})
