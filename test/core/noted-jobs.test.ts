/** What the store says is running stays with its worker over a change of owners, until more is known. */
import { describe, expect, it } from 'vitest'
import type { RunningNote } from '../../src/core/job.ts'
import { tokenText } from '../../src/core/token.ts'
import { aJobRecord } from './a-job.ts'
import { AnOwner, effectsOf } from './an-owner.ts'

const token = { epoch: 0, nonce: 'before', sequence: 7 }
const running = {
  token: tokenText(token),
  ...{ worker: 'cut@a', incarnation: 'a-1', address: 'tcp://a:1', sinceMs: 5 },
}

/** An owner that finds a job noted as running with worker `a`, and another worker that has nothing to do. */
function aSuccessor(note: RunningNote = running) {
  const owner = new AnOwner()
  owner.takesOver({
    lastSequence: 1,
    phases: [{ phase: 0, ready: 1, scheduled: 0 }],
    noted: [aJobRecord('job', { running: note })],
  })
  const other = owner.worker('b')
  return { owner, other }
}

describe('a job that is noted as running', () => {
  it('is left with its worker, to whom a connection is made', () => {
    const { owner, other } = aSuccessor()
    expect(effectsOf(owner.effects, 'ConnectWorker')[0]).toEqual({
      ...{ type: 'ConnectWorker', incarnation: 'a-1', address: 'tcp://a:1', mayBeGone: true },
    })
    for (let beats = 0; beats < 60; beats++) {
      owner.tell({ type: 'WorkerConnected', nowMs: owner.nowMs, incarnation: 'a-1' })
      owner.pass(1_000)
    }
    expect(other.grants()).toEqual([])
  })

  it('is granted again when its worker is behind a relay and says nothing for 32 s', () => {
    const { owner, other } = aSuccessor({ ...running, relayed: true })
    owner.tell({ type: 'WorkerConnected', nowMs: owner.nowMs, incarnation: 'a-1' })
    const passes = (seconds: number) => {
      for (let second = 0; second < seconds; second++) {
        owner.pass(1_000)
        owner.commit()
        other.report()
      }
    }
    passes(31)
    expect(owner.owner.holderOf('job')).toBe('cut@a')
    passes(2)
    const [load] = effectsOf(owner.effects, 'LoadReady')
    if (load !== undefined) {
      const loaded = { load: load.load, phase: 0, jobs: [aJobRecord('job')], exhausted: true }
      owner.tell({ type: 'ReadyLoaded', nowMs: owner.nowMs, ...loaded })
    }
    expect(other.grants().map(({ jobId }) => jobId)).toEqual(['job'])
  })

  it('is noted as such when its worker is behind a relay', () => {
    const owner = new AnOwner()
    const worker = owner.worker('a', { relayed: true })
    owner.submitted('job')
    worker.report()
    for (let beats = 0; beats < 3; beats++) owner.pass(1_000)
    owner.commit()
    const notes = owner.groups.flatMap(({ mutations }) =>
      mutations.filter(({ type }) => type === 'note'),
    )
    expect(notes).toMatchObject([{ running: { incarnation: 'a-1', relayed: true } }])
  })

  it('ends with the result of that worker, under the old token', () => {
    const { owner } = aSuccessor()
    const outcome = { type: 'done' as const, instructions: new Uint8Array(1) }
    const result = { entry: 1, token, jobId: 'job', phase: 0, attempt: 1, startedMs: 5, endedMs: 9 }
    const report = {
      ...{ incarnation: 'a-1', stream: '', number: 1, credit: 0, ping: 0, through: 0, also: [] },
      ...{ leaving: false, results: [{ ...result, outcome }] },
    }
    owner.tell({ type: 'WorkerReported', nowMs: owner.nowMs, report })
    owner.commit()
    expect(effectsOf(owner.effects, 'AnswerResult')).toMatchObject([{ answer: 'applied' }])
  })

  it('is a suspect, and granted again, when its process is dead', () => {
    const { owner, other } = aSuccessor()
    const { nowMs } = owner
    owner.tell({ type: 'WorkerLost', nowMs, incarnation: 'a-1', cause: 'refused' })
    owner.commit()
    expect(owner.groups.flatMap(({ mutations }) => mutations)).toMatchObject([
      { type: 'release', suspect: true, crashes: 0, tokenMin: running.token.slice(0, 29) },
    ])
    owner.pass(2_000)
    const [load] = effectsOf(owner.effects, 'LoadReady')
    if (load !== undefined) {
      const jobs = [aJobRecord('job', { suspect: true })]
      const loaded = { load: load.load, phase: 0, jobs, exhausted: true }
      owner.tell({ type: 'ReadyLoaded', nowMs: owner.nowMs, ...loaded })
    }
    expect(other.grants().map(({ jobId }) => jobId)).toEqual(['job'])
  })

  it('is granted again when two digests of its worker do not name it', () => {
    const { owner, other } = aSuccessor()
    owner.tell({ type: 'WorkerConnected', nowMs: owner.nowMs, incarnation: 'a-1' })
    for (const number of [1, 2]) {
      const report = {
        ...{ incarnation: 'a-1', stream: owner.owner.nonce, number, credit: 0, ping: number },
        ...{ through: 0, also: [], leaving: false, results: [], held: [] },
      }
      owner.tell({ type: 'WorkerReported', nowMs: owner.nowMs, report })
    }
    owner.commit()
    owner.pass(2_000)
    const [load] = effectsOf(owner.effects, 'LoadReady')
    if (load !== undefined) {
      const loaded = { load: load.load, phase: 0, jobs: [aJobRecord('job')], exhausted: true }
      owner.tell({ type: 'ReadyLoaded', nowMs: owner.nowMs, ...loaded })
    }
    expect(other.grants().map(({ jobId }) => jobId)).toEqual(['job'])
  })
})
