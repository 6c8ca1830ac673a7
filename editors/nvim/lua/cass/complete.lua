--- Completion in the prompt: slash commands at its beginning, files and what is at hand after `@`.
local api = vim.api
local M = {}

local MOST = 200

---@return cass.Workspace?
local function workspace() return require('cass').workspace_of(api.nvim_get_current_buf()) end

---@param typed string
---@return table[]
local function commands(typed)
  local here = workspace()
  local found = {}
  for _, command in ipairs(here and here.session.commands or {}) do
    if vim.startswith(command.name, typed) then
      local hint = command.hint and (' ' .. command.hint) or ''
      found[#found + 1] =
        { word = '/' .. command.name, menu = command.description, info = '/' .. command.name .. hint }
    end
  end
  return found
end

--- The values of a parameter that has a few.
---@param parameter table
---@return string[]
local function values(parameter)
  return parameter.type == 'bool' and { 'true', 'false' } or parameter.values or {}
end

--- The parameters of a command, and their values.
---@param name string of the command
---@param rest string what follows it, up to the cursor
---@param word string the last word of that
---@return table[]
local function arguments(name, rest, word)
  local here = workspace()
  local command = vim.iter(here and here.session.commands or {}):find(function(one) return one.name == name end)
  local found, free = {}, {}
  local key, start = word:match('^%-*([%w_-]+)=(.*)$')
  for _, parameter in ipairs(command and command.parameters or {}) do
    if key == parameter.name then
      for _, value in ipairs(values(parameter)) do
        if vim.startswith(value, start) then
          found[#found + 1] = { word = key .. '=' .. value, menu = parameter.name }
        end
      end
    elseif parameter.type ~= 'selection' and not (' ' .. rest):find('[%s-]' .. vim.pesc(parameter.name) .. '[=%s]') then
      free[#free + 1] = parameter
    end
  end
  if key then
    return found
  end
  for _, value in ipairs(free[1] and free[1].type == 'enum' and values(free[1]) or {}) do
    if vim.startswith(value, word) then
      found[#found + 1] = { word = value, menu = free[1].name }
    end
  end
  for _, parameter in ipairs(free) do
    local text = parameter.type == 'bool' and '--' .. parameter.name or parameter.name .. '='
    if vim.startswith(text, word) or vim.startswith(parameter.name, word) then
      local needed = parameter.required and ' (needed)' or ''
      found[#found + 1] = { word = text, menu = parameter.type .. needed, info = parameter.description }
    end
  end
  return found
end

--- What MCP servers offer to be read, as `@server:uri`.
---@param typed string
---@param session cass.Session
---@return table[]
local function resources(typed, session)
  local found = {}
  for server, uris in pairs(typed ~= '' and session.resources or {}) do
    for _, uri in ipairs(uris or {}) do
      local name = server .. ':' .. uri
      if #found < MOST and name:lower():find(typed:lower(), 1, true) then
        found[#found + 1] = { word = '@' .. name, menu = 'MCP server' }
      end
    end
  end
  return found
end

---@param typed string
---@param root string
---@return table[]
local function files(typed, root)
  local found = {}
  for _, word in ipairs({ 'selection', 'buffer', 'diagnostics' }) do
    if vim.startswith(word, typed) then
      found[#found + 1] = { word = '@' .. word, menu = 'what you look at' }
    end
  end
  if not typed:find('/') and typed ~= '' then -- open files by their name, wherever they are
    for _, bufnr in ipairs(require('cass.context').open_files(root)) do
      local path = api.nvim_buf_get_name(bufnr):sub(#root + 2)
      if path:find('/') and vim.startswith(vim.fs.basename(path):lower(), typed:lower()) then
        found[#found + 1] = { word = '@' .. path, menu = 'open' }
      end
    end
  end
  local folder, start = typed:match('^(.*/)([^/]*)$')
  folder, start = folder or '', start or typed
  for name, kind in vim.fs.dir(root .. '/' .. folder) do
    local hidden = name:sub(1, 1) == '.' and start:sub(1, 1) ~= '.'
    if #found < MOST and not hidden and vim.startswith(name:lower(), start:lower()) then
      local is_folder = kind == 'directory'
      found[#found + 1] =
        { word = '@' .. folder .. name .. (is_folder and '/' or ''), menu = is_folder and 'folder' or 'file' }
    end
  end
  table.sort(found, function(a, b) return a.word < b.word end)
  return found
end

--- What stands before the cursor, and what fits it.
---@return integer? column in bytes from 0, where the word begins
---@return table[] items
local function candidates()
  local cursor = api.nvim_win_get_cursor(0)
  local before = api.nvim_get_current_line():sub(1, cursor[2])
  local slash = cursor[1] == 1 and before:match('^/([%w_:.-]*)$')
  if slash then
    return 0, commands(slash)
  end
  local name, rest = before:match('^/([%w_:.-]+)%s+(.*)$')
  if cursor[1] == 1 and name and not before:match('@[^%s@]*$') then
    local word = rest:match('%S*$')
    return #before - #word, arguments(name, rest:sub(1, #rest - #word), word)
  end
  local start, mention = before:match('()@([^%s@]*)$')
  local here = workspace()
  if mention and here and (start == 1 or before:sub(start - 1, start - 1):match('%s')) then
    return start - 1, vim.list_extend(files(mention, here.root), resources(mention, here.session))
  end
  return nil, {}
end

--- Show the menu if there is something to choose. Nothing is put in before it is chosen.
function M.offer()
  local column, items = candidates()
  if not column or #items == 0 or vim.fn.pumvisible() == 1 then
    return
  end
  local options = vim.o.completeopt
  vim.o.completeopt = 'menuone,noinsert,noselect'
  vim.fn.complete(column + 1, items)
  vim.o.completeopt = options
end

--- 'omnifunc' of the prompt.
---@param find integer
---@return integer|table[]
function M.omnifunc(find)
  local column, items = candidates()
  if find == 1 then
    return column or -3
  end
  return items
end

return M
