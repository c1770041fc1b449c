// Workers are killed one after the other while they run jobs; measured is how long each of those jobs takes
// from the kill to its start on another worker.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { PipelineClient } from 'carbontube'
import { chanceOf } from './chance.mjs'
import { openCompany } from './company.mjs'
import { judge } from './verdict.mjs'

const workers = 4
const jobsInRound = 8
const roundMsMax = 60_000

/**
 * @param {{ seed: number, kills: number, say?: (line: string) => void }} options
 * @returns {Promise<{ moves: number[], findings: string[] }>} `moves`: milliseconds, one for each job moved
 */
export async function runKills({ seed, kills, say = () => {} }) {
  const company = await openCompany({
    ...{ pipeline: 'kills', jobTypes: ['held'], workersPerPhase: workers },
    isProxied: false,
  })
  const endWithUs = () => {
    for (const { member } of company.sites) if (member.pid) process.kill(member.pid, 'SIGKILL')
  }
  process.once('exit', endWithUs)
  const client = new PipelineClient(company.address, { timeout: 15_000 })
  const moves = []
  const findings = []
  try {
    await company.start()
    await client.connect()
    const rounds = new Rounds(company, client, chanceOf(seed))
    for (let kill = 1; kill <= kills; kill++) {
      moves.push(...(await rounds.next()))
      if (kill % 50 === 0) say(`${kill} kills`)
    }
    await rounds.settled()
    await company.stop()
    const { store, ledger } = company
    const verdict = await judge({ store, ledger, jobTypes: [], acknowledged: rounds.acknowledged })
    findings.push(...verdict.findings)
  } catch (error) {
    findings.push(`broke off after ${moves.length} moves: ${error?.stack ?? error}`)
  } finally {
    process.off('exit', endWithUs)
    client.close()
    findings.push(...company.findings)
    await company.close({ keepFolder: findings.length > 0 })
    if (findings.length > 0) findings.push(`logs, store and ledger are in ${company.folder}`)
  }
  return { moves, findings }
}

class Rounds {
  #company
  #client
  #chance
  #round = 0
  /** @type {Set<string>} */
  acknowledged = new Set()

  constructor(company, client, chance) {
    this.#company = company
    this.#client = client
    this.#chance = chance
  }

  /** A worker is killed; answers how long each of its jobs took to start elsewhere. */
  async next() {
    this.#round += 1
    await this.#workersReady()
    const release = join(this.#company.folder, `release-${this.#round}`)
    const prefix = `r${this.#round}-`
    const jobs = Array.from({ length: jobsInRound }, (_, n) => ({
      ...{ name: 'kills', id: `${prefix}${n}`, instructions: { n, until: release } },
    }))
    for (const { ok, job } of await this.#client.enqueueJobs(jobs)) {
      if (ok) this.acknowledged.add(job.id)
    }
    const entries = () => this.#entries(prefix)
    await until(() => entries().length === jobsInRound, 'all jobs run')
    const { member } = this.#chance.pick(this.#company.workers)
    const held = new Set(entries().flatMap(({ pid, jobId }) => (pid === member.pid ? jobId : [])))
    const victim = member.pid
    await sleep(this.#chance.int(0, 100))
    const killedMs = Date.now()
    await member.kill()
    const moved = () => entries().filter(({ jobId, pid }) => held.has(jobId) && pid !== victim)
    await until(() => moved().length >= held.size, `${held.size} jobs run elsewhere`)
    const moves = moved().map(({ atMs }) => atMs - killedMs)
    member.start()
    writeFileSync(release, '')
    return moves
  }

  async settled() {
    await until(async () => {
      const { done } = (await this.#client.status()).shards[0].settled
      return done >= this.acknowledged.size
    }, 'all jobs are done')
  }

  #workersReady() {
    return until(async () => {
      const [shard] = (await this.#client.status()).shards
      const ready = shard.workers.filter(({ state }) => state === 'ready')
      return ready.length === workers && ready.every(({ running }) => running === 0)
    }, 'all workers are ready')
  }

  #entries(prefix) {
    if (!existsSync(this.#company.ledger)) return []
    const lines = readFileSync(this.#company.ledger, 'utf8').split('\n')
    return lines.flatMap((line) => (line.includes(`"${prefix}`) ? JSON.parse(line) : []))
  }
}

async function until(condition, what) {
  for (const endMs = performance.now() + roundMsMax; performance.now() < endMs; await sleep(10)) {
    if (await condition()) return
  }
  throw new Error(`waited ${roundMsMax} ms until ${what}`)
}
