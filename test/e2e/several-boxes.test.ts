/** The commands of docs/how-to/several-boxes.md, with addresses of this machine in place of the boxes. */
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { regionNames, regionOf } from '../../scripts/quoted-regions.mjs'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
import { Shell, signalGroup, type Running } from './shell.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const commands = readFileSync(path('../../examples/tutorial/several-boxes.sh'), 'utf8')
const ran = new Set<string>()

let bench: Bench
/** More free ports: those of workers and relays. */
let others: Bench
let shell: Shell

beforeEach(async () => {
  bench = await Bench.open()
  others = await Bench.open()
  shell = new Shell(bench.folder)
  copyFileSync(path('../../examples/tutorial/pipeline.ts'), join(bench.folder, 'pipeline.ts'))
  mkdirSync(join(bench.folder, 'published'))
})

afterEach(async () => {
  await shell.close()
  await bench.close()
  await others.close()
})

function region(name: string): string {
  ran.add(name)
  const addresses = {
    'tcp://manager:5050': bench.pull,
    'tcp://manager:6000': bench.address(2),
    'tcp://worker1:7001': others.address(0),
    'tcp://worker1:7002': others.address(1),
    'tcp://*:7002': others.address(1).replace('127.0.0.1', '*'),
    'tcp://worker1:*': 'tcp://127.0.0.1:*',
    'tcp://127.0.0.1:5150': others.address(2),
    'tcp://127.0.0.1:6100': others.address(3),
    'npx carbontube': `${process.execPath} ${path('../../dist/cli/main.js')}`,
  }
  return Object.entries(addresses).reduce(
    (text, [there, here]) => text.replaceAll(there, here),
    regionOf(commands, name),
  )
}

async function start(...names: string[]): Promise<Running[]> {
  const all = names.map((name) => shell.start(region(name)))
  await until(() => all.every(({ stderr }) => stderr().includes(' is ready')), {
    what: `${names.join(', ')} are ready`,
    timeoutMs: 20_000,
  })
  return all
}

describe('several boxes', () => {
  it('work for one manager, under the addresses that they announce', async () => {
    await start('manager', 'worker', 'fixed-port', 'advertise')
    expect(await shell.succeed(region('client'))).toContain('"path":"published/fox.txt"')

    const [shard] = (await (await bench.client()).status()).shards
    const addresses = shard?.workers.map(({ jobType, address }) => [jobType, address]) ?? []
    expect(Object.fromEntries(addresses)).toMatchObject({
      'write-report': others.address(0),
      publish: others.address(1),
    })
  })

  it('work through relays of their own', async () => {
    await start('manager', 'streamer', 'forwarder')
    await start('behind-relays', 'fixed-port', 'advertise')
    expect(await shell.succeed(region('client'))).toContain('"path":"published/fox.txt"')
  })

  it('lose a worker without losing its turn: SIGTERM lets it end what runs', async () => {
    const [, worker] = await start('manager', 'worker', 'fixed-port', 'advertise')
    signalGroup(worker!.child, 'SIGTERM')
    expect((await worker!.finished).stderr).toContain('stopping: up to 30 s for what runs')
    await start('worker')
    expect(await shell.succeed(region('client'))).toContain('"path":"published/fox.txt"')
  })

  it('are shown no command that did not run here', () => {
    expect([...ran].sort()).toEqual(regionNames(commands).sort())
  })
})
