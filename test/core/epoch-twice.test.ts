/** Two owners under one epoch, after a store has failed over and forgotten the first: the second grants newer tokens. */
import { describe, expect, it } from 'vitest'
import { fenceOf, tokenText, type Token } from '../../src/core/token.ts'
import type { JobRecord } from '../../src/core/job.ts'
import { aJobRecord } from './a-job.ts'
import { AnOwner, effectsOf } from './an-owner.ts'

const ofTheFirst: Token = { epoch: 1, nonce: 'before', sequence: 41 }

/** Takes over one job that waits, as the store shows it, and grants it when the roll call is over. */
function granted(record: Partial<JobRecord>, held?: Token): Token | undefined {
  const job = aJobRecord('job-1', { sequence: 1, ...record })
  const owner = new AnOwner()
  owner.takesOver({ lastSequence: 1, phases: [{ phase: 0, ready: 1, scheduled: 0 }] })
  const worker = owner.worker('a')
  if (held !== undefined) {
    const run = { token: held, jobId: 'job-of-nobody', phase: 0, attempt: 1 }
    worker.report({ held: [{ ...run, state: 'running', startedMs: 1 }] })
    const [asked] = effectsOf(owner.effects, 'LookUpJobs')
    const { load = 0, ids = [] } = asked ?? {}
    owner.tell({ type: 'JobsLookedUp', nowMs: owner.nowMs, load, ids, jobs: [] })
    worker.report({ held: [] })
  }
  owner.pass(2_000)
  const [asked] = effectsOf(owner.effects, 'LoadReady')
  const { load = 0, phase = 0 } = asked ?? {}
  const loaded = { load, phase, jobs: [job], exhausted: true }
  owner.tell({ type: 'ReadyLoaded', nowMs: owner.nowMs, ...loaded })
  return effectsOf(owner.effects, 'Grant')[0]?.token
}

describe('an owner grants a newer token', () => {
  it('than one that was given up', () => {
    expect(granted({ tokenMin: fenceOf(ofTheFirst) })?.sequence).toBe(42)
  })

  it('than those that count for the job', () => {
    expect(granted({ applied: [tokenText(ofTheFirst)] })?.sequence).toBe(42)
  })

  it('than one that a worker says it holds', () => {
    expect(granted({}, ofTheFirst)?.sequence).toBe(42)
  })

  it('whatever the numbers of earlier epochs were', () => {
    const ofAnother = { ...ofTheFirst, epoch: 0 }
    expect(granted({ applied: [tokenText(ofAnother)] }, ofAnother)?.sequence).toBe(1)
  })
})
