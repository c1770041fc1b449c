/**
 * What waits would be if a broker dealt jobs out in turns: each worker takes them in the order in which they
 * came to it, and holds at most so many, running ones included. Computed, without any cost of its own.
 */

/** `jobs` in the order of `atMs`; answers the milliseconds that each waits, in their order. */
export function waitsWhenDealt(jobs, { workers, slots, heldMax }) {
  const all = Array.from({ length: workers }, () => ({
    freeAtMs: Array.from({ length: slots }, () => 0),
    ends: [],
  }))
  let turn = 0
  let nowMs = 0
  return jobs.map(({ atMs, ms }) => {
    nowMs = Math.max(nowMs, atMs)
    let worker = inTurn(all, turn, { nowMs, heldMax })
    if (worker === undefined) {
      // The broker keeps it, and those behind it, until somebody has ended one.
      nowMs = Math.min(...all.map(({ ends }) => Math.min(...ends)))
      worker = inTurn(all, turn, { nowMs, heldMax })
    }
    turn = all.indexOf(worker) + 1
    return begin(worker, { atMs, ms, nowMs })
  })
}

function inTurn(all, turn, { nowMs, heldMax }) {
  for (const worker of all) worker.ends = worker.ends.filter((endMs) => endMs > nowMs)
  const ordered = all.map((_, at) => all[(turn + at) % all.length])
  return ordered.find(({ ends }) => ends.length < heldMax)
}

function begin({ freeAtMs, ends }, { atMs, ms, nowMs }) {
  const slot = freeAtMs.indexOf(Math.min(...freeAtMs))
  const startMs = Math.max(nowMs, freeAtMs[slot])
  freeAtMs[slot] = startMs + ms
  ends.push(startMs + ms)
  return startMs - atMs
}
