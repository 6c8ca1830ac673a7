--- One line about a session: for the status line and for the bar above the chat.
local M = {}

---@param count integer
---@return string
local function thousands(count) return count < 1000 and tostring(count) or ('%.1fk'):format(count / 1000) end

---@param session cass.Session
---@return string
local function mode_of(session)
  local mode = session:option('mode')
  return mode == 'plan' and 'plan' or session:option('approval')
end

---@param workspace cass.Workspace
---@return string[]
local function parts_of(workspace)
  local session = workspace.session
  local parts = {}
  if session.id then
    parts[#parts + 1] = mode_of(session)
  end
  if #workspace.asks.waiting > 0 then
    parts[#parts + 1] = 'asks you'
  elseif session:busy() then
    parts[#parts + 1] = 'working'
  end
  local open = workspace.review:count()
  if open > 0 then
    parts[#parts + 1] = open .. ' to review'
  end
  return parts
end

--- For the status line: short, empty when cass does not run.
---@param workspace? cass.Workspace
---@return string
function M.line(workspace)
  if not workspace or not workspace.server.ready then
    return ''
  end
  local parts = parts_of(workspace)
  if workspace.completion and workspace.completion:enabled() then
    parts[#parts + 1] = 'completes'
  end
  return #parts > 0 and 'cass: ' .. table.concat(parts, ' · ') or 'cass'
end

---@param text string
---@param width integer
---@return string
local function shortened(text, width)
  return vim.fn.strchars(text) > width and vim.fn.strcharpart(text, 0, width - 1) .. '…' or text
end

--- For the bar above the chat: the parts that fit, the least needed left out first.
---@param workspace cass.Workspace
---@param width integer
---@return string
function M.bar(workspace, width)
  local session = workspace.session
  local usage, model = session.usage, session:option('model')
  local extras = { require('cass.reminders').following(session.reminders) }
  if usage.used > 0 then
    local size = usage.size > 0 and ' of ' .. thousands(usage.size) or ''
    extras[#extras + 1] = (usage.estimated and '~' or '') .. thousands(usage.used) .. size
  end
  if usage.cost then
    extras[#extras + 1] = ('$%.3f'):format(usage.cost)
  end
  if model ~= '' then
    extras[#extras + 1] = vim.fn.strchars(model) > 26 and '…' .. model:sub(-25) or model
  end
  local state = table.concat(parts_of(workspace), ' · ')
  local title = shortened(session.title ~= '' and session.title or 'cass', 28)
  local line = ' ' .. title .. (state ~= '' and ' · ' .. state or '')
  for _, extra in ipairs(extras) do
    local longer = line .. ' · ' .. extra
    line = vim.fn.strdisplaywidth(longer) <= width and longer or line
  end
  return line
end

return M
