// One campaign: a company under a steady load, faults for so long, then whole again until every job has
// settled, then the verdict. Used by the script, and in short by the tests.
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineClient } from 'carbontube'
import { chanceOf } from './chance.mjs'
import { openCompany } from './company.mjs'
import { injectFaults, planFaults } from './faults.mjs'
import { Feed } from './feed.mjs'
import { judge } from './verdict.mjs'

const jobTypes = ['first', 'second', 'third']
/** Nothing settles for so long: then it never will. */
const stalledAfterMs = 60_000

/**
 * @typedef {{ seed: number, seconds: number, jobs: number, everyMs?: number, workersPerPhase?: number,
 *   say?: (line: string) => void }} CampaignOptions `everyMs`: mean time between two faults
 */

/**
 * What happened; only `seed` and `findings` when it broke off. It has passed when there are no findings.
 *
 * @typedef {{ seed: number, findings: string[], faults?: Record<string, number>,
 *   acknowledged?: number, repeats?: number, lost?: number, unsettled?: number, doubles?: number,
 *   executions?: number, repeated?: number, violations?: number, warnings?: number,
 *   states?: Record<string, number>, seconds?: number, healingSeconds?: number }} CampaignReport
 */

/** @param {CampaignOptions} options @returns {Promise<CampaignReport>} */
export async function runCampaign(options) {
  const { seed, workersPerPhase = 3, say = () => {} } = options
  const company = await openCompany({ pipeline: 'chaos', jobTypes, workersPerPhase })
  const endWithUs = () => {
    for (const { member } of company.sites) if (member.pid) process.kill(member.pid, 'SIGKILL')
  }
  process.once('exit', endWithUs)
  say(`seed ${seed}; folder ${company.folder}`)
  let report
  try {
    report = await underFaults(company, { everyMs: 1_800, ...options, say })
  } catch (error) {
    report = { findings: [`the campaign broke off: ${error?.stack ?? error}`] }
  } finally {
    process.off('exit', endWithUs)
    const keepFolder = report === undefined || report.findings.length > 0
    await company.close({ keepFolder })
    if (keepFolder) report?.findings.push(`logs, store and ledger are in ${company.folder}`)
  }
  return { seed, ...report }
}

async function underFaults(company, { seed, seconds, jobs, everyMs, say }) {
  const lengthMs = seconds * 1_000
  const chance = chanceOf(seed)
  const plan = planFaults(chance, { lengthMs, workers: company.workers.length, everyMs })
  await company.start()
  const client = new PipelineClient(company.address, { timeout: 15_000 })
  try {
    await client.connect()
    await workersReady(client, company.workers.length)
    const perSecond = Math.ceil((jobs / lengthMs) * 1_000)
    const feed = new Feed(client, { pipeline: 'chaos', prefix: `s${seed}`, perSecond })
    const startedMs = performance.now()
    const fed = feed.run({ lengthMs, jobsMin: jobs })
    const faults = await injectFaults({ company, feed }, plan, lengthMs)
    await company.heal()
    say(`faults are over, ${feed.acknowledged.size} jobs acknowledged`)
    const healedMs = performance.now()
    await fed
    await feed.answered()
    const stalled = await untilSettled(client, feed.acknowledged.size)
    const endedMs = performance.now()
    say('settled, stopping')
    await company.stop()
    const { store, ledger } = company
    const verdict = await judge({ store, ledger, jobTypes, acknowledged: feed.acknowledged })
    return {
      ...{ ...verdict, faults, acknowledged: feed.acknowledged.size, repeats: feed.repeats },
      seconds: (endedMs - startedMs) / 1_000,
      healingSeconds: (endedMs - healedMs) / 1_000,
      findings: [...company.findings, ...feed.findings, ...stalled, ...verdict.findings],
    }
  } finally {
    client.close()
  }
}

async function workersReady(client, count) {
  for (const endMs = performance.now() + 60_000; performance.now() < endMs; await sleep(50)) {
    const [shard] = (await client.status()).shards
    if (shard.workers.filter(({ state }) => state === 'ready').length === count) return
  }
  throw new Error(`${count} workers were not ready within a minute`)
}

/** Answers a finding when it does not come to its end. */
async function untilSettled(client, jobs) {
  let last = -1
  let changedMs = performance.now()
  let shard
  while (performance.now() - changedMs < stalledAfterMs) {
    try {
      shard = (await client.status()).shards[0]
    } catch {
      continue
    }
    const { done, dead, cancelled } = shard.settled
    const settled = done + dead + cancelled
    if (settled >= jobs) return []
    if (settled !== last) changedMs = performance.now()
    last = settled
    await sleep(100)
  }
  return [`${jobs - last} jobs do not settle: ${JSON.stringify(shard)}`]
}
