/** The commands of README.md, as they stand there, but for the addresses. */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { regionNames, regionOf } from '../../scripts/quoted-regions.mjs'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
import { Shell } from './shell.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const commands = readFileSync(path('../../examples/simple/commands.sh'), 'utf8')
const ran = new Set<string>()
/** The page's own port may be taken on this machine. */
const webPort = 'CARBONTUBE_WEB_BIND=127.0.0.1:0'

let bench: Bench
let shell: Shell

beforeEach(async () => {
  bench = await Bench.open()
  shell = new Shell(bench.folder)
  cpSync(path('../../examples/simple'), join(bench.folder, 'examples/simple'), { recursive: true })
  cpSync(path('../../examples/simple/pipeline.ts'), join(bench.folder, 'pipeline.ts'))
})

afterEach(async () => {
  await shell.close()
  await bench.close()
})

function region(name: string): string {
  ran.add(name)
  const text = regionOf(commands, name)
    .replaceAll(/tcp:\/\/(127\.0\.0\.1|manager):5050/g, bench.pull)
    .replaceAll('tcp://manager:6000', bench.address(2))
  // Of a manager; to a worker the first would mean a door of its own.
  const doors = `export CARBONTUBE_PULL_BIND=${bench.pull} CARBONTUBE_SUB_BIND=${bench.address(2)} ${webPort}`
  return [
    `carbontube() { ${process.execPath} ${path('../../dist/cli/main.js')} "$@"; }`,
    text.includes('carbontube phase') ? '' : doors,
    text,
  ].join('\n')
}

async function start(name: string): Promise<string> {
  const { stderr } = shell.start(region(name))
  await until(() => stderr().includes(' is ready'), { what: `${name} is ready`, timeoutMs: 20_000 })
  return stderr()
}

describe('README.md', () => {
  it('starts everything on one machine, and asks it', async () => {
    await start('bundle')
    const printed = await shell.succeed(region('client'))
    expect(printed).toMatch(/^\{"size":1000,"path":".*","sha256":"[0-9a-f]{64}"\}\n/)
    expect(printed).toContain('simple-pipeline by ')
    const [, url = ''] = /dashboard is ready at ([^\s,]+)/.exec(await start('web')) ?? []
    expect(await (await fetch(url)).text()).toContain('<title>Carbontube</title>')
  })

  it('starts everything with its dashboard', async () => {
    // The port is a command's own here, and may be taken.
    const { stderr } = shell.start(region('bundle-web').replace('127.0.0.1:8080', '127.0.0.1:0'))
    const said = /dashboard is ready at ([^\s,]+)/
    await until(() => said.test(stderr()), { what: 'the dashboard is ready', timeoutMs: 20_000 })
    const [, url = ''] = said.exec(stderr()) ?? []
    expect((await fetch(`${url}healthz`)).status).toBe(200)
  })

  it('starts the parts on several boxes', async () => {
    await start('manager')
    await start('worker')
    await bench.workersReady(await bench.client(), { 'calculate-hash': 1 })
  })

  it('shows no command that did not run here', () => {
    expect([...ran].sort()).toEqual(regionNames(commands).sort())
  })
})
