/** Replies to clients, and published events, arrive as they were sent. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unpackHeader } from '../../src/wire/header.ts'
import { decodePublished, encodePublished } from '../../src/wire/published.ts'
import { decodeReply, encodeReply, type Reply } from '../../src/wire/replies.ts'
import { anyBytes, anyCount, anyText } from '../core/any-message.ts'
import { asSent } from './as-sent.ts'

const request = anyCount
const oneOf = <T extends string>(...words: readonly T[]) => fc.constantFrom(...words)
const few = <T>(items: fc.Arbitrary<T>) => fc.array(items, { maxLength: 4 })
const anyError = fc.record({ kind: anyText, name: anyText, message: anyText })

const anyJob = fc.record(
  {
    ...{ id: anyText, state: oneOf('ready', 'running', 'scheduled', 'done', 'dead', 'cancelled') },
    ...{ phase: anyText, phaseIndex: anyCount, priority: fc.integer({ min: -10, max: 10 }) },
    ...{ attempts: anyCount, enqueuedMs: anyCount, dueMs: anyCount, endedMs: anyCount },
    ...{ deathReason: anyText, lastError: anyText, worker: anyText, replayOf: anyText },
  },
  {
    requiredKeys: [
      ...(['id', 'state', 'phase', 'phaseIndex', 'priority', 'attempts'] as const),
      ...(['enqueuedMs', 'dueMs'] as const),
    ],
  },
)

const anySettled = fc.record(
  {
    ...{ id: anyText, state: oneOf('done', 'dead', 'cancelled', 'notFound', 'timedOut') },
    ...{ instructions: anyBytes, reason: anyText, error: anyError },
  },
  { requiredKeys: ['id', 'state'] },
)

const anyOutcome = oneOf(
  ...(['stored', 'duplicate', 'conflict', 'expired', 'busy', 'full'] as const),
  ...(['tooLarge', 'invalid'] as const),
)

const anyReply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record(
    {
      ...{ type: fc.constant('enqueued' as const), request, durability: anyText },
      ...{ retryAfterMs: anyCount, issues: fc.constant({ 'job-1': 'size is missing' }) },
      items: few(fc.record({ id: anyText, outcome: anyOutcome })),
    },
    { requiredKeys: ['type', 'request', 'durability', 'retryAfterMs', 'items'] },
  ),
  fc.record({
    ...{ type: fc.constant('job' as const), request, job: anyJob, instructions: anyBytes },
    attempts: fc.constant([]),
  }),
  fc.record({
    ...{ type: fc.constant('settled' as const), request, isLast: fc.boolean() },
    items: few(anySettled),
  }),
  fc.record({
    ...{ type: fc.constant('jobs' as const), request, jobs: few(anyJob), next: anyText },
    ...{ count: anyCount, more: fc.boolean() },
  }),
  fc.record({ type: fc.constant('cancelled' as const), request, outcome: anyText }),
  fc.record({
    ...{ type: fc.constant('paused' as const), request, pipeline: fc.boolean() },
    phases: few(anyText),
  }),
  fc.record({
    ...{ type: fc.constant('dead' as const), request },
    items: few(
      fc.record({ id: anyText, outcome: oneOf('redriven', 'discarded', 'notDead', 'notFound') }),
    ),
  }),
  fc.record({
    ...{ type: fc.constant('draining' as const), request },
    outcome: oneOf('draining', 'resumed', 'notFound'),
  }),
  fc.record({
    ...{ type: fc.constant('error' as const), request, code: anyText, message: anyText },
    ...{ hint: anyText, retryAfterMs: anyCount },
  }),
)

describe('a reply', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(anyReply, (sent) => {
        const frames = encodeReply(sent)
        expect(asSent(decodeReply(unpackHeader(frames[0]), frames))).toMatchObject(
          asSent(sent) as object,
        )
      }),
    )
  })
})

describe('a published event', () => {
  it('arrives as it was sent', () => {
    const anyEvent = fc.record({
      ...{ topic: anyText, source: anyText, sequence: anyCount, atMs: anyCount },
      fields: fc.dictionary(fc.constantFrom('id', 'phase', 'note'), fc.oneof(anyText, anyCount)),
    })
    fc.assert(
      fc.property(anyEvent, (sent) => {
        expect(decodePublished(encodePublished(sent))).toEqual({ ...sent, fields: sent.fields })
      }),
    )
  })
})
