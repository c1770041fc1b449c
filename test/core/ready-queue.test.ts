/** The window of ready jobs against a plain list: the order, the bounds, and that no job is ever lost. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobOf, type Job } from '../../src/core/job.ts'
import { isBefore, ReadyQueue } from '../../src/core/ready-queue.ts'
import { aJobRecord } from './a-job.ts'

const readyJobsMax = 8
const bounds = { readyJobsMax, readyBytesMax: 1_000_000, loadJobsMax: 2_000 }

/** A queue with the store behind it: what is ready there, and what of it is in memory. */
class Stored {
  readonly queue: ReadyQueue
  readonly ready = new Map<number, Job>()
  readonly hot = new Set<number>()
  refills = 0
  #loading: { after: Job | undefined; read: Job[]; exhausted: boolean } | undefined
  #next = 1

  constructor(cold: readonly number[] = []) {
    for (const priority of cold) this.#store(priority)
    this.queue = new ReadyQueue(0, cold.length, bounds)
  }

  get isLoading(): boolean {
    return this.#loading !== undefined
  }

  enter(priority: number): void {
    const job = this.#store(priority)
    if (this.queue.enter(job)) this.hot.add(job.sequence)
  }

  /** Grants the next one. */
  take(): Job | undefined {
    const job = this.queue.peek()
    if (job === undefined) return undefined
    this.queue.leave(job)
    job.state = 'granted'
    this.ready.delete(job.sequence)
    this.hot.delete(job.sequence)
    // As an owner does after each grant: what was granted leaves the heap.
    this.queue.peek()
    return job
  }

  giveBack(job: Job): void {
    job.state = 'ready'
    this.ready.set(job.sequence, job)
    if (this.queue.enter(job)) this.hot.add(job.sequence)
  }

  trim(): void {
    for (const job of this.queue.trim()) this.hot.delete(job.sequence)
  }

  /** Asks for a refill when the queue wants one; the store reads now, the answer comes with `loaded`. */
  load(): void {
    const wanted = this.queue.wantsRefill()
    if (wanted === undefined) return
    const { after, limit } = wanted
    const behind = this.sorted().filter((job) => after === undefined || isBefore(after, job))
    const read = behind.slice(0, limit)
    this.#loading = { after: read.at(-1), read, exhausted: read.length === behind.length }
  }

  loaded(): void {
    if (this.#loading === undefined) return
    const { after, read, exhausted } = this.#loading
    this.#loading = undefined
    this.refills += 1
    const fresh = read.filter(({ sequence }) => this.ready.has(sequence) && !this.hot.has(sequence))
    for (const { sequence } of fresh) this.hot.add(sequence)
    const cold = this.queue.refill(fresh, after, exhausted)
    for (const { sequence } of cold) this.hot.delete(sequence)
  }

  sorted(): Job[] {
    return [...this.ready.values()].sort((a, b) => (isBefore(a, b) ? -1 : 1))
  }

  /** Takes everything, loading whenever the queue wants it. */
  takeAll(): Job[] {
    const taken: Job[] = []
    this.loaded()
    for (let idle = 0; idle < 2;) {
      this.load()
      this.loaded()
      this.trim()
      const job = this.take()
      if (job === undefined) idle += 1
      else taken.push(job)
    }
    return taken
  }

  #store(priority: number): Job {
    const sequence = this.#next
    this.#next += 1
    const job = jobOf(aJobRecord(`job-${sequence}`, { sequence, priority }))
    this.ready.set(sequence, job)
    return job
  }
}

const priorities = fc.array(fc.integer({ min: -3, max: 3 }), { maxLength: 60 })
const wish = fc.record({
  do: fc.constantFrom('enter', 'enter', 'enter', 'take', 'load', 'loaded', 'giveBack' as const),
  priority: fc.integer({ min: -3, max: 3 }),
})

describe('a ready queue', () => {
  it('gives jobs by priority, then by arrival', () => {
    fc.assert(
      fc.property(priorities, (entered) => {
        const stored = new Stored()
        for (const priority of entered) stored.enter(priority)
        const expected = stored.sorted()
        expect(stored.takeAll()).toEqual(expected)
      }),
    )
  })

  it('gives cold jobs in the same order', () => {
    fc.assert(
      fc.property(priorities, (cold) => {
        const stored = new Stored(cold)
        const expected = stored.sorted()
        expect(stored.takeAll()).toEqual(expected)
        expect(stored.queue.waiting).toBe(0)
      }),
    )
  })

  it('loses no job and repeats none, and keeps its window', () => {
    fc.assert(
      fc.property(priorities, fc.array(wish, { maxLength: 120 }), (cold, wishes) => {
        const stored = new Stored(cold)
        const granted: Job[] = []
        for (const { do: what, priority } of wishes) {
          // Arrivals during a load are the business of the owner's own tests.
          if (what === 'enter') stored.enter(priority)
          else if (what === 'take') granted.push(...[stored.take()].flatMap((job) => job ?? []))
          else if (what === 'load') stored.load()
          else if (what === 'loaded') stored.loaded()
          else if (what === 'giveBack') {
            const job = granted.pop()
            if (job !== undefined) stored.giveBack(job)
          }
          stored.trim()
          if (!stored.isLoading) expect(stored.queue.hotJobs).toBeLessThanOrEqual(readyJobsMax)
          expect(stored.queue.hotJobs).toBe(stored.hot.size)
          expect(stored.queue.waiting).toBe(stored.ready.size)
        }
        const left = stored.sorted().map(({ id }) => id)
        const taken = stored.takeAll().map(({ id }) => id)
        expect(taken.toSorted()).toEqual(left.toSorted())
      }),
      { numRuns: 500 },
    )
  })

  it('counts the bytes of its window, and keeps at least one job however large', () => {
    const queue = new ReadyQueue(0, 0, { readyJobsMax: 10, readyBytesMax: 100, loadJobsMax: 2_000 })
    const jobs = [1, 2, 3].map((sequence) =>
      jobOf(aJobRecord(`${sequence}`, { sequence, instructions: new Uint8Array(200) })),
    )
    for (const job of jobs) expect(queue.enter(job)).toBe(true)
    expect(queue.trim()).toEqual(jobs.slice(1))
    expect([queue.hotJobs, queue.hotBytes, queue.waiting]).toEqual([1, 200, 3])
    expect(queue.peek()).toBe(jobs[0])
  })

  it('keeps few places of cancelled jobs, wherever they wait', () => {
    for (const cold of [0, 1]) {
      const queue = new ReadyQueue(0, cold, bounds)
      // With a cold job it loads: what comes waits apart.
      expect(queue.wantsRefill() === undefined).toBe(cold === 0)
      const first = jobOf(aJobRecord('first', { sequence: 1 }))
      queue.enter(first)
      for (let sequence = 2; sequence < 5_000; sequence++) {
        const job = jobOf(aJobRecord(`${sequence}`, { sequence }))
        queue.enter(job)
        queue.leave(job)
        job.state = 'cancelled'
        queue.sweep()
        expect(queue.entries).toBeLessThan(1_010)
      }
      queue.refill([], undefined, true)
      expect(queue.peek()).toBe(first)
    }
  })

  it('takes a job that comes back after its place was swept, once and in its turn', () => {
    const queue = new ReadyQueue(0, 0, { ...bounds, readyJobsMax: 20_000 })
    const jobs = Array.from({ length: 4_000 }, (_, n) =>
      jobOf(aJobRecord(`${n}`, { sequence: n + 1, priority: n % 7 === 0 ? 1 : 0 })),
    )
    for (const job of jobs) queue.enter(job)
    const adopted = jobs.filter((_, n) => n % 4 !== 0)
    for (const job of adopted) {
      queue.leave(job)
      job.state = 'granted'
      queue.sweep()
    }
    expect(queue.entries).toBeLessThan(2_010)
    for (const job of adopted) {
      job.state = 'ready'
      queue.enter(job)
    }
    const taken: Job[] = []
    for (let job = queue.peek(); job !== undefined; job = queue.peek()) {
      queue.leave(job)
      job.state = 'granted'
      taken.push(job)
    }
    expect(taken).toEqual(jobs.toSorted((a, b) => (isBefore(a, b) ? -1 : 1)))
  })

  it('keeps a job that must run alone apart', () => {
    const stored = new Stored()
    const job = jobOf(aJobRecord('alone', { suspect: true, crashes: 1 }))
    expect(stored.queue.enter(job)).toBe(true)
    expect(stored.queue.peek()).toBeUndefined()
    expect(stored.queue.peekAlone()).toBe(job)
    stored.queue.leave(job)
    expect(stored.queue.peekAlone()).toBeUndefined()
    expect([stored.queue.hotJobs, stored.queue.waiting]).toEqual([0, 0])
  })
})
