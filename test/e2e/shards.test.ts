/** The commands of docs/how-to/shards.md, with addresses of this machine in place of the boxes. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { until } from '../wait.ts'
import { sharedStoreFile } from './faults/two-managers.ts'
import { Bench, numbered } from './processes.ts'
import { QuotedCommands } from './quoted-commands.ts'
import { Shell } from './shell.ts'

const pipeline = fileURLToPath(new URL('../../examples/stores/pipeline.ts', import.meta.url))
const missing = redisMissing()

/** A line of the table of managers: `first   0 1 2 3   tcp://…`. */
function sharesIn(status: string): readonly number[] {
  return ['first', 'second'].map((manager) => {
    const [, shards = ''] = new RegExp(`^${manager} +((\\d+ )+)`, 'm').exec(status) ?? []
    return shards.trim() === '' ? 0 : shards.trim().split(' ').length
  })
}

describe.skipIf(missing !== undefined)(`shards${missing ? ` [skipped: ${missing}]` : ''}`, () => {
  it('are shared by two managers, which a client asks as one', async () => {
    await using here = await Bench.open()
    await using there = await Bench.open()
    const server = await RedisServer.start()
    const shell = new Shell(here.folder)
    const commands = new QuotedCommands('shards.sh', () => ({
      'tcp://manager1:5050': here.pull,
      'tcp://manager1:6000': here.address(2),
      'tcp://manager2:5050': there.pull,
      'tcp://manager2:6000': there.address(2),
      'redis://cache1:6379': server.uri,
    }))
    try {
      copyFileSync(pipeline, join(here.folder, 'pipeline.ts'))
      const first = shell.start(commands.region('first'))
      await until(() => first.stderr().includes(' is ready'), { what: 'the first is ready' })
      shell.start(commands.region('second'))
      shell.start(commands.region('worker'))
      const client = commands.region('client')
      await until(async () => String(sharesIn(await shell.succeed(client))) === '8,8', {
        what: 'each has eight shards',
        timeoutMs: 40_000,
      })
      expect(await shell.succeed(client)).toContain('"greeting":"Good morning, Ada"')
      const four = commands.region('first').replace('--shards 16', '--shards 4')
      const refused = await shell.run(four)
      expect(refused).toMatchObject({ code: 2 })
      expect(refused.stderr).toContain('has 16 shards, not 4')
      expect(commands.unused).toEqual([])
    } finally {
      await shell.close()
      await server.stop()
    }
  })

  it('are listed as one: a page is filled from all of them', async () => {
    const server = await RedisServer.start()
    try {
      await using bench = await Bench.open()
      const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
      const env = { STORE_URL: server.uri }
      bench.start(['pipeline', sharedStoreFile, '--shards', '16', ...doors], env)
      const client = await bench.client()
      const list = async (...flags: string[]) => {
        const { stdout, stderr } = await bench.run(['jobs', 'list', bench.router, ...flags])
        const [, ...rows] = stdout.trimEnd().split('\n')
        return { ids: rows.map((row) => row.split(' ')[0]), said: stderr }
      }
      expect(await list()).toEqual({ ids: [], said: '0 of 0\n' })

      await client.enqueueJobs(numbered(5))
      const { ids, said } = await list()
      expect({ count: new Set(ids).size, said }).toEqual({ count: 5, said: '5 of 5\n' })

      const first = await list('--limit', '3')
      const [, after = ''] = /^3 of 5\nmore with --after (.*)\n$/.exec(first.said) ?? []
      expect(after).not.toBe('')
      const second = await list('--limit', '3', '--after', after)
      expect([...first.ids, ...second.ids]).toEqual(ids)
    } finally {
      await server.stop()
    }
  })
})
