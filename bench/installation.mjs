/** The pipeline of the benchmarks as processes: managers on a store of their own, workers of each phase, a client. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PipelineClient } from 'carbontube'
import { end, freePort, start, startCommand, until, untilReady } from './processes.mjs'
import { openStore } from './stores.mjs'

const threePhases = {
  file: 'three-phases.mjs',
  name: 'three-phases',
  types: ['first', 'second', 'third'],
}
const groupSize = 500
const groupsInFlight = 8
/** A process each for hundreds of workers would measure the memory of the machine. */
const crowdProcesses = 10
const text = 'x'.repeat(160)

export class Installation {
  workers = []
  managers = []
  pipeline
  #folder
  #doors = []
  #concurrency
  #shards
  #workersOfEach
  #managerFlags

  /** Begins with an empty store and no workers. `pipeline`: another than that of three phases. `managerFlags`: of Node. */
  static async open(store, { concurrency, pipeline = threePhases, ...sizes }) {
    const { managers = 1, shards = 1, workersOfEach = 1, managerFlags = [] } = sizes
    const one = new Installation()
    one.pipeline = pipeline
    one.#folder = await mkdtemp(join(tmpdir(), 'carbontube-bench-'))
    one.#concurrency = concurrency
    one.#shards = shards
    one.#managerFlags = managerFlags
    one.#workersOfEach = workersOfEach
    // The router door is the neighbour of the pull door, the pub door that of the sub door.
    const door = () => freePort().then((port) => `tcp://127.0.0.1:${port}`)
    for (let at = 0; at < managers; at++) one.#doors.push([await door(), await door()])
    one.store = await openStore(store, one.#folder)
    for (let at = 0; at < managers; at++) one.startManager(at)
    const addresses = one.#doors.map(([pull]) => pull)
    one.client = new PipelineClient(addresses, { timeout: 60_000 })
    await until(() => one.client.connect().then(() => true, isNotUpYet))
    await until(async () => isShared(await one.client.status(), managers))
    return one
  }

  get manager() {
    return this.managers[0]
  }

  /** Again under the same id, on the same host: it need not wait for the end of its own lease. */
  startManager(at = 0) {
    const [pull, sub] = this.#doors[at]
    const doors = ['--pull-bind', pull, '--sub-bind', sub, '--pub-bind', 'tcp://127.0.0.1:*']
    const args = ['pipeline', this.#file, ...doors, '--manager-id', `bench-${at}`]
    const shards = this.#shards === 1 ? [] : ['--shards', String(this.#shards)]
    this.managers[at] = start(this.#folder, [...args, ...shards], this.#env, this.#managerFlags)
  }

  /** `noting`: in `seenFile`, when the first phase executes again after a pause. */
  async startWorkers({ noting = false } = {}) {
    const doors = this.doors.flatMap(([pull, sub]) => [
      ...['--push-connect', pull, '--pub-connect', sub],
    ])
    const links = [...doors, '--concurrency', this.#concurrency]
    const types = Array.from({ length: this.#workersOfEach }, () => this.pipeline.types)
    const env = noting ? { ...this.#env, BENCH_SEEN: this.seenFile } : this.#env
    this.workers = types
      .flat()
      .map((type) => start(this.#folder, ['phase', this.#file, type, ...links], env))
    await until(async () =>
      (await this.shard()).phases.every(({ workers }) => workers === this.#workersOfEach),
    )
  }

  /** So many workers of the only phase, several in a process, and waits until all can be granted jobs. */
  async startCrowd(count) {
    const file = fileURLToPath(new URL('crowd.mjs', import.meta.url))
    const [[pull, sub]] = this.#doors
    const processes = Math.min(count, crowdProcesses)
    this.workers = Array.from({ length: processes }, (_, at) => {
      const upTo = (part) => Math.floor((count * part) / processes)
      const args = [file, pull, sub, String(upTo(at + 1) - upTo(at)), this.#concurrency]
      return startCommand(process.execPath, args, { channel: true })
    })
    await Promise.all(this.workers.map((child) => untilReady(child, 'a crowd of workers')))
    const ready = async () =>
      (await this.shard()).workers.filter(({ state }) => state === 'ready').length
    await until(async () => (await ready()) === count)
  }

  async stopWorkers() {
    await Promise.all(this.workers.map((child) => end(child)))
    this.workers = []
  }

  /** Of all its processes. */
  get #env() {
    return { ...this.store.env, ...this.pipeline.env }
  }

  get #file() {
    return fileURLToPath(new URL(this.pipeline.file, import.meta.url))
  }

  get folder() {
    return this.#folder
  }

  /** Pull and sub door of each manager. */
  get doors() {
    return this.#doors
  }

  get seenFile() {
    return join(this.#folder, 'seen')
  }

  /** Enqueues so many jobs, in groups, some of them at once. */
  async feed(jobs, instructionsOf = (n) => ({ n, text }), sizeOfGroup = groupSize) {
    let sent = 0
    const sendGroups = async () => {
      while (sent < jobs) {
        const count = Math.min(sizeOfGroup, jobs - sent)
        sent += count
        const group = Array.from({ length: count }, (_, n) => ({
          name: this.pipeline.name,
          instructions: instructionsOf(n),
        }))
        const answers = await this.client.enqueueJobs(group)
        if (!answers.every(({ ok }) => ok)) throw new Error('a job was refused')
      }
    }
    await Promise.all(Array.from({ length: groupsInFlight }, sendGroups))
  }

  /**
   * Enqueues so many jobs like `feed`, and waits until as many more are done. Resolves with the moment at which
   * the last was enqueued.
   */
  async workOff(jobs, ...how) {
    const done = async () => (await this.shard()).settled.done
    const goal = (await done()) + jobs
    await this.feed(jobs, ...how)
    const enqueuedMs = performance.now()
    await until(async () => (await done()) >= goal)
    return enqueuedMs
  }

  /** The shard, or all of them summed up. */
  async shard() {
    const { shards } = await this.client.status()
    const sum = (pick) => shards.reduce((all, one) => all + pick(one), 0)
    return {
      ...shards[0],
      settled: { done: sum(({ settled }) => settled.done) },
      phases: shards[0].phases.map((phase, at) => ({
        ...phase,
        waiting: sum(({ phases }) => phases[at].waiting),
        running: sum(({ phases }) => phases[at].running),
        workers: Math.min(...shards.map(({ phases }) => phases[at].workers)),
      })),
    }
  }

  async close() {
    this.client?.close()
    await this.stopWorkers()
    await Promise.all(this.managers.map((child) => end(child)))
    await this.store.close()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/** So many phases that do next to nothing, or take as long as a job says; `env` for its processes. */
export function manyPhases(phases, env = {}) {
  return {
    ...{ file: 'many-phases.mjs', name: 'many-phases' },
    types: Array.from({ length: phases }, (_, at) => `step-${at + 1}`),
    env: { BENCH_PHASES: String(phases), ...env },
  }
}

/** Executions that have ended, by what the jobs of a shard have behind them. */
export function executions({ phases, settled }) {
  const underWay = phases.map(({ waiting, running }, phase) => phase * (waiting + running))
  return underWay.reduce((sum, one) => sum + one, phases.length * settled.done)
}

/** All shards have owners, and all managers about as many. */
function isShared({ managers, welcome, shards }, count) {
  const owned = managers.map(({ owned: some = [] }) => some.length)
  if (count === 1) return shards.length === welcome.shards
  const isComplete = shards.length === welcome.shards && managers.length === count
  return isComplete && Math.max(...owned) - Math.min(...owned) <= 1
}

/** A connect that was refused by nobody there: a busy machine takes its time to start a manager. */
function isNotUpYet(error) {
  if (error.code === 'CT_UNREACHABLE') return false
  throw error instanceof Error ? error : new Error(String(error))
}
