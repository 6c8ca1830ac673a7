--- Fills in a form of the server, field by field: choices, yes or no, numbers, words.
local M = {}

---@param text string
---@return string
local function visible(text)
  return table.concat(vim.tbl_map(vim.fn.strtrans, vim.split(text, '\n', { plain = true })), '\n')
end

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
---@param needed boolean
---@param taken fun(value: any?) vim.NIL where the field stays out, nil when the user left it
local function choose(field, question, needed, taken)
  local is_truth = field.type == 'boolean'
  local choices = {}
  for _, value in ipairs(is_truth and { true, false } or field.enum) do
    local choice = { value = value, name = is_truth and (value and 'yes' or 'no') or visible(value) }
    table.insert(choices, value == field.default and 1 or #choices + 1, choice) -- the default stands first
  end
  if not needed then
    choices[#choices + 1] = { value = vim.NIL, name = '(leave it out)' }
  end
  local options =
    { prompt = question, kind = 'cass.question', format_item = function(item) return item.name end }
  vim.ui.select(choices, options, function(choice)
    if choice == nil then
      return taken(nil)
    end
    taken(choice.value)
  end)
end

--- Ask for one field.
---@param field table
---@param question string
---@param needed boolean
---@param taken fun(value: any?) vim.NIL where the field stays out, nil when the user left it
local function ask_field(field, question, needed, taken)
  if field.enum or field.type == 'boolean' then
    return choose(field, question, needed, taken)
  end
  local default = field.default ~= nil and field.default ~= vim.NIL and tostring(field.default) or ''
  vim.ui.input({ prompt = question:gsub('\n', '  ') .. ': ', default = default }, function(typed)
    if typed == nil then
      return taken(nil)
    elseif typed == '' and not needed then
      return taken(vim.NIL)
    end
    local value = read(field, typed)
    if value == nil or (typed == '' and needed) then
      local why = typed == '' and 'this one is needed' or 'a number, please'
      local again = question:gsub(' %(a number, please%)$', ''):gsub(' %(this one is needed%)$', '')
      return ask_field(field, ('%s (%s)'):format(again, why), needed, taken)
    end
    taken(value)
  end)
end

--- What becomes of a form that the user left.
---@param message string
---@param chosen fun(what: 'back'|'later'|'decline')
local function left(message, chosen)
  local choices = {
    { what = 'back', name = 'Back to the form' },
    { what = 'decline', name = 'Decline it' },
    { what = 'later', name = 'Answer later' },
  }
  local options =
    { prompt = message, kind = 'cass.question', format_item = function(item) return item.name end }
  vim.ui.select(choices, options, function(choice) chosen(choice and choice.what or 'later') end)
end

--- Have the user fill it in. `ask.draft` keeps what was filled in so far, also when the user turns to it later.
---@param ask cass.Ask of `cass/elicitation/create`
---@param done fun(result: table?) nil when it goes on waiting, or is not asked any more
function M.fill(ask, done)
  local params = ask.params
  local schema = params.requestedSchema or {}
  local names, message = ordered(schema), visible(params.message)
  local is_alone = #names == 1 and names[1] == 'answer'
  ask.draft = ask.draft or {}
  local function step(index)
    if ask.gone then
      vim.notify('cass: that question is not asked any more', vim.log.levels.INFO)
      return done(nil)
    end
    local name = names[index]
    if not name then
      local content = {}
      for key, value in pairs(ask.draft) do
        if value ~= vim.NIL then
          content[key] = value
        end
      end
      return done({ action = 'accept', content = next(content) ~= nil and content or vim.empty_dict() })
    end
    local field = vim.deepcopy(schema.properties[name])
    if ask.draft[name] ~= nil then
      field.default = ask.draft[name]
    end
    local question = message
    if not is_alone then
      local says = field.description and (' - ' .. visible(field.description)) or ''
      question = ('%s  %s%s'):format(question, visible(field.title or name), says)
    end
    -- A question of the model has one field, which nobody needs to fill in, and no choice beside those offered.
    local needed = vim.tbl_contains(schema.required or {}, name)
    local must = needed and not (is_alone and not field.enum)
    ask_field(field, question, must, function(value)
      if value ~= nil then
        ask.draft[name] = value
        return step(index + 1)
      elseif is_alone then
        return done({ action = 'decline' })
      end
      left(message, function(what)
        if what == 'back' then
          return step(index)
        end
        done(what == 'decline' and { action = 'decline' } or nil)
      end)
    end)
  end
  step(1)
end

return M
