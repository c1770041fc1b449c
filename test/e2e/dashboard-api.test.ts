/** The commands of docs/how-to/dashboard-api.md, with addresses of this machine. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type * as api from '../../src/dashboard/api-types.ts'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
import { QuotedCommands } from './quoted-commands.ts'
import { Shell } from './shell.ts'

const pipeline = fileURLToPath(new URL('../../examples/simple/pipeline.ts', import.meta.url))
const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

let bench: Bench
let shell: Shell
let web = ''

const commands = new QuotedCommands('../simple/dashboard.sh', () => ({
  'tcp://127.0.0.1:5051': bench.router,
  '--bind 127.0.0.1:8080': '--bind 127.0.0.1:0',
  '127.0.0.1:8080': web,
}))

beforeAll(async () => {
  bench = await Bench.open()
  const programs = join(bench.folder, 'programs')
  mkdirSync(programs)
  const program = `#!/bin/sh\nexec ${process.execPath} ${cli} "$@"\n`
  writeFileSync(join(programs, 'carbontube'), program, { mode: 0o755 })
  shell = new Shell(bench.folder, [programs])
  const doors = `--pull-bind ${bench.pull} --sub-bind ${bench.address(2)}`
  shell.start(`carbontube bundle ${pipeline} ${doors}`)
  await bench.workersReady(await bench.client(), { 'generate-file': 1, 'calculate-hash': 1 })
  const server = shell.start(`${commands.region('token')}\n${commands.region('start')}`)
  const [, found] = await until(() => /ready at http:\/\/([^/]+)\//.exec(server.stderr()), {
    ...{ what: 'the dashboard is ready', timeoutMs: 20_000 },
  })
  web = found ?? ''
}, 60_000)

afterAll(async () => {
  await shell.close()
  await bench.close()
})

const setUp = () => `export TOKEN=$(head -1 me.token) API=http://${web}/api/v1\n`
const run = (name: string) => shell.succeed(`${setUp()}${commands.region(name)}`)
const json = async <T>(name: string) => JSON.parse(await run(name)) as T

describe('the how-to of the API', () => {
  it('enqueues a job and waits for it', async () => {
    await until(() => run('groups'), { what: 'the dashboard knows the manager', timeoutMs: 10_000 })
    expect(await json<api.EnqueueAnswer>('enqueue')).toMatchObject({
      id: 'first',
      outcome: 'stored',
    })
    expect((await json<api.JobDetail>('wait')).job.state).toBe('done')
  }, 30_000)

  it('finds dead jobs, and redrives those of an error', async () => {
    const wrong = `carbontube enqueue ${bench.router} simple-pipeline '{size: -1}'`
    await shell.succeed(`${wrong}; ${wrong}`)
    const dead = await until(
      async () => {
        const page = await json<api.JobPage>('search')
        return page.jobs.length === 2 ? page : undefined
      },
      { what: 'two jobs are dead', timeoutMs: 10_000 },
    )
    expect(dead.jobs[0]?.lastError).toContain('number of lines')
    expect((await json<api.DeadGroups>('groups')).groups[0]?.count).toBe(2)
    expect((await json<api.Operation>('redrive')).total).toBe(2)
    const [operation] = await until(
      async () => {
        const { operations } = await json<api.OperationList>('progress')
        return operations[0]?.state === 'done' ? operations : undefined
      },
      { what: 'the operation is done' },
    )
    expect(operation?.outcomes).toEqual({ redriven: 2 })
  }, 30_000)

  it('looks live, and reads the metrics', async () => {
    const live = shell.start(`${setUp()}${commands.region('stream')} | head -4`)
    expect((await live.finished).stdout).toContain('event: snapshot')
    expect(await run('metrics')).toContain(
      'carbontube_jobs_enqueued_total{pipeline="simple-pipeline"}',
    )
  }, 30_000)

  it('quotes no other command', () => {
    expect(commands.unused).toEqual([])
  })
})
