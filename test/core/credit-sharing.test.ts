/**
 * Credit among several owners, by property: owners that hear late and grant as much as they believe they may,
 * jobs that come and end as they like. What is here never exceeds what the worker can take, nobody who has
 * work waits for ever, and hardly a slot stays empty while somebody has work.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CreditSharing } from '../../src/core/credit-sharing.ts'

interface Told {
  readonly report: number
  readonly limit: number
}

/** An owner at the other end of a connection that keeps order and takes its time. */
class Owner {
  readonly name: string
  waiting = 0
  /** Granted and not ended, wherever it is by now. */
  granted = 0
  done = 0
  limit = 0
  seen = 0
  /** To it: reports. From it: grants, and what it has read. */
  readonly inbox: Told[] = []
  readonly outbox: { grants: number; seen: number; waiting: number }[] = []

  constructor(name: string) {
    this.name = name
  }

  reads(): void {
    const told = this.inbox.shift()
    if (told === undefined) return
    this.limit = told.limit
    this.seen = told.report
    this.grants()
  }

  gets(jobs: number): void {
    this.waiting += jobs
    this.grants()
  }

  grants(): void {
    const grants = Math.max(0, Math.min(this.waiting, this.limit - this.granted))
    this.waiting -= grants
    this.granted += grants
    this.outbox.push({ grants, seen: this.seen, waiting: this.waiting })
  }
}

class Worker {
  readonly sharing = new CreditSharing()
  readonly owners: readonly Owner[]
  readonly held = new Map<string, number>()
  total: number
  #reports = 0

  constructor(owners: number, total: number) {
    this.total = total
    this.owners = Array.from({ length: owners }, (_, at) => new Owner(`owner-${at}`))
    for (const { name } of this.owners) {
      this.sharing.opened(name)
      this.held.set(name, 0)
    }
    this.divides()
  }

  divides(): void {
    for (const name of this.sharing.divide(this.total)) {
      this.#reports += 1
      const owner = this.owners.find((one) => one.name === name)
      owner?.inbox.push({ report: this.#reports, limit: this.sharing.limitOf(name) })
      this.sharing.told(name, this.#reports)
    }
  }

  hears(owner: Owner): void {
    const message = owner.outbox.shift()
    if (message === undefined) return
    for (let grant = 0; grant < message.grants; grant++) this.sharing.came(owner.name)
    this.held.set(owner.name, this.holds(owner) + message.grants)
    this.sharing.heard(owner.name, message)
    this.divides()
  }

  ends(owner: Owner): void {
    if (this.holds(owner) === 0) return
    this.held.set(owner.name, this.holds(owner) - 1)
    this.sharing.left(owner.name)
    owner.granted -= 1
    owner.done += 1
    owner.grants()
    this.divides()
  }

  holds({ name }: Owner): number {
    return this.held.get(name) ?? 0
  }

  get granted(): number {
    return sum(this.owners.map(({ granted }) => granted))
  }

  /** Until nobody has anything more to say. */
  settles(): void {
    for (let isTalking = true; isTalking;) {
      isTalking = false
      for (const owner of this.owners) {
        if (owner.inbox.length + owner.outbox.length > 0) isTalking = true
        owner.reads()
        this.hears(owner)
      }
    }
  }
}

type Step = readonly [what: 'gets' | 'reads' | 'hears' | 'ends', owner: number, jobs: number]

const anyStep: fc.Arbitrary<Step> = fc.tuple(
  fc.constantFrom('gets', 'reads', 'hears', 'ends'),
  fc.nat(7),
  fc.integer({ min: 1, max: 6 }),
)

function takes(worker: Worker, [what, at, jobs]: Step): void {
  const owner = worker.owners[at % worker.owners.length]
  if (owner === undefined) return
  if (what === 'gets') owner.gets(jobs)
  else if (what === 'reads') owner.reads()
  else worker[what](owner)
}

/** What an owner with work may keep for the next jobs, so that credit does not move for each of them. */
function headroom({ waiting, granted }: Owner): number {
  const jobs = waiting + granted
  return jobs === 0 ? 0 : 2 ** Math.ceil(Math.log2(jobs)) - jobs
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, one) => all + one, 0)
}

const anyWorker = { owners: fc.integer({ min: 2, max: 8 }), total: fc.integer({ min: 1, max: 20 }) }
const steps = fc.array(anyStep, { maxLength: 200 })

describe('credit among several owners', () => {
  it('is never more in all than the worker can take', () => {
    fc.assert(
      fc.property(anyWorker.owners, anyWorker.total, steps, (owners, total, played) => {
        const worker = new Worker(owners, total)
        for (const step of played) {
          takes(worker, step)
          expect(worker.granted).toBeLessThanOrEqual(total)
        }
      }),
    )
  })

  it('leaves no slot empty while somebody has work, but for a little headroom', () => {
    fc.assert(
      fc.property(anyWorker.owners, anyWorker.total, steps, (owners, total, played) => {
        const worker = new Worker(owners, total)
        for (const step of played) takes(worker, step)
        worker.settles()
        const waiting = sum(worker.owners.map((owner) => owner.waiting))
        const used = worker.granted + sum(worker.owners.map(headroom))
        expect(used).toBeGreaterThanOrEqual(Math.min(total, worker.granted + waiting))
      }),
    )
  })

  it('comes to everybody who has work, however much the others have', () => {
    fc.assert(
      fc.property(anyWorker.owners, anyWorker.total, (owners, total) => {
        const worker = new Worker(owners, total)
        for (const owner of worker.owners) owner.gets(1_000)
        worker.settles()
        for (let round = 0; round < 40 * owners; round++) {
          const busy = worker.owners.filter((owner) => worker.holds(owner) > 0)
          const [first] = busy.toSorted((a, b) => a.done - b.done)
          if (first !== undefined) worker.ends(first)
          worker.settles()
        }
        const done = worker.owners.map((owner) => owner.done)
        expect(Math.max(...done) - Math.min(...done)).toBeLessThanOrEqual(Math.max(...done) / 4)
      }),
      { numRuns: 50 },
    )
  })

  it('does not move for every job that comes and goes', () => {
    const worker = new Worker(4, 40)
    worker.settles()
    const [first] = worker.owners
    const limits = () => worker.owners.map(({ limit }) => limit)
    const before = limits()
    for (let round = 0; round < 100; round++) {
      first?.gets(5)
      worker.settles()
      for (let job = 0; job < 5; job++) if (first !== undefined) worker.ends(first)
      worker.settles()
      expect(limits()).toEqual(before)
    }
  })

  it('is lent to others when an owner has fallen silent', () => {
    const worker = new Worker(2, 4)
    worker.settles()
    const [gone, there] = worker.owners
    there?.gets(10)
    if (there !== undefined) worker.hears(there)
    expect(there?.limit).toBe(2)
    worker.sharing.fellSilent(gone?.name ?? '')
    worker.divides()
    expect(worker.sharing.limitOf(there?.name ?? '')).toBe(4)
  })
})
