/** `--tracing` with a real SDK in the worker's process: docs/how-to/trace.md. */
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { traceparentOf } from '../../src/runtime/job-trace.ts'
import { until } from '../wait.ts'
import { Bench, numbered } from './processes.ts'

const telemetry = fileURLToPath(new URL('../../examples/tracing/telemetry.mjs', import.meta.url))

interface SpanLine {
  readonly name: string
  readonly traceId: string
  readonly parent: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly status: { readonly code: number; readonly message?: string }
}

let bench: Bench
let spans: SpanLine[]

beforeEach(async () => {
  bench = await Bench.open()
  spans = []
})

afterEach(() => bench.close())

function collectFrom(child: ChildProcess): void {
  let rest = ''
  child.stdout?.on('data', (text: Buffer) => {
    const lines = (rest + text.toString()).split('\n')
    rest = lines.pop() ?? ''
    spans.push(...lines.map((line) => JSON.parse(line) as SpanLine))
  })
}

describe('a worker with --tracing', () => {
  it('makes each attempt a span of the trace that follows from the id of its job', async () => {
    bench.manager()
    const env = { NODE_OPTIONS: `--import ${telemetry}` }
    for (const jobType of ['work', 'finish']) {
      collectFrom(bench.worker(jobType, ['--tracing'], env))
    }
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const [good] = await client.enqueueJobs(numbered(1))
    const [bad] = await client.enqueueJobs(numbered(1, { does: 'throw' }))
    await until(() => spans.length === 4, { what: 'four spans are told', timeoutMs: 20_000 })

    const of = (id = '') => spans.filter(({ traceId }) => traceparentOf(id).includes(traceId))
    expect(of(good?.job.id).map(({ name }) => name)).toEqual(['work', 'finish'])
    expect(of(bad?.job.id).map(({ attributes }) => attributes['carbontube.attempt'])).toEqual([
      1, 2,
    ])
    expect(of(bad?.job.id).map(({ status }) => status)).toEqual([
      { code: 2, message: 'always' },
      { code: 2, message: 'always' },
    ])
    for (const { traceId, parent } of spans) {
      const { job } = (traceparentOf(good?.job.id ?? '').includes(traceId) ? good : bad) ?? {}
      expect(traceparentOf(job?.id ?? '')).toBe(`00-${traceId}-${parent}-01`)
    }
    expect(of(good?.job.id)[0]?.attributes).toMatchObject({
      ...{ 'messaging.system': 'carbontube', 'messaging.destination.name': 'ledger' },
      ...{ 'messaging.message.id': good?.job.id, 'carbontube.outcome': 'done' },
    })
  })
})
