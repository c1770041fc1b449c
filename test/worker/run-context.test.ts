/** What a phase can tell an outside service: which write is newer, and which is the same once more. */
import { describe, expect, it } from 'vitest'
import { RunContext, type StartRun } from '../../src/worker/run-context.ts'

const start: StartRun = {
  ...{ type: 'StartRun', run: 1, token: { epoch: 9, nonce: 'a', sequence: 99 } },
  ...{ pipeline: 'films', jobId: 'job', phase: 1, attempt: 1, instructions: new Uint8Array() },
}

function contextOf(more: Partial<StartRun> = {}): RunContext {
  const parts = { jobType: 'encode', log: () => undefined, publish: () => undefined }
  return new RunContext({ ...start, ...more }, parts)
}

describe('the idempotency key', () => {
  it('is the same in every attempt of a job in a phase, whoever granted it', () => {
    const { idempotencyKey } = contextOf()
    const token = { epoch: 10, nonce: 'b', sequence: 1 }
    expect(contextOf({ attempt: 2, run: 7, token }).idempotencyKey).toBe(idempotencyKey)
  })

  it.each([
    ['another job', { jobId: 'other' }],
    ['another phase', { phase: 2 }],
  ])('is another one for %s', (_, more) => {
    expect(contextOf(more).idempotencyKey).not.toBe(contextOf().idempotencyKey)
  })
})

describe('the fence', () => {
  it('compares as text: later grants are greater, also those of a later owner', () => {
    const token = (epoch: number, sequence: number) => ({ epoch, nonce: 'a', sequence })
    const fences = [token(9, 99), token(9, 100), token(10, 1)].map(
      (one) => contextOf({ token: one }).fence,
    )
    expect(fences).toEqual(fences.toSorted())
    expect(new Set(fences).size).toBe(3)
  })
})
