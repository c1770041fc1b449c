// The brands, Phase.of, chain and the outcomes: what holds without compiling anything.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { accepts, chain } from '../../src/pipeline/chain.ts'
import { isReject, isRetryAfter, Reject, RetryAfter } from '../../src/pipeline/outcome.ts'
import { isPhaseClass, isPhaseInstance, Phase } from '../../src/pipeline/phase.ts'
import { isPipelineClass, Pipeline } from '../../src/pipeline/pipeline.ts'
import { isStandardSchema, validateWithSchema } from '../../src/pipeline/schema.ts'
import { Hash, Hashes } from './phases.ts'

/** What another copy of this library would export. */
class ForeignPhase {
  jobType = 'foreign'
  execute() {}
  static {
    const base = class {}
    Object.defineProperty(base.prototype, Symbol.for('carbontube.phase'), { value: true })
    Object.setPrototypeOf(this.prototype, base.prototype)
  }
}

describe('recognising classes', () => {
  it.each<[string, unknown, boolean]>([
    ['a phase class', Hash, true],
    ['a phase class of another copy of the library', ForeignPhase, true],
    ['Phase itself', Phase, false],
    ['an instance', new Hash(), false],
    ['another class', Map, false],
    ['an arrow function', () => undefined, false],
    ['undefined', undefined, false],
  ])('isPhaseClass: %s', (_, value, expected) => {
    expect(isPhaseClass(value)).toBe(expected)
  })

  it('tells an instance from a class', () => {
    expect([isPhaseInstance(new Hash()), isPhaseInstance(Hash), isPhaseInstance(null)]).toEqual([
      ...[true, false, false],
    ])
  })

  it('isPipelineClass: subclasses only', () => {
    const values = [Hashes, Pipeline, Hash, new Hashes(), null]
    expect(values.map(isPipelineClass)).toEqual([true, false, false, false, false])
  })
})

describe('Phase.of', () => {
  it('makes a base class with the options as fields, and leaves out what is undefined', () => {
    const options = { jobType: 'x', timeout: '5s', retry: { attempts: 1 } } as const
    class X extends Phase.of(options) {
      execute() {}
    }
    expect(Object.entries(new X())).toEqual(Object.entries(options))
    expect(isPhaseClass(X)).toBe(true)
  })

  it('refuses an option it does not know', () => {
    const options = { jobType: 'encode', timeuot: 5 } as { jobType: 'encode' }
    expect(() => Phase.of(options)).toThrow(
      'phase "encode": option "timeuot", which is not known; did you mean "timeout"?',
    )
  })
})

describe('chain', () => {
  it('keeps the classes in order, and cannot be changed', () => {
    const { classes } = chain(Hash)
    expect(classes).toEqual([Hash])
    expect(Object.isFrozen(classes)).toBe(true)
  })

  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'chain(…): argument 2 is undefined'],
    ['an instance', new Hash(), 'chain(…): argument 2 is an instance of a phase'],
    ['another class', Map, 'chain(…): argument 2 (Map) is not a phase class'],
    ['a text', 'hash', 'chain(…): argument 2 (string) is not a phase class'],
  ])('refuses %s', (_, value, message) => {
    const anyChain = chain as (...phases: unknown[]) => unknown
    expect(() => anyChain(Hash, value)).toThrow(message)
  })

  it('carries the schema of accepts', () => {
    const schema = z.object({ path: z.string() })
    expect(accepts(schema).chain(Hash)).toEqual({ classes: [Hash], input: schema })
  })

  it('refuses what is no schema', () => {
    expect(() => accepts({ path: 'string' } as never)).toThrow('was not given a Standard Schema')
  })
})

describe('outcomes', () => {
  const cause = new Error('404')

  it('Reject carries message and cause', () => {
    const reject = new Reject('no such video', { cause })
    expect(reject).toMatchObject({ name: 'Reject', message: 'no such video', cause })
    expect([isReject(reject), isRetryAfter(reject), isReject(cause)]).toEqual([true, false, false])
  })

  it('RetryAfter carries the delay in milliseconds', () => {
    const later = new RetryAfter('30s')
    expect(later).toMatchObject({ delayMs: 30_000, message: 'try again after 30s' })
    expect([isRetryAfter(later), isReject(later)]).toEqual([true, false])
    expect(() => new RetryAfter('soon' as '1s')).toThrow('RetryAfter is "soon"')
  })

  it('are recognised by their brand, not their class', () => {
    const foreign = Object.create({ [Symbol.for('carbontube.reject')]: true })
    expect(isReject(foreign)).toBe(true)
  })

  it.each([undefined, null, 'text', 5])('are not %s', (thrown) => {
    expect(isReject(thrown) || isRetryAfter(thrown)).toBe(false)
  })
})

describe('schemas', () => {
  it('may be functions with a ~standard property, as those of arktype', async () => {
    const standard = { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) }
    const schema = Object.assign(() => undefined, { '~standard': standard })
    expect(isStandardSchema(schema)).toBe(true)
    expect(await validateWithSchema(schema as never, 5)).toEqual({ ok: true, value: 5 })
  })

  it('give their output, also asynchronously', async () => {
    const schema = z.string().transform((text) => Promise.resolve(text.length))
    expect(await validateWithSchema(schema, 'four')).toEqual({ ok: true, value: 4 })
  })

  it('tell the path of an issue', async () => {
    const schema = z.object({ clips: z.array(z.object({ from: z.number() })) })
    const answer = await validateWithSchema(schema, { clips: [{ from: 'x' }] })
    expect(answer).toEqual({ ok: false, issues: [expect.stringMatching(/^clips\.0\.from: /)] })
  })

  it('tell an issue without a path as it is', async () => {
    const answer = await validateWithSchema(z.string(), 5)
    expect(answer).toMatchObject({ issues: [expect.stringMatching(/^Invalid/)] })
  })
})
