// From classes to plain data, and every slip on the way there.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { accepts, chain } from '../../src/pipeline/chain.ts'
import { checkInstructions, compilePhase, compilePipeline } from '../../src/pipeline/compile.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { Hash, Hashes, phaseWith, pipelineWith, Remove } from './phases.ts'

const badPipeline = (message: string) =>
  expect.objectContaining({ code: 'CT_BAD_PIPELINE', message: expect.stringContaining(message) })

describe('compilePipeline', () => {
  it('gives plain data with every default filled in', () => {
    const { spec, phaseClasses, inputSchema } = compilePipeline(Hashes)
    const retry = {
      ...{ attempts: 5, crashes: 3, backoff: 'exponential', delayMs: 1_000, factor: 2 },
      ...{ delayMsMax: 300_000, jitter: true },
    }
    expect(spec).toEqual({
      name: 'hashes',
      phases: [
        { jobType: 'hash', retry, timeoutMs: 1_800_000 },
        { jobType: 'remove', retry, timeoutMs: 1_800_000 },
      ],
    })
    expect(structuredClone(spec)).toEqual(spec)
    expect(phaseClasses).toEqual([Hash, Remove])
    expect(inputSchema).toBeUndefined()
  })

  it('does not call initialize', () => {
    const isCalled: boolean[] = []
    compilePipeline(pipelineWith({}, { initialize: () => isCalled.push(true) }))
    expect(isCalled).toEqual([])
  })

  it('takes the same class twice', () => {
    expect(compilePipeline(pipelineWith({ phases: chain(Hash, Hash) })).spec.phases).toHaveLength(2)
  })

  it.each<[string, object, string]>([
    ['no name', { name: undefined }, 'pipeline Made has no name'],
    ['a bad name', { name: 'Video Encoder' }, 'name is "Video Encoder", which is not allowed'],
    ['a name of 65 letters', { name: 'a'.repeat(65) }, 'which is not allowed'],
    ['a list for a chain', { phases: [Hash] }, 'phases is a plain list'],
    ['no phases', { phases: undefined }, 'pipeline Made has no phases'],
    ['a mistyped field', { phases: undefined, phase: chain(Hash) }, 'did you mean "phases"?'],
    ['an empty chain', { phases: chain() }, 'the chain is empty'],
  ])('refuses %s', (_, fields, message) => {
    expect(() => compilePipeline(pipelineWith(fields))).toThrow(badPipeline(message))
  })

  it('refuses two classes for one job type', () => {
    class Other extends Phase {
      readonly jobType = 'hash'
      execute() {}
    }
    const phases = chain(Hash, Other)
    const message = 'Hash and Other both have jobType "hash"'
    expect(() => compilePipeline(pipelineWith({ phases }))).toThrow(badPipeline(message))
  })

  it('refuses a method that only differs in case from one that is called', () => {
    const made = pipelineWith({}, { initialise() {}, Initialize() {} })
    expect(() => compilePipeline(made)).toThrow(badPipeline('did you mean "initialize"?'))
  })

  it.each<[unknown, string]>([
    [new Hashes(), 'a value of type object is not a pipeline class'],
    [Pipeline, 'Pipeline is not a pipeline class'],
    [Hash, 'Hash is not a pipeline class'],
  ])('refuses what is no pipeline class', (value, message) => {
    expect(() => compilePipeline(value as never)).toThrow(badPipeline(message))
  })

  it('says which constructor threw', () => {
    class Broken extends Pipeline {
      readonly name = 'broken'
      get phases(): never {
        throw new Error('unused')
      }
      constructor() {
        super()
        throw new Error('no GPU here')
      }
    }
    expect(() => compilePipeline(Broken)).toThrow(badPipeline('new Broken() threw: no GPU here'))
  })
})

describe('compilePhase', () => {
  it('reads options in any form', () => {
    class Encode extends Phase.of({
      jobType: 'encode',
      retry: {
        attempts: 7,
        backoff: 'fixed',
        delay: '10m',
        jitter: false,
        crashes: 1,
        factor: 1.5,
      },
      timeout: '2h',
      concurrency: 4,
      input: z.object({ path: z.string() }),
    }) {
      execute(job: this['job']) {
        void job
      }
    }
    const { spec, concurrency, input } = compilePhase(Encode)
    expect(spec).toEqual({
      jobType: 'encode',
      retry: {
        ...{ attempts: 7, crashes: 1, backoff: 'fixed', delayMs: 600_000, factor: 1.5 },
        ...{ delayMsMax: 600_000, jitter: false },
      },
      timeoutMs: 7_200_000,
    })
    expect(concurrency).toBe(4)
    expect(input).toBeDefined()
  })

  it.each<[object, string]>([
    [{ jobType: undefined }, 'phase Made has no jobType'],
    [{ jobType: 'Encode' }, 'jobType is "Encode", which is not allowed'],
    [
      { timeuot: 5 },
      'phase Made has a field "timeuot", which means nothing; did you mean "timeout"?',
    ],
    [{ retrys: { attempts: 2 } }, 'did you mean "retry"?'],
    [{ concurency: 3 }, 'did you mean "concurrency"?'],
    [{ retry: 3 }, 'phase "made": retry is 3, not an object'],
    [{ retry: [] }, 'retry is a list'],
    [
      { retry: { attemps: 3 } },
      'retry has "attemps", which is not known; did you mean "attempts"?',
    ],
    [{ retry: { wait: 3 } }, 'retry has "wait", which is not known'],
    [{ retry: { attempts: 0 } }, 'retry.attempts is 0, not a whole number from 1'],
    [{ retry: { attempts: 1.5 } }, 'retry.attempts is 1.5, not a whole number'],
    [{ retry: { attempts: '5' } }, 'retry.attempts is "5", not a whole number'],
    [{ retry: { crashes: 0 } }, 'retry.crashes is 0'],
    [{ retry: { factor: 0.5 } }, 'retry.factor is 0.5, not a number from 1'],
    [{ retry: { factor: NaN } }, 'retry.factor is NaN'],
    [{ retry: { jitter: 'full' } }, `retry.jitter is "full", not true or false`],
    [{ retry: { backoff: 'expontial' } }, 'did you mean "exponential"?'],
    [{ retry: { delay: '5 min' } }, 'retry.delay is "5 min", which is no duration'],
    [{ retry: { delay: -1 } }, 'retry.delay is -1, which is no duration'],
    [{ retry: { delay: 10, maxDelay: 5 } }, 'retry.maxDelay (5 ms) is less than delay (10 ms)'],
    [{ timeout: 0 }, 'timeout is 0'],
    [{ timeout: '25d' }, 'timeout is 2160000000 ms; the longest is'],
    [{ concurrency: 0 }, 'concurrency is 0, not a whole number from 1 to 10000'],
    [{ input: { path: 'string' } }, 'input is not a Standard Schema'],
    [{ execute: 'ffmpeg' }, 'phase "made" has no execute method'],
    [{ setup: true }, 'setup is not a method'],
  ])('refuses %j', (fields, message) => {
    expect(() => compilePhase(phaseWith(fields))).toThrow(badPipeline(message))
  })

  it.each<[string, object, string]>([
    ['tearDown', { tearDown() {} }, 'did you mean "teardown"?'],
    ['excute', { execute: undefined, excute() {} }, 'did you mean "execute"?'],
  ])('finds the mistyped method %s', (_, methods, message) => {
    expect(() => compilePhase(phaseWith({}, methods))).toThrow(badPipeline(message))
  })

  it.each<[string, object]>([
    ['a field of the user', { gpu: { id: 1 }, cache: new Map(), inputs: [], entry: {} }],
    ['a near name with another kind of value', { timeouts: [], inpot: 'a.mp4' }],
    ['a near name beside the real one', { timeout: 5, timeouts: 7 }],
  ])('leaves %s alone', (_, fields) => {
    expect(compilePhase(phaseWith(fields)).spec.jobType).toBe('made')
  })
})

describe('checkInstructions', () => {
  const schema = z.object({ path: z.string(), size: z.coerce.number().default(1) })

  it('answers the instructions as they came, whatever a schema makes of them', async () => {
    const compiled = compilePipeline(pipelineWith({ phases: accepts(schema).chain(Hash) }))
    const given = { path: 'a', more: true }
    expect(await checkInstructions(compiled, given)).toEqual({ ok: true, value: given })
  })

  it('lists issues with their paths', async () => {
    const compiled = compilePipeline(pipelineWith({ phases: accepts(schema).chain(Hash) }))
    const answer = await checkInstructions(compiled, { path: 5, size: 'x' })
    expect(answer).toEqual({
      ok: false,
      issues: [expect.stringMatching(/^path: .*string/), expect.stringMatching(/^size: .*number/)],
    })
  })

  it('looks at the schema of the first phase too', async () => {
    class Strict extends Phase.of({ jobType: 'strict', input: z.object({ path: z.string() }) }) {
      execute(job: this['job']) {
        void job
      }
    }
    const compiled = compilePipeline(pipelineWith({ phases: chain(Strict) }))
    expect(await checkInstructions(compiled, {})).toMatchObject({ ok: false })
  })
})
