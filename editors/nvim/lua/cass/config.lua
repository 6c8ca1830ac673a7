--- The user's choices: what holds without any, and what setup() was given.
local M = {}

---@class cass.Config
---@field cmd? string[] how the server is started; else $CASS_SERVER, else `cass` in PATH
---@field autostart boolean start the server for the files you open; false: with the first command
---@field root_markers string[] what marks the folder that a session works in
---@field settings table cass's own settings, nested as in its configuration file
---@field chat { layout: 'split'|'float', width: integer, prompt_height: integer, max_fps: integer }
---@field prompt { complete: boolean, while_running: 'steer'|'queue' }
---@field approvals { popup: 'idle'|'never', idle_ms: integer }
---@field review { keys: table<string, string|false>|false, hints: boolean }
---@field completion { keys: { accept: string|false, dismiss: string|false }, debounce_ms: integer }

---@return cass.Config
local function defaults()
  return {
    cmd = nil,
    autostart = true,
    root_markers = { '.cass', '.git', '.hg', 'pyproject.toml', 'package.json', 'Cargo.toml', 'go.mod' },
    settings = vim.empty_dict(),
    chat = { layout = 'split', width = 72, prompt_height = 6, max_fps = 30 },
    prompt = { complete = true, while_running = 'steer' },
    approvals = { popup = 'idle', idle_ms = 800 },
    review = {
      hints = true,
      keys = {
        next = ']h',
        previous = '[h',
        keep = '<leader>ck',
        revert = '<leader>cr',
        amend = '<leader>ca',
        comment = '<leader>cm',
        keep_file = '<leader>cK',
        revert_file = '<leader>cR',
        diff = '<leader>cd',
      },
    },
    completion = { keys = { accept = '<Tab>', dismiss = '<C-]>' }, debounce_ms = 120 },
  }
end

---@param given table
---@param known table
---@param path string
---@param problems string[]
local function check(given, known, path, problems)
  for key, value in pairs(given) do
    local name = path .. tostring(key)
    local default = known[key]
    if default == nil and name ~= 'cmd' then
      problems[#problems + 1] = ('there is no option "%s"'):format(name)
    elseif name == 'cmd' then
      if type(value) ~= 'table' or type(value[1]) ~= 'string' then
        problems[#problems + 1] = '"cmd" is a list of words, as { "cass", "serve", "--stdio" }'
      end
    elseif value ~= false and type(value) ~= type(default) and default ~= false then
      problems[#problems + 1] = ('"%s" is a %s, not a %s'):format(name, type(default), type(value))
    elseif type(value) == 'table' and not vim.islist(default) and name ~= 'settings' then
      check(value, default, name .. '.', problems)
    end
  end
end

--- The configuration, and what is wrong with what was given. Wrong options are told of and left out.
---@param given? table
---@return cass.Config config
---@return string[] problems
function M.make(given)
  local problems = {} ---@type string[]
  check(given or {}, defaults(), '', problems)
  table.sort(problems)
  if #problems > 0 then
    return defaults(), problems
  end
  return vim.tbl_deep_extend('force', defaults(), given or {}), problems
end

return M
