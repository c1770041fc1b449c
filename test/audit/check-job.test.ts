/** An audit lets a sound job pass, and names what is wrong with any other. */
import { describe, expect, it } from 'vitest'
import { Audit } from '../../src/audit/audit.ts'
import { checkJob, type CheckOptions } from '../../src/audit/check-job.ts'
import { LedgerCheck } from '../../src/audit/ledger.ts'
import type { AttemptRecord, JobRecord } from '../../src/core/job.ts'
import { aJobRecord } from '../core/a-job.ts'
import { aRetry } from '../core/an-owner.ts'

const fence = (n: number) => `0000000000000001-00000000000${n}`
const token = (n: number) => `${fence(n)}-aa`

function anAttempt(n: number, more: Partial<AttemptRecord> = {}): AttemptRecord {
  const times = { startedMs: 10 * n, endedMs: 10 * n + 5 }
  return { phase: 0, attempt: 1, token: token(n), worker: 'w', ...times, outcome: 'done', ...more }
}

const lost = { kind: 'lost', name: 'WorkerLost', message: 'refused' }
const lastPhase = anAttempt(4, { phase: 1 })
/** Failed twice, done, done: a job of two phases. */
const history: readonly AttemptRecord[] = [
  anAttempt(1, { outcome: 'failed' }),
  anAttempt(2, { outcome: 'lost', attempt: 2 }),
  anAttempt(3, { attempt: 2 }),
  lastPhase,
]
const finished = aJobRecord('job', { state: 'done', phase: 1, endedMs: 45 })
const spec = {
  name: 'p',
  phases: [0, 1].map((n) => ({ jobType: `t${n}`, retry: aRetry, timeoutMs: 1 })),
}

function codes(
  record: JobRecord,
  attempts: readonly AttemptRecord[],
  options: CheckOptions = {},
): string[] {
  return checkJob(record, attempts, options).findings.map(({ code }) => code)
}

describe('a sound job', () => {
  it.each<[string, JobRecord, readonly AttemptRecord[]]>([
    ['that is new', aJobRecord('job'), []],
    ['that is done', finished, history],
    ['in its second phase', aJobRecord('job', { phase: 1 }), history.slice(0, 3)],
    ['that backs off', aJobRecord('job', { state: 'scheduled', attempts: 1 }), history.slice(0, 2)],
    [
      'that died of its workers, and was redriven',
      aJobRecord('job', { crashes: 2, attemptsMax: 2 }),
      [anAttempt(1, { outcome: 'dead', error: lost })],
    ],
    [
      'that died, was redriven and is done',
      { ...finished, phase: 0, attempts: 2, attemptsMax: 4 },
      [
        anAttempt(1, { outcome: 'failed' }),
        anAttempt(2, { outcome: 'dead', attempt: 2 }),
        anAttempt(3, { attempt: 3 }),
      ],
    ],
    [
      'whose lost worker came back',
      { ...finished, phase: 0 },
      [anAttempt(1, { outcome: 'lost' }), anAttempt(1)],
    ],
    [
      'that does another again from its second phase',
      aJobRecord('job', { state: 'done', phase: 1, endedMs: 45, replayOf: 'old' }),
      [lastPhase],
    ],
    [
      'that is to do another again from its second phase',
      aJobRecord('job', { phase: 1, replayOf: 'old' }),
      [],
    ],
    ['that was cancelled', aJobRecord('job', { state: 'cancelled', endedMs: 99 }), []],
  ])('%s passes', (_, record, attempts) => {
    expect(checkJob(record, attempts, { spec })).toEqual({ findings: [], isTruncated: false })
  })

  it('whose history has lost its beginning passes, unless it must be complete', () => {
    expect(checkJob(finished, history.slice(2))).toEqual({ findings: [], isTruncated: true })
    expect(codes(finished, history.slice(2), { historyIsComplete: true })).toEqual([
      'historyIncomplete',
    ])
  })
})

describe('an unsound job', () => {
  const [failed, gone, done, last] = history as [
    ...[AttemptRecord, AttemptRecord, AttemptRecord, AttemptRecord],
  ]
  it.each<[string, string, JobRecord, readonly AttemptRecord[]]>([
    [
      'two results of a phase',
      'completedTwice',
      finished,
      [failed, gone, done, anAttempt(4), last],
    ],
    ['a phase without a result', 'notCompleted', finished, [failed, gone, last]],
    ['no result of its last phase', 'notCompleted', finished, [failed, gone, done]],
    [
      'a phase with a result that it is still in',
      'completedNotAdvanced',
      aJobRecord('job'),
      [done],
    ],
    ['an attempt of a later phase', 'phaseWentBack', aJobRecord('job'), [last]],
    ['an attempt of an earlier phase', 'phaseWentBack', finished, [...history, anAttempt(5)]],
    ['a wrong count', 'attemptsDisagree', aJobRecord('job', { attempts: 2 }), [failed]],
    [
      'a number left out',
      'attemptsDisagree',
      aJobRecord('job', { attempts: 2 }),
      [failed, anAttempt(2, { attempt: 3, outcome: 'failed' })],
    ],
    [
      'a token twice',
      'tokenOrder',
      finished,
      [failed, gone, { ...done, token: failed.token }, last],
    ],
    ['a token that is none', 'tokenOrder', finished, [{ ...failed, token: 'x' }, gone, done, last]],
    ['no end though settled', 'endDisagrees', aJobRecord('job', { state: 'cancelled' }), []],
    ['an end though it waits', 'endDisagrees', aJobRecord('job', { endedMs: 5 }), []],
    [
      'death without a reason',
      'endDisagrees',
      aJobRecord('job', { state: 'dead', endedMs: 5 }),
      [],
    ],
    ['times that run backwards', 'timesReversed', { ...finished, endedMs: 44 }, history],
  ])('with %s is found: %s', (_, code, record, attempts) => {
    expect(codes(record, attempts)).toContain(code)
  })

  it('beyond its limits is found', () => {
    const failures = [failed, anAttempt(2, { attempt: 2, outcome: 'failed' })]
    const more = [...failures, anAttempt(3, { attempt: 3, outcome: 'failed' })]
    expect(codes(aJobRecord('job', { attempts: 3, attemptsMax: 2 }), more)).toEqual([
      'limitExceeded',
    ])
    expect(codes(aJobRecord('job', { attempts: 3 }), more, { spec })).toEqual(['limitExceeded'])
    expect(codes(aJobRecord('job', { crashes: 3 }), [], { spec })).toEqual(['limitExceeded'])
  })

  it('whose instructions have changed before a phase was done is found', () => {
    const checksumOf = (bytes: Uint8Array) => bytes.length
    expect(codes(aJobRecord('job', { checksum: 2 }), [failed], { checksumOf })).not.toContain(
      'checksumDiffers',
    )
    expect(codes(aJobRecord('job', { checksum: 3 }), [failed], { checksumOf })).toContain(
      'checksumDiffers',
    )
    expect(codes(finished, history, { checksumOf })).toEqual([])
  })
})

describe('an audit', () => {
  it('counts, and finds an id that is there twice', () => {
    const found: string[] = []
    const audit = new Audit({ onFinding: ({ code }) => found.push(code) })
    audit.add(finished, history)
    audit.add(aJobRecord('job'), [])
    audit.add({ ...finished, id: 'late', endedMs: 1 }, history)
    expect(found).toEqual(['idNotUnique', 'timesReversed'])
    expect(audit.summary).toEqual({
      ...{ jobs: 3, states: { ready: 1, scheduled: 0, done: 2, dead: 0, cancelled: 0 } },
      ...{ truncated: 0, violations: 1, warnings: 1 },
    })
  })
})

describe('a ledger', () => {
  const entry = (phase: string | number, n: number) => ({ jobId: 'job', phase, fence: fence(n) })

  it('shows who ran what is recorded, by name or by number of the phase, and what ran twice', () => {
    const ledger = new LedgerCheck(['cut', 'encode'])
    ledger.expect(finished, history)
    for (const [phase, n] of [
      ['cut', 1],
      ['cut', 3],
      [1, 4],
    ] as const) {
      ledger.add(entry(phase, n))
    }
    expect(ledger.findings()).toEqual([])
    expect([ledger.executions, ledger.repeated]).toEqual([3, 1])
  })

  it('without an entry under the recorded token is a finding', () => {
    const ledger = new LedgerCheck(['cut', 'encode'])
    ledger.expect(finished, history)
    ledger.add(entry('cut', 1))
    ledger.add(entry('encode', 4))
    expect(ledger.findings()).toMatchObject([{ code: 'notInLedger', jobId: 'job' }])
  })
})
