/**
 * Lua for many fields at once. Lua passes arguments on its stack, which ends at some 8,000: they go in
 * slices.
 */
export const batches = `
local slice = 2000

local function getMany(key, fields)
  local found = {}
  for from = 1, #fields, slice do
    local to = math.min(from + slice - 1, #fields)
    local values = redis.call('HMGET', key, unpack(fields, from, to))
    for i = 1, to - from + 1 do found[from + i - 1] = values[i] end
  end
  return found
end

local waiting, order = {}, {}

local function batch(command, key, first, second)
  local name = command .. ' ' .. key
  local args = waiting[name]
  if args == nil then
    args = {}
    waiting[name] = args
    order[#order + 1] = {command, key, args}
  end
  args[#args + 1] = first
  if second ~= nil then args[#args + 1] = second end
end

local function flush()
  for _, entry in ipairs(order) do
    local args = entry[3]
    for from = 1, #args, slice do
      redis.call(entry[1], entry[2], unpack(args, from, math.min(from + slice - 1, #args)))
    end
  end
end
`
