/** The commands of docs/how-to/shards.md, with addresses of this machine in place of the boxes. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
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
})
