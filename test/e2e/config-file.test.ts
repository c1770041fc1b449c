/** The configuration file, read by real commands: what it sets holds, and what is wrong in it ends them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { Bench, ledgerFile } from './processes.ts'

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(async () => {
  await bench.close()
})

function write(name: string, content: object | string): void {
  const text = typeof content === 'string' ? content : JSON.stringify(content)
  writeFileSync(join(bench.folder, name), text)
}

describe('carbontube.config.json in the working directory', () => {
  it('says where managers and workers meet, and what a flag says is stronger', async () => {
    write('carbontube.config.json', {
      pipeline: { pullBind: bench.pull, subBind: bench.address(2), managerId: 'from the file' },
      phase: { pushConnect: [bench.pull], pubConnect: [bench.address(2)], concurrency: 7 },
    })
    bench.start(['pipeline', ledgerFile])
    bench.start(['phase', ledgerFile, 'work'])
    bench.start(['phase', ledgerFile, 'finish', '--concurrency', '2'])
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const { welcome, shards } = await client.status()
    expect(welcome.manager).toBe('from the file')
    const slots = shards[0]?.workers.map(({ jobType, concurrency }) => [jobType, concurrency])
    expect(new Map(slots as [string, number][])).toEqual(
      new Map([
        ['work', 7],
        ['finish', 2],
      ]),
    )
  })

  it('gives the workers of a bundle what its own section says, and nothing of `phase`', async () => {
    write('carbontube.config.json', {
      bundle: { pullBind: bench.pull, subBind: 'tcp://127.0.0.1:*', concurrency: 3 },
      phase: { pullBind: bench.pull, concurrency: 9 },
    })
    const variables = { CARBONTUBE_SUB_BIND: bench.address(2), CARBONTUBE_PULL_BIND: bench.pull }
    const bundle = bench.start(['bundle', ledgerFile], variables)
    const client = await bench.client()
    await bench.workersReady(client, { work: 1, finish: 1 })
    const [shard] = (await client.status()).shards
    expect(shard?.workers.map(({ concurrency }) => concurrency)).toEqual([3, 3])
    bundle.kill('SIGTERM')
    await until(() => bundle.exitCode !== null, { what: 'the bundle has ended', timeoutMs: 20_000 })
  })
})

describe('a configuration file that is wrong', () => {
  it('ends a command with exit code 3, naming file, key and what was meant', async () => {
    write('carbontube.config.json', '{ phase: { concurency: 4 } }')
    const { code, stdout, stderr } = await bench.run(['check', ledgerFile])
    expect(stderr).toContain('CT_CONFIG_UNKNOWN_KEY')
    expect(stderr).toContain('carbontube.config.json: phase has "concurency"')
    expect(stderr).toContain('did you mean "concurrency"?')
    expect([code, stdout]).toEqual([3, ''])
  })

  it('is found where --config says, and one that is not there is an error', async () => {
    write('box.json5', "{ logLevel: 'loud' }")
    const wrong = await bench.run(['check', ledgerFile, '--config', 'box.json5', '--json'])
    expect(JSON.parse(wrong.stderr)).toMatchObject({
      error: { code: 'CT_CONFIG_BAD_VALUE', details: { name: 'box.json5: logLevel' } },
    })
    expect(wrong.code).toBe(3)
    const missing = await bench.run(['check', ledgerFile, '--config', 'nowhere.json'])
    expect(missing.stderr).toContain('CT_CONFIG_NOT_FOUND')
    expect(missing.code).toBe(3)
  })
})

describe('an option that is wrong', () => {
  it('ends a command with exit code 2 when it is a flag', async () => {
    const { code, stderr } = await bench.run(['phase', ledgerFile, 'work', '--drain', 'soon'])
    expect(stderr).toContain('--drain is "soon", not a duration')
    expect(code).toBe(2)
  })

  it('is asked for when a command cannot do without', async () => {
    const { code, stderr } = await bench.run(['streamer'])
    expect(stderr).toContain('"streamer.pullBind" in the configuration file')
    expect(code).toBe(2)
  })
})
