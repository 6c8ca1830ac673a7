--- What a tool call looks like: a line that says what it does and how it went, and what it gave, folded.
local M = {}

M.HEAD = '▸ '
M.BODY = '│ '

local MOST_LINES = 400
local SIGNS = { pending = '?', in_progress = '…', completed = '✓', failed = '✗', cancelled = '■' }

---@param text string
---@param into string[]
local function add_text(text, into)
  for _, line in ipairs(vim.split((text:gsub('\r', ''):gsub('\n+$', '')), '\n', { plain = true })) do
    into[#into + 1] = line
  end
end

---@param call table
---@return string[] body
---@return boolean is_diff
local function body_of(call)
  local body, is_diff = {}, false
  local failed = call.status == 'failed' and type(call.result) == 'table'
  for _, block in ipairs(failed and call.result or {}) do -- why it failed stands before what it wanted
    add_text(block.type == 'text' and block.text or '[image]', body)
  end
  for _, content in ipairs(type(call.content) == 'table' and call.content or {}) do
    if content.type == 'diff' then
      is_diff = true
      add_text(content.patch, body)
    elseif content.content and content.content.type == 'text' then
      add_text(content.content.text, body)
    end
  end
  if #body == 0 and type(call.result) == 'table' then
    for _, block in ipairs(call.result) do
      add_text(block.type == 'text' and block.text or '[image]', body)
    end
  end
  return body, is_diff
end

--- The lines of a call, and the highlights of some.
---@param call table
---@return string[] lines
---@return table<integer, string> groups
function M.lines(call)
  local took = call.elapsedMs and call.elapsedMs >= 100 and (' · %.1f s'):format(call.elapsedMs / 1000) or ''
  local code = call.exitCode and call.exitCode ~= 0 and (' · exit code %d'):format(call.exitCode) or ''
  local title = call.title or call.name or 'a tool'
  local lines = { ('%s%s %s%s%s'):format(M.HEAD, SIGNS[call.status] or '·', title, code, took) }
  local groups = { (call.status == 'failed') and 'CassError' or 'CassTool' } ---@type table<integer, string>
  local body, is_diff = body_of(call)
  for number, line in ipairs(body) do
    if number > MOST_LINES then
      lines[#lines + 1] = ('%s… %d more lines'):format(M.BODY, #body - MOST_LINES)
      break
    end
    lines[#lines + 1] = M.BODY .. line
    if is_diff then
      local first = line:sub(1, 1)
      groups[#lines] = first == '+' and 'CassAdd' or first == '-' and 'CassDelete' or nil
    end
  end
  return lines, groups
end

--- 'foldexpr' of the transcript: thinking and what tools gave are folded below their first line.
M.FOLDEXPR = [[getline(v:lnum)[0:3]==#'▸ '?'>1':(getline(v:lnum)[0:3]==#'│ '?1:0)]]

--- 'foldtext' of the transcript.
---@return string
function M.foldtext()
  local lines = vim.v.foldend - vim.v.foldstart
  return vim.fn.getline(vim.v.foldstart)
    .. (lines > 0 and (' (%d line%s)'):format(lines, lines == 1 and '' or 's') or '')
end

return M
