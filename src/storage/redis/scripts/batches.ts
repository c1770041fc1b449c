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

-- Gathers the arguments of one command on one key; flush sends all, in the order of these calls.
local writers = {}
local function writer(command, key)
  local made = {command = command, key = key, args = {}, count = 0}
  writers[#writers + 1] = made
  return made
end

local function put(to, first, second)
  local count = to.count + 1
  to.args[count] = first
  if second ~= nil then
    count = count + 1
    to.args[count] = second
  end
  to.count = count
end

local function flush()
  for _, made in ipairs(writers) do
    local args, count = made.args, made.count
    for from = 1, count, slice do
      redis.call(made.command, made.key, unpack(args, from, math.min(from + slice - 1, count)))
    end
  end
end
`
