/** `top`: at a terminal, in a pipe, and as JSON. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { until } from '../wait.ts'
import { Bench, cli, numbered } from './processes.ts'

let bench: Bench
let client: PipelineClient

beforeEach(async () => {
  bench = await Bench.open()
  bench.manager()
  bench.worker('work', ['--concurrency', '2'])
  client = await bench.client()
  await bench.workersReady(client, { work: 1 })
  await client.enqueueJobs(numbered(40, { ms: 30_000 }))
})

afterEach(() => bench.close())

describe('top', () => {
  it('into a pipe says once which phase holds the pipeline up, and why', async () => {
    const { code, stdout } = await bench.run(['top', bench.router])
    expect(code).toBe(0)
    expect(stdout).toContain(
      '"work" holds the pipeline up: all of its 2 slots are taken, 38 jobs wait.',
    )
    expect(stdout).toMatch(/^work +38 .* 2\/2 .*busy$/m)
    expect(stdout).toMatch(/^work@\S+ +ready +2\/2/m)
  })

  it('as JSON has a line a second, with phases and workers, until it is stopped', async () => {
    const child = bench.start(['top', '--json', bench.router])
    let text = ''
    child.stdout?.on('data', (more: Buffer) => (text += more.toString()))
    const lines = () => text.split('\n').slice(0, -1)
    await until(() => lines().length >= 2, { what: 'two lines are there', timeoutMs: 15_000 })
    const view = JSON.parse(lines()[1] ?? '') as Record<string, unknown>
    expect(view).toMatchObject({ name: 'ledger', state: 'live', workers: [{ used: 2, slots: 2 }] })
    child.kill('SIGINT')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  it('at a terminal is drawn again and again, and leaves it as it was at q', async () => {
    const command = `${process.execPath} ${cli} top ${bench.router}`
    // util-linux's `script` gives a program a terminal.
    const child = bench.spawned(spawn('script', ['-qec', command, '/dev/null']))
    let text = ''
    child.stdout.on('data', (more: Buffer) => (text += more.toString()))
    const drawn = () => text.split('\u001b[H').length - 1
    await until(() => drawn() >= 3, { what: 'it is drawn three times', timeoutMs: 20_000 })
    expect(text).toContain('\u001b[?1049h')
    expect(text).toContain('holds the pipeline up')
    child.stdin.write('q')
    expect((await once(child, 'exit'))[0]).toBe(0)
    expect(text).toContain('\u001b[?1049l')
  })

  it('is no wider than a narrow terminal, colours or not', async () => {
    const command = `stty cols 40; exec ${process.execPath} ${cli} top ${bench.router}`
    const child = bench.spawned(spawn('script', ['-qec', command, '/dev/null']))
    let text = ''
    child.stdout.on('data', (more: Buffer) => (text += more.toString()))
    const screens = () => text.split('\u001b[H')
    await until(() => screens().length >= 3, { what: 'it is drawn twice', timeoutMs: 20_000 })
    child.stdin.write('q')
    await once(child, 'exit')
    const lines = stripVTControlCharacters(screens()[1] ?? '').split('\r\n')
    expect(lines.some((line) => line.startsWith('"work" holds the pipeline up'))).toBe(true)
    expect(Math.max(...lines.map((line) => line.length))).toBe(40)
  })

  it('of an address where nobody answers says so, and ends', async () => {
    const { code, stderr } = await bench.run(['top', 'tcp://127.0.0.1:9', '--timeout', '500ms'])
    expect(code).not.toBe(0)
    expect(stderr).toContain('CT_UNREACHABLE')
  })
})
