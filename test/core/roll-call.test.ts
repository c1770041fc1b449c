/** The roll call of a new owner: it ends in time, however many workers say what they hold. */
import { describe, expect, it } from 'vitest'
import { aJobRecord } from './a-job.ts'
import { AnOwner, effectsOf, type AWorker } from './an-owner.ts'

const jobs = [1, 2, 3].map((sequence) => aJobRecord(`job-${sequence}`, { sequence }))

function aNewOwner(): AnOwner {
  const owner = new AnOwner()
  owner.takesOver({ lastSequence: 3, phases: [{ phase: 0, ready: 3, scheduled: 0 }] })
  return owner
}

/** It says that it has run this job since before. */
function claims({ report }: { report: AWorker['report'] }, sequence: number): void {
  const token = { epoch: 0, nonce: 'before', sequence }
  const run = { token, jobId: `job-${sequence}`, phase: 0, attempt: 1 }
  report({ held: [{ ...run, state: 'running', startedMs: 1 }] })
}

function result(sequence: number) {
  const token = { epoch: 0, nonce: 'before', sequence }
  const outcome = { type: 'done' as const, instructions: new Uint8Array(1) }
  const run = { token, jobId: `job-${sequence}`, phase: 0, attempt: 1 }
  return { entry: 1, ...run, startedMs: 1, endedMs: 2, outcome }
}

function lookUps(owner: AnOwner) {
  return effectsOf(owner.effects, 'LookUpJobs')
}

function answer(owner: AnOwner, at: number): void {
  const asked = lookUps(owner).at(at)
  if (asked === undefined) throw new Error('nothing is looked up')
  const { load, ids } = asked
  const found = jobs.filter(({ id }) => ids.includes(id))
  owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load, ids, jobs: found })
}

const isOpen = (owner: AnOwner) => owner.owner.status().rollCallOpen

describe('the roll call', () => {
  it('asks the store once for a job that is said to be held every second', () => {
    const owner = aNewOwner()
    const worker = owner.worker('a')
    const reporter = { report: worker.report.bind(worker) }
    claims(reporter, 1)
    answer(owner, 0)
    for (let beat = 0; beat < 5; beat++) claims(reporter, 1)
    worker.report({ results: [result(1)] })
    worker.report({ results: [result(1)] })
    expect(lookUps(owner)).toHaveLength(1)
    owner.pass(2_000)
    expect(isOpen(owner)).toBe(false)
    expect(owner.owner.holderOf('job-1')).toBe('a')
  })

  it('waits for what was said in time, and for nothing else', () => {
    const owner = aNewOwner()
    const [a, b] = ['a', 'b'].map((name) => {
      const worker = owner.worker(name)
      return { report: worker.report.bind(worker) }
    })
    if (a === undefined || b === undefined) throw new Error('two workers')
    claims(a, 1)
    owner.pass(2_000)
    expect(isOpen(owner)).toBe(true)
    claims(b, 2)
    expect(lookUps(owner)).toHaveLength(2)
    answer(owner, 0)
    expect(isOpen(owner)).toBe(false)
    expect(owner.owner.holderOf('job-1')).toBe('a')
    // Said too late, and still in time, since nobody else has got it.
    answer(owner, 1)
    expect(owner.owner.holderOf('job-2')).toBe('b')
  })
})
