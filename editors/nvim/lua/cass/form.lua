--- Fills in a form of the server, field by field: choices, yes or no, numbers, words.
local M = {}

---@param text string
---@return string
local function visible(text) return (vim.fn.strtrans(text)) end

--- The fields, those that are needed first: JSON objects have no order.
---@param schema table
---@return string[]
local function ordered(schema)
  local names, seen = {}, {}
  for _, name in ipairs(schema.required or {}) do
    if (schema.properties or {})[name] and not seen[name] then
      names[#names + 1], seen[name] = name, true
    end
  end
  local others = vim.tbl_filter(function(name) return not seen[name] end, vim.tbl_keys(schema.properties or {}))
  table.sort(others)
  return vim.list_extend(names, others)
end

---@param field table
---@param typed string
---@return any value nil for one that does not fit
local function read(field, typed)
  if field.type == 'integer' then
    return typed:match('^%s*-?%d+%s*$') and tonumber(typed) or nil
  elseif field.type == 'number' then
    return tonumber(typed)
  end
  return typed
end

---@param field table
---@param question string
---@param taken fun(value: any?) nil when the user left it
local function choose(field, question, taken)
  local is_truth = field.type == 'boolean'
  local choices = is_truth and { 'yes', 'no' } or vim.deepcopy(field.enum)
  local default = field.default
  if is_truth and default ~= nil then
    default = default and 'yes' or 'no'
  end
  for index, choice in ipairs(choices) do -- the default stands first
    if choice == default then
      table.insert(choices, 1, table.remove(choices, index))
      break
    end
  end
  local options = { prompt = question, kind = 'cass.question', format_item = visible }
  vim.ui.select(choices, options, function(choice)
    if choice == nil then
      return taken(nil)
    end
    taken(not is_truth and choice or choice == 'yes')
  end)
end

--- Ask for one field.
---@param field table
---@param question string
---@param needed boolean
---@param taken fun(value: any?) vim.NIL where the field stays out, nil when the user left it
local function ask(field, question, needed, taken)
  if field.enum or field.type == 'boolean' then
    return choose(field, question, taken)
  end
  local default = field.default ~= nil and field.default ~= vim.NIL and tostring(field.default) or ''
  vim.ui.input({ prompt = question .. ': ', default = default }, function(typed)
    if typed == nil then
      return taken(nil)
    elseif typed == '' and not needed then
      return taken(vim.NIL)
    end
    local value = read(field, typed)
    if value == nil or (typed == '' and needed) then
      local why = typed == '' and 'this one is needed' or 'a number, please'
      return ask(field, ('%s (%s)'):format(question:gsub(' %([^()]*please%)$', ''), why), needed, taken)
    end
    taken(value)
  end)
end

--- Have the user fill it in. Leaving one field leaves all.
---@param params table of `cass/elicitation/create`
---@param done fun(result: table)
function M.fill(params, done)
  local schema = params.requestedSchema or {}
  local names, content = ordered(schema), {}
  local function step(index)
    local name = names[index]
    if not name then
      return done({ action = 'accept', content = next(content) and content or vim.empty_dict() })
    end
    local field = schema.properties[name]
    local question = visible(params.message)
    if #names > 1 or name ~= 'answer' then
      local says = field.description and (' - ' .. visible(field.description)) or ''
      question = ('%s  %s%s'):format(question, visible(field.title or name), says)
    end
    ask(field, question, vim.tbl_contains(schema.required or {}, name) and name ~= 'answer', function(value)
      if value == nil then
        return done({ action = 'decline' })
      end
      if value ~= vim.NIL then
        content[name] = value
      end
      step(index + 1)
    end)
  end
  step(1)
end

return M
