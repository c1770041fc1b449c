/** A store against the memory store: the same calls in any order get the same answers. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import type { Group, Mutation } from '../../src/core/mutation.ts'
import { isCarbontubeError } from '../../src/errors/errors.ts'
import type { Storage } from '../../src/storage/contract.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { aFailure, aJob, anAttempt, at, bytes } from '../../src/testing/storage/builders.ts'
import { plain, shard, snapshot, startMs } from '../../src/testing/storage/builders.ts'
import { suitePipeline } from '../../src/testing/storage-suite.ts'

/** One step of a run. Numbers are small, so that steps meet the same jobs again and again. */
type Step =
  | { readonly do: 'commit'; readonly group: number; readonly wishes: readonly Wish[] }
  | { readonly do: 'acquire' | 'renew' | 'release' | 'wait'; readonly owner: number }
  | { readonly do: 'read' | 'prune'; readonly n: number }

interface Wish {
  readonly type: Mutation['type']
  readonly n: number
  readonly phase: number
  readonly value: number
  /** Ask for what does not fit. */
  readonly wrong: boolean
}

const small = fc.nat({ max: 9 })
const wish: fc.Arbitrary<Wish> = fc.record({
  type: fc.constantFrom(
    ...(['insert', 'insert', 'insert', 'advance', 'advance', 'retry', 'settle', 'settle'] as const),
    ...(['release', 'note', 'redrive', 'discard', 'remove', 'pause', 'resume'] as const),
  ),
  n: small,
  phase: fc.nat({ max: 2 }),
  value: small,
  wrong: fc.nat({ max: 29 }).map((chance) => chance === 0),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('commit' as const),
      group: small,
      wishes: fc.array(wish, { maxLength: 4 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'acquire' as const,
        'renew' as const,
        'release' as const,
        'wait' as const,
      ),
      owner: fc.nat({ max: 1 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('read' as const, 'prune' as const), n: small }),
  },
)

/** Every run starts with some jobs in each phase. */
const firstJobs: readonly Wish[] = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((n) => {
  return { type: 'insert', n, phase: 0, value: n, wrong: false }
})

/** Drives both stores; what fits is read off the model. */
class Run {
  readonly #model: Storage
  readonly #real: Storage
  readonly #clock: { nowMs: number }
  #epoch = 0
  #last: Group = { id: 'group-0', number: 0, mutations: [] }
  #sequence = 0

  constructor(model: Storage, real: Storage, clock: { nowMs: number }) {
    this.#model = model
    this.#real = real
    this.#clock = clock
  }

  async take(next: Step): Promise<void> {
    switch (next.do) {
      case 'commit':
        await this.#commit(next)
        return
      case 'acquire': {
        const answer = await this.#same((store) => store.acquire(shard, `o${next.owner}`, 100))
        this.#epoch = Number((answer as { epoch?: number }).epoch ?? this.#epoch)
        return
      }
      case 'renew':
        await this.#same((store) => store.renew(shard, this.#epoch - next.owner, 100))
        return
      case 'release':
        await this.#same((store) => store.release(shard, this.#epoch - next.owner))
        return
      case 'wait':
        this.#clock.nowMs += 60
        return
      case 'read':
        await this.#read(next.n)
        return
      case 'prune': {
        const nowMs = startMs + next.n
        const policy = { nowMs, settledKeepMs: 3, settledKeepJobs: next.n, deadKeepMs: 5 }
        await this.#same((store) => store.prune(shard, policy, 1 + (next.n % 3)))
        return
      }
    }
  }

  async compareAll(): Promise<void> {
    await this.#same((store) => snapshot(store))
  }

  async #commit({ group, wishes }: Extract<Step, { do: 'commit' }>): Promise<void> {
    if (group > 0) {
      const mutations: Mutation[] = []
      for (const wanted of wishes) mutations.push(await this.#mutation(wanted))
      const number = this.#last.number + 1
      this.#last = { id: `group-${number}`, number, mutations }
    }
    // Now and then the group before comes again.
    await this.#same((store) => store.commit(shard, this.#epoch, this.#last))
  }

  async #read(n: number): Promise<void> {
    await this.compareAll()
    const after = { priority: (n % 3) - 1, sequence: n * 3 }
    const [untilMs, limit] = [startMs + n, 1 + (n % 4)]
    await this.#same((store) => store.loadReady(shard, { phase: n % 3, limit: 5 }))
    await this.#same((store) => store.loadReady(shard, { phase: n % 3, limit, after }))
    await this.#same((store) => store.loadDue(shard, { untilMs, limit }))
    await this.#same((store) => store.getJobs(shard, [`job-${n}`, 'job-1']))
    const state = (['ready', 'scheduled', 'done', 'dead', 'cancelled', 'unsettled'] as const)[n % 6]
    for (const query of [
      { error: `problem ${n}` },
      { phase: n % 3 },
      { ...(state && { state }) },
    ]) {
      await this.#same((store) => store.listJobs(shard, query, { limit }))
      await this.#same((store) => store.countJobs(shard, query))
    }
  }

  /** The wish as a mutation of a stored job that it fits, if there is one. */
  async #mutation({ type, n, phase, value, wrong }: Wish): Promise<Mutation> {
    if (type === 'insert') return { type, job: this.#newJob(n, value) }
    if (type === 'pause' || type === 'resume') return phase === 2 ? { type } : { type, phase }
    const { jobs } = await this.#model.listJobs(shard, {}, { limit: 100 })
    const fitting = jobs.filter(({ state }) => fits(type, state))
    const found = fitting[n % Math.max(1, fitting.length)] ?? aJob(99)
    const job = at(found, wrong ? found.phase + 1 : found.phase)
    const dueMs = value === 0 ? 0 : startMs + value
    const counts = { attempts: value, crashes: phase }
    const token = `token-${value}`
    const instructions = bytes(value === 5 ? '' : `result ${value}`)
    const ended = anAttempt({ token, phase: job.phase })
    const failed = aFailure(`problem ${value}\nat line 2`, { token })
    switch (type) {
      case 'advance':
        return { type, job, toPhase: (job.phase + 1) % 3, readyMs: dueMs, instructions, ended }
      case 'retry':
        return { type, job, dueMs, ...counts, ended: value === 1 ? ended : failed }
      case 'settle':
        return settlement(value, { type, job, endedMs: dueMs, ...counts }, found)
      case 'release':
        return { type, job, tokenMin: token, suspect: value > 4, crashes: phase, ended: failed }
      case 'note': {
        const place = { incarnation: `i-${n}`, address: 'tcp://a:1', sinceMs: value }
        return { type, job, running: { token, worker: `w-${n}`, ...place } }
      }
      case 'redrive':
        return { type, job, attemptsMax: value, readyMs: dueMs }
      case 'discard':
      case 'remove':
        return { type, job }
    }
  }

  #newJob(n: number, value: number): JobRecord {
    this.#sequence += 1
    const state = value === 9 ? 'scheduled' : 'ready'
    const job = aJob(this.#sequence, { id: `job-${n}`, state, phase: value % 3 })
    return { ...job, priority: (value % 3) - 1, checksum: value % 2, dueMs: startMs + value }
  }

  /** Calls both; answers what both answered. */
  async #same(call: (store: Storage) => Promise<unknown>): Promise<unknown> {
    const [expected, actual] = [await outcome(call(this.#model)), await outcome(call(this.#real))]
    expect(actual).toEqual(expected)
    return expected
  }
}

function fits(type: Mutation['type'], state: JobRecord['state']): boolean {
  const unsettled = state === 'ready' || state === 'scheduled'
  if (type === 'redrive' || type === 'discard') return state === 'dead'
  return type === 'remove' ? !unsettled : unsettled
}

function settlement(
  value: number,
  base: Omit<Extract<Mutation, { type: 'settle' }>, 'state'>,
  job: JobRecord,
): Mutation {
  const instructions = bytes(value === 5 ? '' : `result ${value}`)
  const ended = anAttempt({ token: `token-${value}`, phase: job.phase })
  if (value < 4) return { ...base, state: 'done', instructions, ended }
  if (value === 4) return { ...base, state: 'done' }
  if (value === 5) return { ...base, state: 'done', instructions }
  if (value < 8) return { ...base, state: 'dead', deathReason: 'crashed', ended: aFailure('end') }
  return { ...base, state: value === 8 ? 'dead' : 'cancelled' }
}

/** An answer that compares by value: bytes as text, errors as their code. */
async function outcome(answer: Promise<unknown>): Promise<unknown> {
  try {
    return comparable(await answer)
  } catch (error) {
    if (!isCarbontubeError(error)) throw error
    return { code: error.code }
  }
}

function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  if ('jobs' in value && Array.isArray(value.jobs)) {
    return { ...value, jobs: value.jobs.map(comparable) }
  }
  const { instructions } = value as Partial<JobRecord>
  return instructions instanceof Uint8Array ? plain(value as JobRecord) : value
}

/** A new, empty, open store for the pipeline `suite`, with that clock for its leases. */
type OpenStore = (nowMs: () => number) => Promise<Storage>

/** Fails with the shortest run of calls that it finds to be answered differently. */
export async function expectSameAsMemory(open: OpenStore, numRuns: number): Promise<void> {
  const steps = fc.array(step, { maxLength: 100, size: 'max' })
  const property = fc.asyncProperty(steps, async (taken) => {
    const clock = { nowMs: 1_000 }
    const nowMs = (): number => clock.nowMs
    const model = new EphemeralStorageBackend(suitePipeline, { nowMs })
    await model.open()
    const real = await open(nowMs)
    try {
      const run = new Run(model, real, clock)
      await run.take({ do: 'acquire', owner: 0 })
      await run.take({ do: 'commit', group: 1, wishes: firstJobs })
      for (const next of taken) await run.take(next)
      await run.compareAll()
    } finally {
      await real.close()
    }
  })
  await fc.assert(property, { numRuns })
}
