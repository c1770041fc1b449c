/** `logs -f`: what phases log, at the terminal of whoever looks. */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { until } from '../wait.ts'
import { Bench, numbered } from './processes.ts'

let bench: Bench
let client: PipelineClient

beforeEach(async () => {
  bench = await Bench.open()
  bench.manager()
  bench.worker('work')
  bench.worker('finish')
  client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
})

afterEach(() => bench.close())

/** What a `logs` with these flags prints. */
function follow(...flags: readonly string[]): { child: ChildProcess; lines: string[] } {
  const child = bench.start(['logs', '-f', ...flags, bench.router])
  const lines: string[] = []
  child.stdout?.on('data', (text: Buffer) => lines.push(...text.toString().trim().split('\n')))
  return { child, lines }
}

/** A subscription arrives when it arrives: jobs come until the line has. */
async function untilHeard(lines: readonly string[], says: string): Promise<void> {
  await until(
    async () => {
      await client.enqueueJobs(numbered(1, { says }))
      return lines.some((line) => line.includes(says))
    },
    { what: `"${says}" is heard`, timeoutMs: 15_000 },
  )
}

describe('logs -f', () => {
  it('prints what workers log, with job and phase, until it is stopped', async () => {
    const { child, lines } = follow('--json')
    await untilHeard(lines, 'good morning')
    const [line] = lines.map((text) => JSON.parse(text) as Record<string, unknown>)
    expect(line).toMatchObject({ level: 'info', message: 'good morning', phase: 'work' })
    expect(line?.['fields']).toEqual({ n: 0 })
    expect((await client.getJob(String(line?.['jobId']))).job.id).toBe(line?.['jobId'])
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('shows only what it is asked for', async () => {
    const { lines } = follow('--level', 'warn', '--text', 'FIRE')
    const all = follow('--json')
    await untilHeard(all.lines, 'nothing new')
    await until(
      async () => {
        const jobs = [{ says: 'fire in the hold', level: 'error' }, { says: 'fire, small' }]
        for (const job of jobs) await client.enqueueJobs(numbered(1, job))
        return lines.length > 0
      },
      { what: 'the fire is heard', timeoutMs: 15_000 },
    )
    expect(lines.every((line) => line.includes('fire in the hold'))).toBe(true)
  })
})
