/** The commands of docs/how-to/standby.md, with addresses of this machine in place of the boxes. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { redisMissing, RedisServer } from '../servers/redis-server.ts'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
import { QuotedCommands } from './quoted-commands.ts'
import { Shell, signalGroup, type Running } from './shell.ts'

const pipeline = fileURLToPath(new URL('../../examples/stores/pipeline.ts', import.meta.url))
const missing = redisMissing()

let here: Bench
let there: Bench
let server: RedisServer
let shell: Shell

const commands = new QuotedCommands('commands.sh', () => ({
  'tcp://manager1:5050': here.pull,
  'tcp://manager1:6000': here.address(2),
  'tcp://manager2:5050': there.pull,
  'tcp://manager2:6000': there.address(2),
  'redis://cache1:6379': server.uri,
}))
const region = (name: string) => commands.region(name)

async function says({ stderr }: Running, what: string): Promise<void> {
  await until(() => stderr().includes(what), { what, timeoutMs: 40_000 })
}

describe.skipIf(missing !== undefined)(
  `a standby${missing ? ` [skipped: ${missing}]` : ''}`,
  () => {
    let first: Running
    let second: Running

    beforeEach(async () => {
      here = await Bench.open()
      there = await Bench.open()
      server = await RedisServer.start()
      shell = new Shell(here.folder)
      copyFileSync(pipeline, join(here.folder, 'pipeline.ts'))
      first = shell.start(region('first'))
      await says(first, ' is ready')
      second = shell.start(region('second'))
      await says(second, 'is owned by first@')
      const worker = shell.start(region('worker'))
      await says(worker, ' is ready')
      expect(await shell.succeed(region('client'))).toContain('"greeting":"Good morning, Ada"')
      expect(await shell.succeed(region('status'))).toMatch(/^greetings by first, Redis .* \(D2\)/)
    })

    afterEach(async () => {
      await shell.close()
      await here.close()
      await there.close()
      await server.stop()
    })

    async function secondOwns(): Promise<void> {
      await says(second, ' is ready')
      expect(await shell.succeed(region('client'))).toContain('"greeting":"Good morning, Ada"')
      expect(await shell.succeed(region('status'))).toMatch(/^greetings by second, /)
      expect(await shell.succeed(`${region('status')} --json`)).toMatch(/"epoch":\d{16}/)
      const audit = await shell.run(region('audit'))
      expect(audit).toMatchObject({ code: 0 })
    }

    it('has no doors while it waits, and gets the jobs when the owner is stopped', async () => {
      const alone = region('status').replace(`${here.pull},`, '')
      expect(await shell.run(alone)).toMatchObject({ code: 4 })
      signalGroup(first.child, 'SIGTERM')
      expect((await first.finished).code).toBe(0)
      await secondOwns()
    })

    it('gets the jobs when the owner is killed; who is started again stands by', async () => {
      signalGroup(first.child, 'SIGKILL')
      await first.finished
      await secondOwns()
      await says(shell.start(region('first')), 'is owned by second@')
    })

    it('is left by itself when it is stopped while it waits', async () => {
      signalGroup(second.child, 'SIGTERM')
      expect((await second.finished).code).toBe(0)
      expect(await shell.succeed(region('status'))).toMatch(/^greetings by first, /)
    })

    it('is shown no command that did not run here', () => {
      expect(commands.unused).toEqual([])
    })
  },
)
