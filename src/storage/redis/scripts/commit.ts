/**
 * One group, in three steps: may it be written at all; what does each mutation make of its job, looked at
 * beside what is stored; write. Redis does not roll a script back, so nothing is written before the last
 * mutation has been found to fit.
 *
 * A record is the list that `../records.ts` names: 1 id, 2 sequence, 3 state, 4 phase, 5 priority, 6
 * attempts, 7 crashes, 8 attemptsMax, 9 enqueued, 10 due, 11 checksum, 12 tokenMin, 13 suspect, 14 ended, 15
 * deathReason, 16 lastError, 17 running, 18 replayOf. `false` stands for what is absent: a hole would make
 * Lua pack the list as a map.
 *
 * Mutations are encoded in `../group-encoding.ts`. Bytes never go through MessagePack, which Redis knows without
 * them: they are one argument, of which a mutation names place and length.
 */
import { batches } from './batches.ts'
import { script, writeOfNothing } from './script.ts'

/** KEYS by name; the ready sets of the phases that the group names follow behind them. */
const names = `
local kShard, kJob, kBody, kHistory, kId, kAll = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local kScheduled, kEnded, kDead, kNoted = KEYS[7], KEYS[8], KEYS[9], KEYS[10]
local kPaused, kCounters = KEYS[11], KEYS[12]
local head = cmsgpack.unpack(ARGV[1])
local epoch, owner, group, number, historyMax = head[1], head[2], head[3], head[4], head[5]
local ready = {}
local previous = head[7]
for i, phase in ipairs(head[6]) do ready[phase] = KEYS[12 + i] end
`

/**
 * The owner names the group that was answered to it last: a server that does not have it any more (it was
 * killed, or a replica took over) has parted from the owner's memory, and only loading anew mends that.
 * A group below the last number of its own owner is late: it was sent on a connection that broke, its
 * owner has long gone on, and nobody waits for the answer.
 */
const gate = `
local row = redis.call('HMGET', kShard, 'epoch', 'owner', 'released', 'group', 'answer', 'number', 'by')
local owned = row[1] == epoch and row[3] == '0' and (owner == '' or row[2] == owner)
if not owned then return {'fenced', row[1] or ''} end
if row[4] == group then return {'ok', row[5]} end
local by = epoch .. ' ' .. row[2]
if row[7] == by and number < tonumber(row[6]) then return {'late'} end
if previous ~= '' and row[4] ~= previous then return {'lost', previous} end
`

/** Everything that the group may look at, read at once. */
const draft = `
local mutations, bytes = cmsgpack.unpack(ARGV[2]), ARGV[3]
local members, listed, wanted, asked = {}, {}, {}, {}
for _, m in ipairs(mutations) do
  if m[1] < 10 then
    if not listed[m[2]] then listed[m[2]] = true; members[#members + 1] = m[2] end
    if m[1] == 1 and not asked[m[3]] then asked[m[3]] = true; wanted[#wanted + 1] = m[3] end
  end
end
local packed, known = {}, {}
for i, value in ipairs(getMany(kJob, members)) do packed[members[i]] = value end
for i, value in ipairs(getMany(kId, wanted)) do known[wanted[i]] = value end

-- The jobs as the group leaves them (false = gone), and where those lie that are stored.
local jobs, ids, body, attempts, anew, touched = {}, {}, {}, {}, {}, {}
local states, phases, noted = {}, {}, {}
local pauses, answers, inserts, stored, last = {}, {}, 0, 0, 0

local function seen(member)
  local job = jobs[member]
  if job ~= nil then return job end
  local value = packed[member]
  if value == nil then value = redis.call('HGET', kJob, member) end
  job = value and cmsgpack.unpack(value) or false
  jobs[member] = job
  if job then
    states[member], phases[member] = job[3], job[4]
    noted[member] = job[17] and job[3] <= 1
  end
  return job
end

local function part(at, length) return string.sub(bytes, at, at + length - 1) end

local function append(member, at, length)
  if at == 0 then return end
  local before = attempts[member]
  attempts[member] = before and before .. part(at, length) or part(at, length)
end
`

/** What each type of mutation does; the numbers are those of `../group-encoding.ts`. */
const changes = `
local change = {}
change[2] = function(job, m)
  job[3], job[4], job[6], job[7], job[8], job[10] = 0, m[5], 0, 0, 0, m[6]
  job[13], job[16], job[17] = false, false, false
  body[m[2]] = part(m[7], m[8])
  append(m[2], m[9], m[10])
end
change[3] = function(job, m)
  job[3], job[10], job[6], job[7], job[17] = m[5], m[6], m[7], m[8], false
  if m[9] then job[16] = m[9] end
  append(m[2], m[10], m[11])
end
change[4] = function(job, m)
  job[3], job[14], job[6], job[7], job[17] = m[5], m[6], m[7], m[8], false
  if m[9] then job[15] = m[9] end
  if m[5] == 2 then job[16] = false elseif m[10] then job[16] = m[10] end
  if m[11] ~= 0 then body[m[2]] = part(m[11], m[12]) end
  append(m[2], m[13], m[14])
end
change[5] = function(job, m)
  job[3], job[12], job[13], job[7], job[17] = 0, m[5], m[6], m[7], false
  append(m[2], m[8], m[9])
end
change[6] = function(job, m) job[17] = m[5] end
change[7] = function(job, m)
  job[3], job[8], job[10], job[14], job[15] = 0, m[5], m[6], false, false
end
change[8] = function(job, m)
  jobs[m[2]], ids[job[1]] = false, false
  body[m[2]], attempts[m[2]], anew[m[2]] = nil, nil, true
end
change[9] = change[8]

local function misfit(job, m)
  if not job then return 'no such job' end
  if job[4] ~= m[4] then return 'phase ' .. job[4] end
  if job[1] ~= m[3] then return 'job ' .. job[1] end
  local state, kind = job[3], m[1]
  local fits = state <= 1
  if kind == 7 or kind == 8 then fits = state == 4 elseif kind == 9 then fits = state >= 2 end
  if not fits then return 'state ' .. state end
end

local function insert(m)
  local member, id = m[2], m[3]
  local other = ids[id]
  if other == nil then other = known[id] end
  inserts = inserts + 1
  if other then
    local same = seen(other)[11] == m[5][11]
    answers[#answers + 1] = (inserts - 1) .. (same and 'd' or 'c')
    return nil
  end
  if seen(member) then return 'its sequence is taken' end
  jobs[member], ids[id], body[member] = m[5], member, part(m[6], m[7])
  attempts[member], anew[member], touched[member] = nil, true, true
  stored = stored + 1
  last = math.max(last, m[5][2])
end

for i, m in ipairs(mutations) do
  local kind, why = m[1], nil
  if kind >= 10 then
    pauses[m[2]] = kind == 10
  elseif kind == 1 then
    why = insert(m)
  else
    local job = seen(m[2])
    why = misfit(job, m)
    if not why then change[kind](job, m); touched[m[2]] = true end
  end
  if why then return {'misfit', i - 1, why} end
end
`

/** Where jobs lie, before and after; then all changes of one key in one command. */
const write = `
local deltas = {}
local function count(name, by) deltas[name] = (deltas[name] or 0) + by end

local names = {[2] = 'done', [3] = 'cancelled', [4] = 'dead'}
local waitingNames = {[0] = {}, [1] = {}}
for phase in pairs(ready) do
  waitingNames[0][phase], waitingNames[1][phase] = 'r' .. phase, 's' .. phase
end
local function place(state, phase)
  if state == 0 then return ready[phase], waitingNames[0][phase] end
  if state == 1 then return kScheduled, waitingNames[1][phase] end
  return state == 4 and kDead or kEnded, names[state]
end

-- Redis would print a number with seventeen digits, which takes four times as long.
local function whole(number)
  return string.format(number % 1 == 0 and '%d' or '%.17g', number)
end

local function score(job)
  local state = job[3]
  if state == 0 then return whole((10 - job[5]) * 17592186044416 + job[2]) end
  return whole(state == 1 and job[10] or job[14] or 0)
end

-- A group with new jobs begins with a write that takes room, for a full server to refuse; settling goes on.
if stored > 0 then redis.call('HSET', kShard, 'schema', '1') else ${writeOfNothing('kShard')} end

local added, taken = {}, {}
local function setOf(writersOf, command, key)
  local made = writersOf[key]
  if made == nil then made = writer(command, key); writersOf[key] = made end
  return made
end
local setJob, setBody, setHistory = writer('HSET', kJob), writer('HSET', kBody), writer('HSET', kHistory)
local dropJob, dropBody, dropHistory =
  writer('HDEL', kJob), writer('HDEL', kBody), writer('HDEL', kHistory)

local grown = {}

for _, member in ipairs(members) do
  if touched[member] then
    local job, state = jobs[member], states[member]
    local oldKey, oldName, newKey, newName
    if state then oldKey, oldName = place(state, phases[member]) end
    if job then newKey, newName = place(job[3], job[4]) end
    if oldName ~= newName then
      if oldName then count(oldName, -1) end
      if newName then count(newName, 1) end
    end
    if oldKey and oldKey ~= newKey then put(setOf(taken, 'ZREM', oldKey), member) end
    local isNoted = job and job[17] and job[3] <= 1
    if noted[member] and not isNoted then put(setOf(taken, 'ZREM', kNoted), member) end
    if job then
      put(setJob, member, cmsgpack.pack(job))
      put(setOf(added, 'ZADD', newKey), score(job), member)
      if body[member] then put(setBody, member, body[member]) end
      if isNoted then put(setOf(added, 'ZADD', kNoted), whole(job[2]), member) end
      if not state then put(setOf(added, 'ZADD', kAll), whole(job[2]), member) end
      if attempts[member] then
        grown[#grown + 1] = member
      elseif state and anew[member] then
        put(dropHistory, member)
      end
    elseif state then
      put(dropJob, member)
      put(dropBody, member)
      put(dropHistory, member)
      put(setOf(taken, 'ZREM', kAll), member)
    end
  end
end

for i, old in ipairs(getMany(kHistory, grown)) do
  local member = grown[i]
  local kept = old and not anew[member] and #old <= historyMax
  put(setHistory, member, kept and old .. attempts[member] or attempts[member])
end
local setId, dropId = writer('HSET', kId), writer('HDEL', kId)
for id, member in pairs(ids) do
  if member then put(setId, id, member) else put(dropId, id) end
end
local pause, resume = writer('SADD', kPaused), writer('SREM', kPaused)
for phase, paused in pairs(pauses) do put(paused and pause or resume, phase) end
flush()

for name, by in pairs(deltas) do
  if by ~= 0 and redis.call('HINCRBY', kCounters, name, by) == 0 then
    redis.call('HDEL', kCounters, name)
  end
end
local answer = table.concat(answers, ' ')
redis.call('HSET', kShard, 'group', group, 'answer', answer, 'by', by, 'number', number)
if last > 0 then
  local sequence = tonumber(redis.call('HGET', kShard, 'sequence') or '0')
  redis.call('HSET', kShard, 'sequence', string.format('%.0f', math.max(last, sequence)))
end
return {'ok', answer}
`

/** → {'ok', answer}, {'fenced', epoch}, {'late'}, {'lost', group} or {'misfit', index, why}. */
export const commitScript = script(
  [names, gate, batches, draft, changes, `do ${write} end`].join('\n'),
)
