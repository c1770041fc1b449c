/** The programs of docs/protocol.md, as they stand there, in another language and with another ZeroMQ. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Bench } from './processes.ts'

/** Debian's, which sees Debian's python3-zmq and python3-msgpack. */
const python = '/usr/bin/python3'
const canRun = spawnSync(python, ['-c', 'import zmq, msgpack']).status === 0

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const [plainPush = '', dealer = '', worker = ''] = [
  ...readFileSync(file('../../docs/protocol.md'), 'utf8').matchAll(/^```python\n([\s\S]*?)^```/gm),
].map(([, program]) => program ?? '')

// `make set-up` installs what it needs; only a machine without apt or root goes without.
describe.skipIf(!canRun)('the Python programs of docs/protocol.md', () => {
  let bench: Bench

  beforeEach(async () => {
    bench = await Bench.open()
    const simple = file('../../examples/simple/pipeline.ts')
    bench.manager(simple)
    const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
    for (const type of ['generate-file', 'delete-file'])
      bench.start(['phase', simple, type, ...links])
    bench.spawned(spawn(python, [program('worker', worker), bench.pull]))
    const everybody = { 'generate-file': 1, 'calculate-hash': 1, 'delete-file': 1 }
    await bench.workersReady(await bench.client(), everybody)
  })

  afterEach(async () => {
    await bench.close()
  })

  function program(name: string, text: string): string {
    const path = join(bench.folder, `${name}.py`)
    const addressed = text
      .replaceAll('tcp://127.0.0.1:5050', bench.pull)
      .replaceAll('tcp://127.0.0.1:5051', bench.router)
    writeFileSync(path, addressed)
    return path
  }

  async function run(name: string, text: string): Promise<string> {
    const child = bench.spawned(spawn(python, [program(name, text)]))
    let output = ''
    child.stdout.on('data', (data: Buffer) => (output += data.toString()))
    child.stderr.on('data', (data: Buffer) => (output += data.toString()))
    const [code] = (await once(child, 'close')) as [number]
    expect(code, output).toBe(0)
    return output
  }

  it('enqueue by PUSH, by DEALER with an answer, and work on a phase', async () => {
    await run('push', plainPush)
    const client = await bench.client()
    await bench.settled(client, 1)

    const output = await run('dealer', dealer)
    expect(output).toContain(', 0]]')
    expect(output).toContain("'sha256': ")
    expect((await client.status()).shards[0]?.settled).toEqual({ done: 2, dead: 0, cancelled: 0 })
  }, 60_000)
})
