/**
 * The rule of `../../ownership.ts` in Lua, by the server's clock. Epochs are whole numbers below 2^53, which
 * Lua would print with 14 digits: hence `%.0f`. A full memory stops none of this: owners renew, and settle.
 */
import { script, writeOfNothing } from './script.ts'

/** Milliseconds: the server's, unless a test gives its own. */
const clock = `
local function now(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
end
`

/** Whether the stored owner is the one that asks; an empty owner stands for whoever has the epoch. */
const owns = `
local function owns(row, epoch, owner)
  return row[1] == epoch and row[3] == '0' and (owner == '' or row[2] == owner)
end
`

/** KEYS: shard. ARGV: owner, ttlMs, nowMs or ''. → {1, epoch, unclean} or {0, owner, untilMs}. */
export const acquireScript = script(`${clock}
local row = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'released', 'until')
local owner, ttl, nowMs = ARGV[1], tonumber(ARGV[2]), now(ARGV[3])
local unclean = row[1] and row[3] ~= '1'
if unclean and tonumber(row[4]) > nowMs and row[2] ~= owner then return {0, row[2], row[4]} end
local epoch = math.max(tonumber(row[1] or '0') + 1, math.floor(nowMs * 1000))
local text = string.format('%.0f', epoch)
${writeOfNothing('KEYS[1]')}
redis.call('HSET', KEYS[1], 'owner', owner, 'epoch', text, 'released', '0',
  'until', string.format('%.17g', nowMs + ttl))
return {1, text, unclean and 1 or 0}
`)

/** KEYS: shard. ARGV: epoch, owner, ttlMs, nowMs or ''. → 1 or 0. */
export const renewScript = script(`${clock}${owns}
local row = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'released')
if not owns(row, ARGV[1], ARGV[2]) then return 0 end
${writeOfNothing('KEYS[1]')}
redis.call('HSET', KEYS[1], 'until', string.format('%.17g', now(ARGV[4]) + tonumber(ARGV[3])))
return 1
`)

/** KEYS: shard. ARGV: epoch, owner. → 1 or 0. */
export const releaseScript = script(`${owns}
local row = redis.call('HMGET', KEYS[1], 'epoch', 'owner', 'released')
if not owns(row, ARGV[1], ARGV[2]) then return 0 end
${writeOfNothing('KEYS[1]')}
redis.call('HSET', KEYS[1], 'released', '1')
return 1
`)

/** KEYS: shard. ARGV: nowMs or ''. → the owner whom others have to wait for, or nil. */
export const holderScript = script(`${clock}
local row = redis.call('HMGET', KEYS[1], 'owner', 'released', 'until')
if not row[1] or row[2] == '1' or tonumber(row[3]) <= now(ARGV[1]) then return false end
return row[1]
`)

const knownShards = `
local function shardsOf(name)
  local known = redis.call('HGET', KEYS[1], name)
  return known and cjson.decode(known).shards
end
`

/** KEYS: registry. ARGV: pipeline, its job types as JSON, nowMs, shards. → its shards: those of the first time. */
export const registerScript = script(`${knownShards}
local shards = shardsOf(ARGV[1]) or tonumber(ARGV[4])
${writeOfNothing('KEYS[1]')}
redis.call('HSET', KEYS[1], ARGV[1], '{"jobTypes":' .. ARGV[2] .. ',"lastSeenMs":' .. ARGV[3] ..
  ',"shards":' .. string.format('%.0f', shards) .. '}')
return shards
`)

/** KEYS: registry. ARGV: pipeline. → its shards, 0 when it was never registered. */
export const shardsScript = script(`${knownShards}
return shardsOf(ARGV[1]) or 0
`)
