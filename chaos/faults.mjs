// What goes wrong in a campaign: a plan, drawn from the seed before anything starts, and the hands that
// carry it out. A fault whose process is down already is left out, and not counted.
import { setTimeout as sleep } from 'node:timers/promises'

const kinds = { killWorker: 5, killManager: 2, freezeWorker: 3, freezeManager: 1.5, cutLink: 6 }
const cuts = { both: 3, toServer: 2, toClient: 2, reset: 2, refuse: 1 }
/** Half of them shorter than a beat, some long enough for connections and ownership to end. */
const lengths = [
  [50, 900],
  [50, 900],
  [900, 4_500],
  [4_500, 13_000],
]

/** An aimed kill of the manager comes right after it has answered a client, or after so long without. */
const aimMsMax = 2_000

/**
 * @typedef {{ atMs: number, kind: keyof typeof kinds, forMs: number, worker: number, door: string,
 *   cut: import('./tcp-proxy.mjs').Cut, refuses: boolean, isAimed: boolean }} Fault
 */

/**
 * @param {import('./chance.mjs').Chance} chance
 * @param {{ lengthMs: number, workers: number, everyMs: number }} size `everyMs`: the mean time from the
 *   beginning of one fault to that of the next
 * @returns {Fault[]}
 */
export function planFaults(chance, { lengthMs, workers, everyMs }) {
  /** @type {Fault[]} */
  const plan = []
  let atMs = 1_000
  while (atMs < lengthMs) {
    const kind = chance.weighted(kinds)
    const [low, high] = chance.pick(lengths)
    const isKill = kind === 'killWorker' || kind === 'killManager'
    plan.push({
      ...{ atMs, kind, forMs: chance.int(low, isKill ? Math.min(high, 5_000) : high) },
      ...{ worker: chance.int(0, workers - 1), cut: chance.weighted(cuts) },
      door: chance.pick(['pull', 'router', 'sub', 'worker', 'worker']),
      // A relay on the way may go on listening although the process behind it is dead.
      refuses: chance.next() < 0.7,
      isAimed: chance.next() < 0.5,
    })
    atMs += chance.pause(everyMs)
  }
  return plan
}

/**
 * Carries out a plan; resolves when its last fault has begun. The company is to be healed afterwards.
 *
 * @param {{ company: import('./company.mjs').Company, feed: import('./feed.mjs').Feed }} scene
 * @param {readonly Fault[]} plan
 * @param {number} lengthMs
 * @returns {Promise<Record<string, number>>} how many faults there were of each kind
 */
export async function injectFaults(scene, plan, lengthMs) {
  /** @type {Record<string, number>} */
  const counts = {}
  const startedMs = performance.now()
  const over = new AbortController()
  const underWay = new Set()
  for (const fault of plan) {
    await sleep(Math.max(0, startedMs + fault.atMs - performance.now()))
    const done = inject(scene, fault, over.signal, (name) => {
      counts[name] = (counts[name] ?? 0) + 1
    }).finally(() => underWay.delete(done))
    underWay.add(done)
  }
  await sleep(Math.max(0, startedMs + lengthMs - performance.now()))
  over.abort()
  await Promise.all(underWay)
  return counts
}

async function inject({ company, feed }, fault, signal, count) {
  const { kind, worker } = fault
  const site =
    kind === 'killManager' || kind === 'freezeManager' ? company.manager : company.workers[worker]
  const who = site === company.manager ? 'the manager' : 'a worker'
  if (kind === 'cutLink') return cutLink(company, fault, signal, count)
  if (!site.member.isUp) return
  if (kind === 'killManager' && fault.isAimed) {
    await Promise.race([feed.nextAnswer(), pause(aimMsMax, signal)])
    if (!site.member.isUp) return
  }
  if (kind === 'killManager' || kind === 'killWorker') {
    count(`kill -9 of ${who}${site.member.isFrozen ? ' while it is frozen' : ''}`)
    await killAndRestart(site, fault, signal)
  } else if (!site.member.isFrozen) {
    count(`SIGSTOP of ${who}${fault.forMs > 4_500 ? ' past its beats' : ''}`)
    site.member.freeze()
    await pause(fault.forMs, signal)
    site.member.thaw()
  }
}

async function killAndRestart({ member, doors }, { forMs, refuses }, signal) {
  await member.kill()
  if (refuses) for (const door of Object.values(doors)) await door.shut()
  await pause(forMs, signal)
  for (const door of Object.values(doors)) await door.reopen()
  if (!member.isUp) member.start()
}

async function cutLink({ manager, workers }, { door, worker, cut, forMs }, signal, count) {
  const proxy = door === 'worker' ? workers[worker].doors.worker : manager.doors[door]
  const place = door === 'worker' ? "a worker's pull door" : `the ${door} door`
  if (!(await proxy.cut(cut))) return
  count(`${cut} cut at ${place}`)
  await pause(forMs, signal)
  if (cut !== 'reset') await proxy.heal()
}

async function pause(ms, signal) {
  await sleep(ms, undefined, { signal }).catch(() => undefined)
}
