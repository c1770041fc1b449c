/** Removes a slice of settled jobs by the policy, as `../../memory/retention.ts` says it. */
import { batches } from './batches.ts'
import { script } from './script.ts'

/**
 * KEYS: job, body, history, id, all, ended, dead, counters. ARGV: dead before (ms), ended before (ms), jobs
 * kept, limit. → how many were removed.
 */
export const pruneScript = script(`${batches}
local kJob, kBody, kHistory, kId, kAll = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local kEnded, kDead, kCounters = KEYS[6], KEYS[7], KEYS[8]
local keep, left = tonumber(ARGV[3]), tonumber(ARGV[4])
local names = {[2] = 'done', [3] = 'cancelled', [4] = 'dead'}
local gone = {}

local fromAll, fromId = writer('ZREM', kAll), writer('HDEL', kId)
local jobs, bodies, histories = writer('HDEL', kJob), writer('HDEL', kBody), writer('HDEL', kHistory)

local function drop(set, members)
  local fromSet = writer('ZREM', set)
  for i, value in ipairs(getMany(kJob, members)) do
    local member = members[i]
    put(fromSet, member)
    put(fromAll, member)
    put(bodies, member)
    put(histories, member)
    put(jobs, member)
    if value then
      local job = cmsgpack.unpack(value)
      put(fromId, job[1])
      local name = names[job[3]]
      gone[name] = (gone[name] or 0) + 1
    end
  end
  left = left - #members
end

drop(kDead, redis.call('ZRANGEBYSCORE', kDead, '-inf', '(' .. ARGV[1], 'LIMIT', 0, left))
local old = redis.call('ZCOUNT', kEnded, '-inf', '(' .. ARGV[2])
local many = math.max(old, redis.call('ZCARD', kEnded) - keep)
local first = math.min(left, many)
if first > 0 then drop(kEnded, redis.call('ZRANGE', kEnded, 0, first - 1)) end
flush()
for name, by in pairs(gone) do
  if redis.call('HINCRBY', kCounters, name, -by) == 0 then redis.call('HDEL', kCounters, name) end
end
return tonumber(ARGV[4]) - left
`)
