/** Any token, any result, any order: what the round trips of the wire draw from. */
import fc from 'fast-check'
import type { HeldToken, Outcome, Result, WorkerInfo } from '../../src/core/event.ts'
import type { AttemptError } from '../../src/core/job.ts'
import type { Token } from '../../src/core/token.ts'
import type { StreamOpen, WireOrder } from '../../src/core/worker-event.ts'

export const anyText = fc.string({ maxLength: 20, unit: 'grapheme' })
export const anyCount = fc.oneof(fc.nat({ max: 100 }), fc.maxSafeNat())
export const anyBytes = fc.uint8Array({ maxLength: 40 })

export const anyToken: fc.Arbitrary<Token> = fc.record({
  epoch: anyCount,
  nonce: anyText,
  sequence: anyCount,
})

const anyError: fc.Arbitrary<AttemptError> = fc.record(
  { kind: anyText, name: anyText, message: anyText, stack: anyText },
  { requiredKeys: ['kind', 'name', 'message'] },
)

const anyOutcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.record({ type: fc.constant('done' as const), instructions: anyBytes }),
  fc.record({ type: fc.constant('released' as const), reason: anyText }),
  fc.record({
    type: fc.constant('failed' as const),
    error: anyError,
    retry: fc.oneof(fc.constantFrom('default' as const, 'never' as const), anyCount),
  }),
)

const run = { token: anyToken, jobId: anyText, phase: anyCount, attempt: anyCount }

export const anyResult: fc.Arbitrary<Result> = fc.record({
  ...run,
  ...{ entry: anyCount, startedMs: anyCount, endedMs: anyCount, outcome: anyOutcome },
})

export const anyHeld: fc.Arbitrary<HeldToken> = fc.record({
  ...run,
  state: fc.constantFrom('queued', 'running', 'finished'),
  startedMs: anyCount,
})

const plainInfo = {
  ...{ id: anyText, incarnation: anyText, address: anyText, jobType: anyText },
  concurrency: fc.integer({ min: 1, max: 1_000 }),
  ...{ host: anyText, pid: anyCount, version: anyText },
}
export const anyInfo: fc.Arbitrary<WorkerInfo> = fc.oneof(
  fc.record(plainInfo),
  fc.record({ ...plainInfo, relayed: fc.boolean() }),
)

export const anyOrder: fc.Arbitrary<WireOrder> = fc.oneof(
  fc.record({
    type: fc.constantFrom('skip' as const, 'drain' as const, 'resume' as const),
    order: anyCount,
  }),
  fc.record({
    type: fc.constant('abort' as const),
    order: anyCount,
    token: anyToken,
    reason: fc.constantFrom('cancelled' as const, 'superseded' as const),
  }),
  fc.record({
    type: fc.constant('grant' as const),
    order: anyCount,
    ...run,
    timeoutMs: anyCount,
    instructions: anyBytes,
  }),
)

export const anyOpen: fc.Arbitrary<StreamOpen> = fc.record({
  ...{ incarnation: anyText, manager: anyText, pipeline: anyText, shard: anyCount },
  ...{ epoch: anyCount, stream: anyText, pull: anyText, nextOrder: anyCount, ping: anyCount },
})
