/** `report` arrives as it was sent, and what is malformed is refused by name. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WorkerReport } from '../../src/core/event.ts'
import { packHeader, unpackHeader } from '../../src/wire/header.ts'
import { decodeReport, encodeReport } from '../../src/wire/report.ts'
import { anyCount, anyHeld, anyInfo, anyResult, anyText } from '../core/any-message.ts'
import { asSent } from './as-sent.ts'

const anyReport: fc.Arbitrary<WorkerReport> = fc.record(
  {
    ...{ incarnation: anyText, stream: anyText, number: anyCount, credit: anyCount },
    ...{ ping: anyCount, through: anyCount, leaving: fc.boolean() },
    also: fc.array(anyCount, { maxLength: 5 }),
    results: fc.array(anyResult, { maxLength: 5 }),
    info: anyInfo,
    held: fc.array(anyHeld, { maxLength: 5 }),
    insteadOf: anyText,
  },
  {
    requiredKeys: [
      ...(['incarnation', 'stream', 'number', 'credit', 'ping', 'through'] as const),
      ...(['leaving', 'also', 'results'] as const),
    ],
  },
)

const plain = {
  ...{ incarnation: 'a', stream: 's', number: 1, credit: 1, ping: 0, through: 0 },
  ...{ also: [], leaving: false, results: [] },
}
const info = {
  ...{ id: 'a', incarnation: 'a-1', address: 'tcp://a:1', jobType: 'cut', concurrency: 1 },
  ...{ host: 'a', pid: 1, version: '1' },
}
const result = (...end: readonly unknown[]) => [[1, 1, 'n', 1, 'job', 0, 1, 0, 0, ...end]]

function decoded(fields: Readonly<Record<string, unknown>>): WorkerReport {
  const frame = packHeader('report', { ...plain, ...fields })
  return decodeReport(unpackHeader(frame), [frame])
}

describe('a report', () => {
  it('arrives as it was sent, each result that is done with its payload', () => {
    fc.assert(
      fc.property(anyReport, (report) => {
        const frames = encodeReport(report)
        const header = unpackHeader(frames[0])
        expect(header.type).toBe('report')
        expect(asSent(decodeReport(header, frames))).toEqual(report)
      }),
    )
  })

  it.each([
    ['without an error', ['default'], 'error must be a map'],
    ['with an unknown word for retry', ['soon', {}], 'retry must be'],
    ['with a negative delay', [-1, {}], 'retry must be'],
    ['with a delay that is no number', [Number.NaN, {}], 'retry must be'],
  ])('takes a failure %s as one, and loses no other result by it', (_, failure, message) => {
    const [bad = []] = result(1, ...failure)
    const [good = []] = result(2, 'drained')
    const { results } = decoded({ results: [good, bad, good] })
    const [, taken] = results.map(({ outcome }) => outcome)
    expect(results.map(({ outcome }) => outcome.type)).toEqual(['released', 'failed', 'released'])
    expect(taken).toMatchObject({ retry: 'default', error: { kind: 'malformed' } })
    expect(JSON.stringify(taken)).toContain(message)
  })

  it('has no digest and no description when none was sent', () => {
    expect(Object.keys(decoded({}))).not.toContain('held')
    expect(Object.keys(decoded({}))).not.toContain('info')
    expect(decoded({ info, held: [] })).toMatchObject({ info, held: [] })
  })

  it.each([
    ['a result without a length', { results: result(0) }, 'length must be'],
    ['a result without a body', { results: result(0, 5) }, 'body is shorter'],
    ['an unknown outcome', { results: result(3) }, 'unknown outcome'],
    ['an unknown state', { held: [[1, 'n', 1, 'job', 0, 1, 3, 0]] }, 'unknown state'],
    ['a worker without slots', { info: { ...info, concurrency: 0 } }, 'concurrency'],
    ['a word for a relay', { info: { ...info, relayed: 'yes' } }, 'relayed must be'],
    ['a negative credit', { credit: -1 }, 'credit must be'],
    ['an endless credit', { credit: Infinity }, 'credit must be'],
    ['a word for a flag', { leaving: 'yes' }, 'leaving must be'],
    ['a word among the numbers', { also: [1, 'two'] }, 'also must be'],
  ])('with %s is refused', (_, fields, message) => {
    expect(() => decoded(fields)).toThrow(
      expect.objectContaining({
        name: 'WireError',
        kind: 'malformed',
        message: expect.stringContaining(message),
      }),
    )
  })
})
