/** docs/tutorial.md, command by command as it stands there, against the outputs that it shows. */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { regionNames, regionOf } from '../../scripts/quoted-regions.mjs'
import type { PipelineClient } from '../../src/client/pipeline-client.ts'
import { until } from '../wait.ts'
import { addCompiler, addDriver, hasOwnSqlite, packInto } from './package.ts'
import { Bench } from './processes.ts'
import { Shell, signalGroup, type Running } from './shell.ts'

const example = fileURLToPath(new URL('../../examples/tutorial/', import.meta.url))
const textOf = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const commands = textOf('../../examples/tutorial/commands.sh')
const outputs = textOf('../../examples/tutorial/outputs.txt')
const { version } = JSON.parse(textOf('../../package.json')) as { version: string }

let bench: Bench
let shell: Shell
let folder: string
const ran = new Set<string>()

beforeAll(async () => {
  bench = await Bench.open()
  folder = join(bench.folder, 'reports')
  mkdirSync(folder)
  shell = new Shell(folder)
})

afterAll(async () => {
  await shell.close()
  await bench.close()
})

/** The commands of a region, with doors of this test in place of the default ones. */
function region(name: string): string {
  ran.add(name)
  return regionOf(commands, name)
    .replaceAll('tcp://127.0.0.1:5050', bench.pull)
    .replaceAll('tcp://127.0.0.1:6000', bench.address(2))
}

/** Starts one that runs until it is stopped. */
async function start(name: string): Promise<Running> {
  const text = region(name)
  // Of a manager; to a worker the first would mean a door of its own.
  const doors = `export CARBONTUBE_PULL_BIND=${bench.pull} CARBONTUBE_SUB_BIND=${bench.address(2)}`
  const running = shell.start(text.includes('carbontube phase') ? text : `${doors}\n${text}`)
  await until(() => running.stderr().includes(' is ready'), {
    what: `${name} is ready: ${running.stderr()}`,
    timeoutMs: 20_000,
  })
  return running
}

/** Both streams, in the order in which a terminal shows them. */
async function outputOf(name: string): Promise<string> {
  const { stdout } = await shell.run(`{ ${region(name)}\n} 2>&1`)
  return stdout
}

function expectOutput(actual: string, name: string): void {
  expect(shape(actual)).toEqual(shape(regionOf(outputs, name)))
}

/** Without what differs between two runs. Workers are listed as they came; a retry more is no matter. */
function shape(output: string): string[] {
  const lines = output
    .replaceAll(folder, '/home/me/reports')
    .replace(/loads \(\w+\)/, 'loads (LOADER)')
    .replace(/(SQLite|node:sqlite) [\d.]+/, 'SQLite')
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
    .replace(/\d{16}-\d{12}/g, 'FENCE')
    .replace(/(by |@)[\w.-]+:\d+/g, '$1HOST:PID')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/\d+ m?s\b/g, 'TIME')
    .replace(/^(2 +)\d+( +(failed|done))/gm, '$1N$2')
    .replace(/ +/g, ' ')
    .trim()
    .split('\n')
  return [...new Set(lines)].sort()
}

async function ctrlC(running: Running): Promise<void> {
  signalGroup(running.child, 'SIGINT')
  await running.finished
}

describe('the tutorial', () => {
  it('installs the package', async () => {
    // Both have been done: this test runs in the clone, after `npm ci`.
    expect(region('pack')).toBe('npm ci\nnpm pack')
    const packed = `../carbontube/carbontube-${version}.tgz`
    expect(region('install')).toContain(packed)
    await shell.succeed(region('install').replace(packed, packInto(bench.folder)))
    expect(region('driver')).toBe('npm install better-sqlite3@12')
    if (!hasOwnSqlite) addDriver(folder)

    copyFileSync(join(example, 'pipeline.ts'), join(folder, 'pipeline.ts'))
    expectOutput(await outputOf('check'), 'check')
  })

  it('has types that fit', async () => {
    expect(region('compiler')).toBe('npm install --save-dev typescript@6 @types/node')
    addCompiler(folder)
    copyFileSync(join(example, 'tsconfig.json'), join(folder, 'tsconfig.json'))
    expect(await outputOf('check')).not.toContain('not checked')
    expect(await outputOf('compile')).toBe('')
  }, 120_000)

  it('runs a first job on one box', async () => {
    const bundle = await start('bundle')
    expectOutput(await outputOf('first-job'), 'first-job')
    await ctrlC(bundle)
  })

  let manager: Running
  let client: PipelineClient

  it('runs on two boxes', async () => {
    manager = await start('box-1-manager')
    for (const name of ['box-1-publish', 'box-2-count', 'box-2-report']) await start(name)
    client = await bench.client(bench.pull)
    await bench.workersReady(client, { 'count-words': 1, 'write-report': 1, publish: 1 })

    expect((await outputOf('many')).trim().split('\n')).toHaveLength(20)
    expectOutput(await outputOf('status'), 'status')
  })

  it('tries a failing phase again, until it can succeed', async () => {
    expect(await outputOf('break')).toBe('dog-1\n')
    const failed = async () => {
      const { attempts } = await client.getJob('dog-1')
      return attempts.filter(({ outcome }) => outcome === 'failed').length
    }
    await until(async () => (await failed()) >= 2, { what: 'two attempts have failed' })
    expectOutput(await outputOf('show'), 'show-failing')

    await shell.succeed(region('repair'))
    await until(async () => (await client.getJob('dog-1')).job.state === 'done', {
      what: 'the job is done',
    })
    const shown = await outputOf('show')
    expect(shown).toMatch(/^dog-1 is done in publish/)
    expectOutput(shown.slice(shown.indexOf('phase ')), 'show-done')
  })

  it('does not try a rejected job again', async () => {
    expectOutput(await outputOf('reject'), 'reject')
    expect((await shell.run(region('reject'))).code).toBe(7)
  })

  it('has the jobs in the store when the manager starts again', async () => {
    await ctrlC(manager)
    await start('box-1-manager')
    expect(await outputOf('show')).toMatch(/^dog-1 is done in publish/)
  })

  it('shows no command that did not run here', () => {
    expect([...ran].sort()).toEqual(regionNames(commands).sort())
  })
})
