--- Reminders and loops of a session: when the next one is.
local M = {}

--- Seconds since 1970 of a time in UTC as `2026-11-26T09:30:00+00:00`; nil for anything else.
---@param text any
---@return integer?
local function seconds(text)
  local year, month, day, hour, minute, second =
    tostring(text):match('^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%+00:00$')
  if not year then
    return nil
  end
  local fields = { year = tonumber(year), month = tonumber(month), day = tonumber(day), isdst = false }
  fields.hour, fields.min, fields.sec = tonumber(hour), tonumber(minute), tonumber(second)
  local here = os.time(fields)
  local utc = os.date('!*t', here) --[[@as osdateparam]]
  utc.isdst = false
  return here + os.difftime(here, os.time(utc))
end

--- `10:35` here, with the day where it is another one; empty for what is no time.
---@param text any
---@return string
function M.clock(text)
  local at = seconds(text)
  if not at then
    return ''
  end
  local today = os.date('%Y-%m-%d') == os.date('%Y-%m-%d', at)
  return os.date(today and '%H:%M' or '%a %H:%M', at) --[[@as string]]
end

--- Take in an update.
---@param waiting table<string, string> times by reminder
---@param update table
function M.take(waiting, update)
  waiting[update.reminderId] = type(update.at) == 'string' and update.at or nil
end

--- When the next one is, in a few words; nil when there is none.
---@param waiting table<string, string>
---@return string?
function M.following(waiting)
  local times = vim.tbl_values(waiting)
  table.sort(times)
  return times[1] and 'next at ' .. M.clock(times[1]) or nil
end

return M
