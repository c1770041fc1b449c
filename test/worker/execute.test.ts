/** What a phase throws is an outcome, whatever it is, and never more than that. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compilePhase } from '../../src/pipeline/compile.ts'
import { Reject, RetryAfter } from '../../src/pipeline/outcome.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { executePhase } from '../../src/worker/execute.ts'
import { RunContext } from '../../src/worker/run-context.ts'
import { encodeInstructions } from '../../src/wire/instructions.ts'

const start = {
  ...{ type: 'StartRun' as const, run: 1, token: { epoch: 1, nonce: 'a', sequence: 1 } },
  ...{ pipeline: 'films', jobId: 'job', phase: 0, attempt: 1 },
}

async function outcomeOf(act: () => unknown) {
  class Act extends Phase {
    readonly jobType = 'act'
    execute() {
      return act() as object
    }
  }
  const instructions = encodeInstructions({})
  const parts = { jobType: 'act', log: () => undefined, publish: () => undefined }
  const context = new RunContext({ ...start, instructions }, parts)
  return await executePhase(compilePhase(Act), new Act(), instructions, context)
}

const thrown = (value: unknown) =>
  outcomeOf(() => {
    // oxlint-disable-next-line typescript/only-throw-error -- users do
    throw value
  })

function errorWith(name: 'message' | 'name' | 'stack', descriptor: PropertyDescriptor): Error {
  return Object.defineProperty(new Error('x'), name, descriptor)
}

const get = () => {
  throw new Error('not for you')
}

describe('what a phase throws', () => {
  it('has what is behind it in its stack', async () => {
    const refused = new Error('connect ECONNREFUSED', { cause: 'port 5432' })
    const outcome = await thrown(new TypeError('fetch failed', { cause: refused }))
    expect(outcome).toMatchObject({
      error: {
        message: 'fetch failed',
        stack: expect.stringMatching(
          /^TypeError: fetch failed\n[^]*\ncaused by Error: connect ECONNREFUSED\n[^]*\ncaused by "port 5432"$/,
        ) as string,
      },
    })
    const own: Error = new Error('its own cause')
    own.cause = own
    expect(await thrown(own)).toMatchObject({ error: { message: 'its own cause' } })
    const broken = Object.defineProperty(new Error('x'), 'cause', { get })
    expect(await thrown(broken)).toMatchObject({ error: { message: 'x' } })
  })

  it.each([
    ['a message without a prototype', errorWith('message', { value: Object.create(null) })],
    ['a message that throws', errorWith('message', { get })],
    ['a name that is a symbol', errorWith('name', { value: Symbol('s') })],
    ['a stack that throws', errorWith('stack', { get })],
    ['a proxy that throws', new Proxy({}, { get, getPrototypeOf: get })],
    ['nothing', undefined],
    ['an object without a prototype', Object.create(null)],
  ])('is a failure of its job: %s', async (_, value) => {
    const outcome = await thrown(value)
    expect(outcome).toMatchObject({ type: 'failed', retry: 'default', error: { kind: 'thrown' } })
    expect(() => JSON.stringify(outcome)).not.toThrow()
  })

  it('is one of them, for anything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (value) => {
        expect(await thrown(value)).toMatchObject({ type: 'failed' })
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN, 'default'],
    ['negative', -5, 'default'],
    ['a text', '1s', 'default'],
    ['missing', undefined, 'default'],
    ['endless', Infinity, Number.MAX_SAFE_INTEGER],
    ['a fraction', 1.5, 2],
    ['nothing', 0, 0],
  ])('may say when to come back; a delay that is %s', async (_, delayMs, retry) => {
    const later = Object.defineProperty(new RetryAfter(1), 'delayMs', { value: delayMs })
    expect(await thrown(later)).toMatchObject({ type: 'failed', retry })
  })

  it('may be final', async () => {
    expect(await thrown(new Reject('no'))).toMatchObject({ retry: 'never' })
  })
})
