/** `logs -f` of a pipeline that several managers share: each line once, and on and on when one of them dies. */
import type { ChildProcess } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { redisMissing, RedisServer } from '../../servers/redis-server.ts'
import { until } from '../../wait.ts'
import { Bench, kill, numbered } from '../processes.ts'
import { sharedStoreFile } from './two-managers.ts'
import { LoggedLines } from './watch.ts'

const missing = redisMissing()

function startManager(bench: Bench, env: Readonly<Record<string, string>>): ChildProcess {
  const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
  return bench.start(['pipeline', sharedStoreFile, '--shards', '2', ...doors], env)
}

describe.skipIf(missing !== undefined)(
  `logs of several managers${missing ? ` [skipped: ${missing}]` : ''}`,
  () => {
    it('has each line once, and goes on with who takes over', async () => {
      await using here = await Bench.open()
      await using there = await Bench.open()
      const server = await RedisServer.start()
      try {
        const env = { STORE_URL: server.uri, LEDGER: here.ledger }
        const first = startManager(here, env)
        const links = ['--push-connect', there.pull, '--pub-connect', there.address(2)]
        for (const jobType of ['work', 'finish']) here.worker(jobType, links, env, sharedStoreFile)
        const both = `${here.pull},${there.pull}`
        const client = await here.client(both)
        startManager(there, env)
        const owned = async () => {
          const { managers } = await client.status()
          return String(managers.map(({ owned: all = [] }) => all.length))
        }
        await until(async () => (await owned()) === '1,1', {
          what: 'both have a shard',
          timeoutMs: 40_000,
        })
        const lines = new LoggedLines(here.start(['logs', '-f', '--json', both]))
        const heard = (says: string) => lines.having(`"${says}"`)
        const untilHeard = (says: string) =>
          until(
            async () => {
              await client.enqueueJobs(numbered(4, { says }))
              return heard(says).length > 8
            },
            { what: `"${says}" is heard`, timeoutMs: 40_000 },
          )
        await untilHeard('good morning')
        const jobs = heard('good morning').map(
          (line) => (JSON.parse(line) as { jobId: string }).jobId,
        )
        expect(new Set(jobs).size).toBe(jobs.length)
        await kill(first)
        await untilHeard('good night')
      } finally {
        await server.stop()
      }
    }, 120_000)
  },
)
