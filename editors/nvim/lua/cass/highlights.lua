--- The highlight groups, linked to what every colour scheme has; users may set them otherwise.
local M = {}

function M.define()
  local links = {
    CassUser = 'Title',
    CassAgent = 'Function',
    CassTool = 'Identifier',
    CassThought = 'Comment',
    CassMuted = 'Comment',
    CassWarning = 'DiagnosticWarn',
    CassError = 'DiagnosticError',
    CassAdd = 'DiffAdd',
    CassDelete = 'DiffDelete',
    CassHint = 'NonText',
    CassGhost = 'NonText',
    CassGone = 'NonText',
    CassBar1 = 'Function',
    CassBar2 = 'String',
    CassBar3 = 'Constant',
    CassBar4 = 'Type',
    CassBar5 = 'Special',
    CassBar6 = 'Statement',
    CassBarFree = 'NonText',
  }
  for group, target in pairs(links) do
    vim.api.nvim_set_hl(0, group, { link = target, default = true })
  end
end

return M
