--- `:CassContext`: where the model's window goes, drawn; and making the conversation shorter from there.
local Float = require('cass.float')

local M = {}

local BIGGEST = 6
--- The parts' colours, in turn.
local COLOURS = { 'CassBar1', 'CassBar2', 'CassBar3', 'CassBar4', 'CassBar5', 'CassBar6' }

--- After these the window holds something else.
local CHANGES = {
  usage_update = true,
  compaction_update = true,
  _summary_edited = true,
  _uncompacted = true,
  _rewound = true,
  _history_cleared = true,
  _opened = true,
}

---@param count integer
---@return string
local function grouped(count)
  local text = tostring(math.floor(count))
  local first = #text % 3
  local head, rest = text:sub(1, first), text:sub(first + 1)
  return head .. rest:gsub('(%d%d%d)', (head == '' and '' or ',') .. '%1'):gsub('^,', '', head == '' and 1 or 0)
end

--- The numbers that the bars are drawn from: the parts, what is free, what is kept free.
---@param found table
---@return { name: string, tokens: integer, group: string }[] rows
---@return integer whole
local function rows_of(found)
  local rows, used = {}, 0
  for _, part in ipairs(found.parts) do
    if part.tokens > 0 then
      rows[#rows + 1] = { name = part.name, tokens = part.tokens, group = COLOURS[#rows % #COLOURS + 1] }
      used = used + part.tokens
    end
  end
  local whole = math.max(found.size, found.used, used, 1)
  local limit = (found.compactsAt or 0) > 0 and math.min(found.compactsAt, whole) or whole
  for name, tokens in vim.spairs({ free = limit - used, ['kept free'] = whole - math.max(limit, used) }) do
    if tokens > 0 then
      rows[#rows + 1] = { name = name, tokens = tokens, group = 'CassBarFree' }
    end
  end
  return rows, whole
end

--- Sentences about size, threshold and cost.
---@param found table
---@return string[]
local function facts(found)
  local about = found.estimated and '~' or ''
  local whole = found.size > 0
      and (' of %s tokens (%d %%)'):format(grouped(found.size), math.floor(found.used / found.size * 100 + 0.5))
    or ' tokens'
  local lines = { about .. grouped(found.used) .. whole .. '. Window: ' .. (found.window or 'not known') .. '.' }
  if (found.compactsAt or 0) > 0 then
    lines[#lines + 1] = ('Beyond %s tokens it is made shorter.'):format(grouped(found.compactsAt))
  end
  local total = found.total or {}
  if (total.input or 0) > 0 then
    local cost = type(total.cost) == 'number' and (', $%.4f'):format(total.cost) or ''
    lines[#lines + 1] = ('Session so far: %s tokens read, %s written%s.'):format(
      grouped(total.input),
      grouped(total.output or 0),
      cost
    )
  end
  return lines
end

--- The lines of the view and their colours, no wider than `width`.
---@param found table what `cass/context/get` answers
---@param width integer
---@return string[] lines
---@return table[] marks
function M.drawn(found, width)
  local rows, whole = rows_of(found)
  local lines, marks = {}, {}
  local function add(line) lines[#lines + 1] = Float.cut(line, width) end
  local bar, cells, sum = '', 0, 0
  for _, row in ipairs(rows) do
    sum = sum + row.tokens
    local upto = math.floor(sum / whole * (width - 2) + 0.5)
    local piece = (row.group == 'CassBarFree' and '░' or '█'):rep(upto - cells)
    marks[#marks + 1] = { 1, 1 + #bar, 1 + #bar + #piece, row.group }
    bar, cells = bar .. piece, upto
  end
  lines[1] = ' ' .. bar
  add('')
  local names = 0
  for _, row in ipairs(rows) do
    names = math.max(names, vim.fn.strdisplaywidth(row.name))
  end
  local room = math.max(4, width - names - 22)
  for _, row in ipairs(rows) do
    local length = math.max(1, math.floor(row.tokens / whole * room + 0.5))
    local fill = (row.group == 'CassBarFree' and '░' or '█'):rep(length)
    local name = row.name .. (' '):rep(names - vim.fn.strdisplaywidth(row.name))
    local numbers = ('%11s %3d %%'):format(grouped(row.tokens), math.floor(row.tokens / whole * 100 + 0.5))
    lines[#lines + 1] = (' %s %s %s%s'):format(name, numbers, ' ', fill)
    marks[#marks + 1] = { #lines, #lines[#lines] - #fill, -1, row.group }
  end
  add('')
  for _, line in ipairs(facts(found)) do
    add(' ' .. line)
  end
  local items = vim.deepcopy(found.items or {})
  table.sort(items, function(a, b) return a.tokens > b.tokens end)
  if #items > 0 then
    add('')
    add(' The biggest')
    marks[#marks + 1] = { #lines, 0, -1, 'CassTool' }
  end
  for _, item in ipairs(vim.list_slice(items, 1, BIGGEST)) do
    local count = '~' .. grouped(item.tokens)
    add((' %9s  %s: %s'):format(count, item.kind, item.name))
  end
  add('')
  add(' c compact' .. (found.compacted and ' · u uncompact · s summary' or '') .. ' · q close')
  marks[#marks + 1] = { #lines, 0, -1, 'CassMuted' }
  return lines, marks
end

---@param workspace cass.Workspace
---@param float cass.Float
local function fill(workspace, float)
  local params = { sessionId = workspace.session.id }
  workspace.session.server:request('cass/context/get', params, function(problem, found)
    if not float:is_open() then
      return
    end
    if problem or not found then
      return float:show({ ' ' .. (problem or 'it is not known') }, { { 1, 0, -1, 'CassError' } })
    end
    float:show(M.drawn(found, Float.width()))
  end)
end

--- Show the view; it follows what happens while it is open.
---@param workspace cass.Workspace
function M.open(workspace)
  workspace.session:open(function(problem)
    if problem then
      return vim.notify('cass: ' .. problem, vim.log.levels.ERROR)
    end
    local float
    float = Float.open(workspace, 'Context', {
      c = { function() workspace:say('/compact') end, 'compact' },
      u = { function() workspace:say('/uncompact') end, 'uncompact' },
      s = {
        function()
          float:close()
          require('cass.summary').open(workspace)
        end,
        'edit the summary',
      },
      r = { function() fill(workspace, float) end, 'measure again' },
    })
    local waiting = false
    workspace.session:listen(function(update)
      if CHANGES[update.sessionUpdate] and float:is_open() and not waiting then
        waiting = true
        vim.defer_fn(function()
          waiting = false
          if float:is_open() and workspace.session.id then
            fill(workspace, float)
          end
        end, 200)
      end
      return not float:is_open() and 'done' or nil
    end)
    fill(workspace, float)
  end)
end

return M
