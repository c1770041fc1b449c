// A pipeline in a unit test: what users see of it, in results and in errors.
import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { chain } from '../../src/pipeline/chain.ts'
import type { Context } from '../../src/pipeline/context.ts'
import { Reject, RetryAfter } from '../../src/pipeline/outcome.ts'
import { Phase } from '../../src/pipeline/phase.ts'
import { Pipeline } from '../../src/pipeline/pipeline.ts'
import { runInMemory } from '../../src/testing/run-in-memory.ts'
import { pipelineWith } from '../pipeline/phases.ts'

class Encode extends Phase {
  readonly jobType = 'encode-video'
  retry = { attempts: 3, delay: 1_000, factor: 3 }

  execute(job: { videoPath: string }, context: Context) {
    context.log.info('encoding', { path: job.videoPath, phase: 'a field of the user' })
    context.progress(0.5)
    context.heartbeat()
    return { videoUri: `s3://${job.videoPath}`, at: new Date(0) }
  }
}

class Split extends Phase {
  readonly jobType = 'split-video'
  execute(job: { videoUri: string; at: string }) {
    return { segments: [job.videoUri, job.at] }
  }
}

class Videos extends Pipeline {
  readonly name = 'videos'
  readonly phases = chain(Encode, Split)
}

/** A pipeline of one phase that does this. */
function doing(execute: (context: Context) => unknown, fields: object = {}) {
  class Doing extends Phase {
    readonly jobType = 'doing'
    constructor() {
      super()
      Object.assign(this, fields)
    }
    // oxlint-disable-next-line typescript/no-explicit-any -- tests return whatever is wrong
    execute(_job: object, context: Context): any {
      return execute(context)
    }
  }
  return pipelineWith({ phases: chain(Doing) })
}

describe('a run that succeeds', () => {
  it('gives the job after the last phase, as the wire leaves it, with its type', async () => {
    const { output } = await runInMemory(Videos, { videoPath: 'a.mp4' })
    expectTypeOf(output).toEqualTypeOf<{
      videoPath: string
      videoUri: string
      at: string
      segments: string[]
    }>()
    expect(output).toEqual({
      videoPath: 'a.mp4',
      videoUri: 's3://a.mp4',
      at: '1970-01-01T00:00:00.000Z',
      segments: ['s3://a.mp4', '1970-01-01T00:00:00.000Z'],
    })
  })

  it('gives attempts and log lines', async () => {
    const clock = { nowMs: () => 5 }
    const { trace, logs } = await runInMemory(Videos, { videoPath: 'a.mp4' }, { clock })
    const ok = { attempt: 1, ok: true, startedMs: 5, durationMs: 0 }
    expect(trace).toEqual([
      { phase: 'encode-video', ...ok },
      { phase: 'split-video', ...ok },
    ])
    expect(logs).toEqual([
      {
        ...{ atMs: 5, phase: 'encode-video', attempt: 1, level: 'info', message: 'encoding' },
        fields: { path: 'a.mp4', phase: 'a field of the user' },
      },
    ])
  })

  it('takes stubs in place of phases', async () => {
    const stub = { 'encode-video': () => ({ videoUri: 'stubbed', at: new Date(1) }) }
    const { output } = await runInMemory(Videos, { videoPath: 'a.mp4' }, { stub })
    expect(output.segments).toEqual(['stubbed', '1970-01-01T00:00:00.001Z'])
  })

  it('gives a phase a context of its own per attempt', async () => {
    const seen: Context[] = []
    const pipeline = doing((context) => {
      seen.push(context)
      if (seen.length < 3) throw new Error('again')
      return {}
    })
    await runInMemory(pipeline, {})
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3])
    expect(seen.map(({ fence }) => fence)).toEqual(seen.map(({ fence }) => fence).sort())
    expect(new Set(seen.map(({ fence }) => fence)).size).toBe(3)
    expect(new Set(seen.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(1)
    expect(seen[0]).toMatchObject({ pipeline: 'made', phase: 'doing', jobId: 'in-memory' })
    expect(seen[0]?.signal.aborted).toBe(false)
  })

  it('does not merge what a phase did to its copy of the job', async () => {
    class Spoil extends Phase {
      readonly jobType = 'spoil'
      execute(job: { list: number[] }) {
        job.list = [5]
      }
    }
    const { output } = await runInMemory(pipelineWith({ phases: chain(Spoil) }), { list: [1] })
    expect(output).toEqual({ list: [1] })
  })

  it('does not merge what a phase did to bytes in the job, nor show it to the next attempt', async () => {
    const seen: number[][] = []
    class Scramble extends Phase {
      readonly jobType = 'scramble'
      execute(job: { bytes: Uint8Array }, { attempt }: Context) {
        seen.push([...job.bytes])
        job.bytes.fill(0)
        if (attempt === 1) throw new Error('again')
        return { done: true }
      }
    }
    const pipeline = pipelineWith({ phases: chain(Scramble) })
    const { output } = await runInMemory(pipeline, { bytes: new Uint8Array([1, 2]) })
    expect(seen).toEqual([
      [1, 2],
      [1, 2],
    ])
    expect(output).toEqual({ bytes: Buffer.from([1, 2]), done: true })
  })

  it('sets a phase up once, and tears it down at the end, also of a run that fails', async () => {
    const calls: string[] = []
    class Counting extends Phase {
      readonly jobType = 'counting'
      retry = { attempts: 2 }
      setup() {
        calls.push('setup')
      }
      teardown() {
        calls.push('teardown')
      }
      execute() {
        calls.push('execute')
        throw new Error('no')
      }
    }
    const run = runInMemory(pipelineWith({ phases: chain(Counting) }), {})
    await expect(run).rejects.toThrow('no')
    expect(calls).toEqual(['setup', 'execute', 'execute', 'teardown'])
  })

  it('tells why the job failed, and tears every phase down, whatever a teardown throws', async () => {
    const calls: string[] = []
    class Leaving extends Phase {
      readonly jobType = 'leaving'
      execute(_job: { fails: boolean }) {}
      teardown() {
        calls.push('leaving')
        throw new Error('left')
      }
    }
    class Failing extends Phase {
      readonly jobType = 'failing'
      execute(job: { fails: boolean }) {
        if (job.fails) throw new Reject('it is the job')
      }
      teardown() {
        calls.push('failing')
      }
    }
    const pipeline = pipelineWith({ phases: chain(Leaving, Failing) })
    const failed = { code: 'CT_REJECTED', message: expect.stringContaining('the job') as string }
    await expect(runInMemory(pipeline, { fails: true })).rejects.toMatchObject(failed)
    const left = { code: 'CT_HOOK_FAILED', message: expect.stringContaining('left') as string }
    await expect(runInMemory(pipeline, { fails: false })).rejects.toMatchObject(left)
    expect(calls).toEqual(['leaving', 'failing', 'leaving', 'failing'])
  })

  it('does not set up a phase that is stubbed', async () => {
    class Gpu extends Phase {
      readonly jobType = 'gpu'
      setup() {
        throw new Error('no GPU in this test')
      }
      execute(job: { a: number }) {
        return { b: job.a }
      }
    }
    class Gpus extends Pipeline {
      readonly name = 'gpus'
      readonly phases = chain(Gpu)
    }
    const { output } = await runInMemory(Gpus, { a: 1 }, { stub: { gpu: ({ a }) => ({ b: a }) } })
    expect(output).toEqual({ a: 1, b: 1 })
  })
})

describe('retries', () => {
  it('follow the options of the phase, on a clock that jumps over the waits', async () => {
    let failures = 2
    const stub = {
      'encode-video': () => {
        if (failures-- > 0) throw new Error('ffmpeg crashed')
        return { videoUri: 'x', at: new Date(0) }
      },
    }
    const options = { stub, clock: { nowMs: () => 0 } }
    const { trace } = await runInMemory(Videos, { videoPath: 'a' }, options)
    expect(trace.map(({ ok, startedMs, retryInMs }) => [ok, startedMs, retryInMs])).toEqual([
      [false, 0, 1_000],
      [false, 1_000, 3_000],
      [true, 4_000, undefined],
      [true, 4_000, undefined],
    ])
    expect(trace[0]?.error).toMatchObject({ kind: 'thrown', message: 'ffmpeg crashed' })
  })

  it('wait as RetryAfter says, and count it', async () => {
    let attempts = 0
    const pipeline = doing(() => {
      if (++attempts === 1) throw new RetryAfter('30s', 'the shop is closed')
      return {}
    })
    const { trace } = await runInMemory(pipeline, {})
    expect(trace[0]).toMatchObject({ ok: false, retryInMs: 30_000, error: { kind: 'retryAfter' } })
  })
})

describe('a job that dies', () => {
  it('names phase, attempts and the last error, which is the cause', async () => {
    const cause = new TypeError('disk is full')
    const run = runInMemory(
      doing(
        () => {
          throw cause
        },
        { retry: { attempts: 4 } },
      ),
      {},
    )
    await expect(run).rejects.toMatchObject({
      code: 'CT_JOB_FAILED',
      message: 'phase "doing" failed (attempt 4): disk is full',
      cause,
      details: { phase: 'doing', attempt: 4, trace: { length: 4 } },
    })
  })

  it('is not tried again after Reject', async () => {
    const run = runInMemory(
      doing(() => {
        throw new Reject('no such video')
      }),
      {},
    )
    await expect(run).rejects.toMatchObject({
      code: 'CT_REJECTED',
      message: 'phase "doing" rejected the job: no such video',
      details: { trace: { length: 1 } },
    })
  })

  it.each<[string, unknown, string]>([
    ['a list', [1], 'the phase returned a list of 1, not an object'],
    ['a text', 'x', 'the phase returned a text, not an object'],
    ['a function', { f: { g: () => 1 } }, '"f.g" is a function, which cannot travel'],
    ['a Map', { m: new Map() }, '"m" is a Map, which cannot travel'],
  ])('has CT_BAD_RESULT when a phase returns %s', async (_, returned, message) => {
    await expect(
      runInMemory(
        doing(() => returned),
        {},
      ),
    ).rejects.toMatchObject({
      code: 'CT_BAD_RESULT',
      message: expect.stringContaining(message),
    })
  })

  it('tells of a thrown value that is no Error', async () => {
    const throwing = () => {
      // oxlint-disable-next-line typescript/only-throw-error -- users do
      throw 'just text'
    }
    const pipeline = doing(throwing, { retry: { attempts: 1 } })
    await expect(runInMemory(pipeline, {})).rejects.toMatchObject({
      code: 'CT_JOB_FAILED',
      message: 'phase "doing" failed: threw a non-Error: "just text"',
      cause: 'just text',
    })
  })
})

describe('what is refused at the door', () => {
  class Sized extends Phase.of({
    jobType: 'sized',
    input: z.object({ size: z.string().transform(Number) }),
  }) {
    execute(job: this['job']) {
      return { double: job.size * 2 }
    }
  }
  class Sizes extends Pipeline {
    readonly name = 'sizes'
    readonly phases = chain(Sized)
  }

  it('is a job that the schema does not take', async () => {
    await expect(runInMemory(Sizes, { size: 5 as never })).rejects.toMatchObject({
      code: 'CT_INVALID_JOB',
      message: expect.stringMatching(/^pipeline "sizes" does not take this job: size: /),
    })
  })

  it('while execute gets what the schema makes of one that it takes', async () => {
    const { output } = await runInMemory(Sizes, { size: '21' })
    expect(output).toEqual({ size: '21', double: 42 })
  })

  it('is a job that cannot travel', async () => {
    const run = runInMemory(Videos, { videoPath: (() => 1) as never })
    await expect(run).rejects.toMatchObject({ code: 'CT_BAD_INSTRUCTIONS' })
  })

  it('is a stub of a phase that is not there', async () => {
    const stub = { 'encode-vidoe': () => ({}) }
    const run = runInMemory(Videos, { videoPath: 'a' }, { stub: stub as object })
    await expect(run).rejects.toThrow('no phase has jobType "encode-vidoe"; did you mean "encode-')
  })

  it('is a later job that does not fit the schema of its phase: rejected there', async () => {
    class Makes extends Phase {
      readonly jobType = 'makes'
      // oxlint-disable-next-line typescript/no-explicit-any -- opts out of the check by the compiler
      execute(): any {
        return { size: 5 }
      }
    }
    const run = runInMemory(pipelineWith({ phases: chain(Makes, Sized) }), {})
    await expect(run).rejects.toMatchObject({
      code: 'CT_REJECTED',
      message: expect.stringContaining("does not fit the phase's schema: size: "),
    })
  })
})

describe('types', () => {
  it('refuse another input, an unknown stub and a stub of another type', () => {
    const wrong = () => [
      // @ts-expect-error -- a property of another name
      runInMemory(Videos, { path: 'a' }),
      // @ts-expect-error -- no such phase
      runInMemory(Videos, { videoPath: 'a' }, { stub: { encode: () => ({}) } }),
      // @ts-expect-error -- returns something else than the phase
      runInMemory(Videos, { videoPath: 'a' }, { stub: { 'split-video': () => ({ parts: 1 }) } }),
    ]
    expect(wrong).toBeTypeOf('function')
  })
})
