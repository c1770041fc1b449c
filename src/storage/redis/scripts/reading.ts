/**
 * What the owner loads, in one round trip. A job that is asked for by member comes as record, instructions
 * and attempts.
 */
import { batches } from './batches.ts'
import { script } from './script.ts'

const rows = `
local function rowsOf(members)
  if #members == 0 then return {{}, {}, {}} end
  return {getMany(KEYS[1], members), getMany(KEYS[2], members), getMany(KEYS[3], members)}
end
`

/** KEYS: job, body, history, ready set. ARGV: lowest score, limit. */
export const readyScript = script(`${batches}${rows}
return rowsOf(redis.call('ZRANGEBYSCORE', KEYS[4], ARGV[1], '+inf', 'LIMIT', 0, ARGV[2]))
`)

/**
 * KEYS: job, body, history, scheduled set. ARGV: untilMs, limit, cursor's due time or '', its member.
 * → rows, due time of the next one or ''. Among jobs that are due together the place of the cursor is found
 * by halving: they may be thousands, and its own job may have left.
 */
export const dueScript = script(`${batches}${rows}
local key, untilMs, limit = KEYS[4], tonumber(ARGV[1]), tonumber(ARGV[2])
local first = 0
if ARGV[3] ~= '' then
  local low = redis.call('ZCOUNT', key, '-inf', '(' .. ARGV[3])
  local high = redis.call('ZCOUNT', key, '-inf', ARGV[3])
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZRANGE', key, middle, middle)[1] <= ARGV[4] then low = middle + 1 else high = middle end
  end
  first = low
end
local found = redis.call('ZRANGE', key, first, first + limit, 'WITHSCORES')
local members, nextDue = {}, ''
for i = 1, #found, 2 do
  if #members < limit and tonumber(found[i + 1]) <= untilMs then
    members[#members + 1] = found[i]
  else
    nextDue = found[i + 1]
    break
  end
end
return {rowsOf(members), nextDue}
`)

/** KEYS: job, body, history, id. ARGV: ids. Unknown ones are left out. */
export const byIdScript = script(`${batches}${rows}
local members = {}
for _, member in ipairs(getMany(KEYS[4], ARGV)) do
  if member then members[#members + 1] = member end
end
return rowsOf(members)
`)

/** KEYS: job, body, history, shard, counters, scheduled, paused, noted. */
export const summaryScript = script(`${batches}${rows}
return {
  redis.call('HGET', KEYS[4], 'sequence') or '0',
  redis.call('HGETALL', KEYS[5]),
  redis.call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES'),
  redis.call('SMEMBERS', KEYS[7]),
  rowsOf(redis.call('ZRANGE', KEYS[8], 0, -1)),
}
`)

/** KEYS: sets. → their members, of all at one moment. */
export const membersScript = script(`
local members = {}
for _, key in ipairs(KEYS) do
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do members[#members + 1] = member end
end
return members
`)

/** KEYS: counters. A script, because ioredis would make an object of the answer to HGETALL. */
export const countersScript = script(`return redis.call('HGETALL', KEYS[1])`)
