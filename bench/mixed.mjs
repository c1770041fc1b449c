/**
 * Jobs of one millisecond among jobs of ten seconds. Does a slot stand idle while work waits? And how long do
 * the short ones wait at half load, beside what two common ways of dealing out the same jobs would do to them?
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chanceOf } from '../chaos/chance.mjs'
import { Installation, manyPhases } from './installation.mjs'
import { quantile, round, until } from './processes.mjs'
import { waitsWhenDealt } from './dealt-out.mjs'

const workers = 4
const slots = 2
const [shortMs, longMs] = [1, 10_000]
const idleMsMax = 50
/** Half of the slots are busy with long ones, on average; a tick sends what is due. */
const longPerSecond = (workers * slots) / 2 / (longMs / 1_000)
const shortPerSecond = 200
const tickMs = 5

export async function mixed({ seconds: given, store }) {
  const seconds = Number(given ?? 60)
  const idle = await withInstallation(store, idleWhileWorkWaits)
  const jobs = arrivals(seconds)
  const waits = await withInstallation(store, (installation, runs) =>
    waitsOf(installation, jobs, runs),
  )
  const held = 4 * slots
  return {
    ...{ workers, slots, seconds, idle, shortJobs: waits.length },
    waits: [
      { how: 'Carbontube', ...quantiles(waits) },
      { how: 'held by a worker: 4 a slot, computed', ...shortWaits(jobs, held) },
      { how: 'dealt out in turns (PUSH), computed', ...shortWaits(jobs, Infinity) },
    ],
  }
}

async function withInstallation(store, measure) {
  const folder = mkdtempSync(join(tmpdir(), 'carbontube-runs-'))
  const pipeline = manyPhases(1, { BENCH_RUNS: folder })
  const settings = { concurrency: String(slots), workersOfEach: workers, pipeline }
  const installation = await Installation.open(store, settings)
  try {
    await installation.startWorkers()
    // Workers write their runs when they end.
    const runs = async () => {
      await installation.stopWorkers()
      const files = readdirSync(folder)
      return files.map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')))
    }
    return await measure(installation, runs)
  } finally {
    await installation.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** All at once: until the last has begun, work waits, and no worker may have a free slot for long. */
async function idleWhileWorkWaits(installation, runs) {
  const [short, long] = [10_000, 3 * workers]
  const total = short + long
  const every = Math.floor(total / long)
  await installation.client.pause()
  await installation.feed(total, (n) => ({ ms: n % every === every - 1 ? longMs : shortMs }))
  await installation.client.resume()
  await until(async () => (await installation.shard()).settled.done >= total)
  const all = await runs()
  const starts = all.flat().map(([startedMs]) => startedMs)
  const [begunMs, lastMs] = [minimum(starts), quantile(starts, 1)]
  const gaps = all.flatMap((own) => idleGaps(own, begunMs, lastMs))
  const tooLong = gaps.filter((ms) => ms > idleMsMax)
  return { jobs: total, longestMs: Math.max(0, ...gaps), over50Ms: tooLong.length }
}

/** Milliseconds between two changes in which one worker ran fewer than it may. */
function idleGaps(runs, fromMs, toMs) {
  const changes = runs
    .flatMap(([startedMs, endedMs]) => [
      [startedMs, 1],
      [endedMs, -1],
    ])
    .toSorted(([a, up], [b, other]) => a - b || up - other)
  const gaps = []
  let [running, sinceMs] = [0, fromMs]
  for (const [atMs, change] of changes) {
    if (atMs > toMs) break
    if (running < slots && running + change === slots) gaps.push(atMs - sinceMs)
    if (running === slots && change < 0) sinceMs = atMs
    running += change
  }
  if (running < slots) gaps.push(toMs - sinceMs)
  return gaps
}

/** At random times, the same in every run. */
function arrivals(seconds) {
  const chance = chanceOf(1)
  const some = (perSecond, ms) =>
    Array.from({ length: Math.round(perSecond * seconds) }, () => ({
      ...{ atMs: chance.int(0, seconds * 1_000), ms },
    }))
  return [...some(longPerSecond, longMs), ...some(shortPerSecond, shortMs)].toSorted(
    (a, b) => a.atMs - b.atMs,
  )
}

async function waitsOf(installation, jobs, runs) {
  const { client, pipeline } = installation
  const startedMs = Date.now()
  const sent = []
  for (let next = 0; next < jobs.length;) {
    const due = []
    while (next < jobs.length && startedMs + jobs[next].atMs <= Date.now()) due.push(jobs[next++])
    const group = due.map(({ atMs, ms }) => ({
      ...{ name: pipeline.name, instructions: { ms, sentMs: startedMs + atMs } },
    }))
    sent.push(client.enqueueJobs(group))
    await new Promise((resolve) => setTimeout(resolve, tickMs))
  }
  await Promise.all(sent)
  await until(async () => (await installation.shard()).settled.done >= jobs.length)
  const all = (await runs()).flat()
  return all.flatMap(([began, , ms, sentMs]) => (ms === shortMs ? [began - sentMs] : []))
}

function shortWaits(jobs, heldMax) {
  const waits = waitsWhenDealt(jobs, { workers, slots, heldMax })
  return quantiles(waits.filter((_, at) => jobs[at].ms === shortMs))
}

function quantiles(waits) {
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((share) => round(quantile(waits, share)))
  return { p50Ms, p99Ms, maxMs }
}

function minimum(numbers) {
  return numbers.reduce((least, one) => Math.min(least, one), Infinity)
}

export function mixedTables({ idle, waits }) {
  return [
    {
      head: ['jobs at once', 'longest idle slot while work waits, ms', 'idle for over 50 ms'],
      rows: [[idle.jobs, idle.longestMs, idle.over50Ms]],
    },
    {
      head: ['wait of short jobs at half load', 'p50, ms', 'p99, ms', 'longest, ms'],
      rows: waits.map(({ how, p50Ms, p99Ms, maxMs }) => [how, p50Ms, p99Ms, maxMs]),
    },
  ]
}
