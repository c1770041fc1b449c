/** What a worker writes of runs that failed: of each the reason, and never more than a person can read. */
import { beforeEach, describe, expect, it } from 'vitest'
import type { Outcome } from '../../src/core/event.ts'
import { createLogger } from '../../src/runtime/logger.ts'
import { FailureLog } from '../../src/worker/failure-log.ts'

const run = { jobId: 'job-1', phase: 'encode', attempt: 2, aborted: undefined }
let lines: object[]
let nowMs: number
let log: FailureLog

beforeEach(() => {
  lines = []
  nowMs = 0
  const write = (level: string, message: string, fields: object) => {
    lines.push({ level, message, ...fields })
  }
  log = new FailureLog(() => nowMs, createLogger({ write }))
})

function failed(retry: 'default' | 'never'): Outcome {
  const error = { kind: 'thrown', name: 'Error', message: 'no disk', stack: 'at encode.ts:3' }
  return { type: 'failed', retry, error }
}

describe('of a run', () => {
  it('that failed, it warns with the reason, the attempt and the stack', () => {
    log.ended(run, failed('default'))
    const fields = { jobId: 'job-1', phase: 'encode', attempt: 2, stack: 'at encode.ts:3' }
    expect(lines).toMatchObject([
      { level: 'warn', message: 'an attempt failed: no disk', ...fields },
    ])
  })

  it('by which its job is dead, it writes an error', () => {
    log.ended(run, failed('never'))
    expect(lines).toMatchObject([{ level: 'error', message: 'a job is rejected: no disk' }])
  })

  it('that ran out of its time, it says so, whatever the phase threw then', () => {
    log.ended({ ...run, aborted: 'timedOut' }, failed('default'))
    expect(lines).toMatchObject([{ level: 'warn', message: 'an attempt ran out of its time' }])
  })

  it.each(['cancelled', 'superseded', 'shutdown'])('that is %s, it says nothing', (aborted) => {
    log.ended({ ...run, aborted }, failed('default'))
    expect(lines).toEqual([])
  })

  it('that succeeded, it says nothing', () => {
    log.ended(run, { type: 'done', instructions: new Uint8Array() })
    expect(lines).toEqual([])
  })
})

it('of 10,000 that fail at once it writes ten, and then how many it held back', () => {
  for (let n = 0; n < 10_000; n++) log.ended(run, failed('default'))
  expect(lines).toHaveLength(10)
  log.ended(run, failed('never'))
  expect(lines.at(-1)).toMatchObject({ level: 'error', heldBack: 0 })
  nowMs = 1_000
  log.ended(run, failed('default'))
  expect(lines.at(-1)).toMatchObject({ heldBack: 9_990, total: 10_001 })
})
