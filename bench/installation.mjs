/** The pipeline of the benchmarks as processes: a manager on a store of its own, a worker for each phase, a client. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PipelineClient } from 'carbontube'
import { end, freePort, start, until } from './processes.mjs'
import { openStore } from './stores.mjs'

const file = fileURLToPath(new URL('three-phases.mjs', import.meta.url))
const groupSize = 500
const groupsInFlight = 8
const text = 'x'.repeat(160)

export class Installation {
  workers = []
  #folder
  #doors
  #concurrency

  /** Begins with an empty store and no workers. */
  static async open(store, { concurrency }) {
    const one = new Installation()
    one.#folder = await mkdtemp(join(tmpdir(), 'carbontube-bench-'))
    one.#concurrency = concurrency
    // The router door is the pull door's neighbour, and nobody asks for the pub door.
    one.#doors = [1, 2].map(() => freePort().then((port) => `tcp://127.0.0.1:${port}`))
    one.#doors = await Promise.all(one.#doors)
    one.store = await openStore(store, one.#folder)
    one.startManager()
    one.client = new PipelineClient(one.#doors[0], { timeout: 60_000 })
    await until(() => one.client.connect().then(() => true, isNotUpYet))
    return one
  }

  /** Again under the same id, on the same host: it need not wait for the end of its own lease. */
  startManager() {
    const [pull, sub] = this.#doors
    const doors = ['--pull-bind', pull, '--sub-bind', sub, '--pub-bind', 'tcp://127.0.0.1:*']
    const args = ['pipeline', file, ...doors, '--manager-id', 'bench']
    this.manager = start(this.#folder, args, this.store.env)
  }

  /** `noting`: in `seenFile`, when the first phase executes again after a pause. */
  async startWorkers({ noting = false } = {}) {
    const [pull, sub] = this.#doors
    const links = ['--push-connect', pull, '--pub-connect', sub, '--concurrency', this.#concurrency]
    const env = noting ? { ...this.store.env, BENCH_SEEN: this.seenFile } : this.store.env
    this.workers = ['first', 'second', 'third'].map((type) =>
      start(this.#folder, ['phase', file, type, ...links], env),
    )
    await until(async () => (await this.shard()).phases.every(({ workers }) => workers > 0))
  }

  async stopWorkers() {
    await Promise.all(this.workers.map((child) => end(child)))
    this.workers = []
  }

  get seenFile() {
    return join(this.#folder, 'seen')
  }

  /** Enqueues so many jobs, in groups, some of them at once. */
  async feed(jobs) {
    let sent = 0
    const sendGroups = async () => {
      while (sent < jobs) {
        const count = Math.min(groupSize, jobs - sent)
        sent += count
        const group = Array.from({ length: count }, (_, n) => ({
          name: 'three-phases',
          instructions: { n, text },
        }))
        const answers = await this.client.enqueueJobs(group)
        if (!answers.every(({ ok }) => ok)) throw new Error('a job was refused')
      }
    }
    await Promise.all(Array.from({ length: groupsInFlight }, sendGroups))
  }

  async shard() {
    return (await this.client.status()).shards[0]
  }

  async close() {
    this.client?.close()
    await this.stopWorkers()
    await end(this.manager)
    await this.store.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** Executions that have ended, by what the jobs of a shard have behind them. */
export function executions({ phases, settled }) {
  const underWay = phases.map(({ waiting, running }, phase) => phase * (waiting + running))
  return underWay.reduce((sum, one) => sum + one, phases.length * settled.done)
}

/** A connect that was refused by nobody there: a busy machine takes its time to start a manager. */
function isNotUpYet(error) {
  if (error.code === 'CT_UNREACHABLE') return false
  throw error instanceof Error ? error : new Error(String(error))
}
