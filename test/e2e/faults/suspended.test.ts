/** Processes sleep, as on a suspended host, and wake: their deadlines are not those of the time asleep. */
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { until } from '../../wait.ts'
import { Bench, ledgerFile, numbered } from '../processes.ts'

/** Beyond the lease (9 s), the silence of workers (4 s), and the time-out of the phase below. */
const asleepMs = 20_000
/** Less than the sleep, and far more than they are awake: owners take seconds until they grant again. */
const timeoutMs = 17_000

async function sleep(processes: readonly ChildProcess[]): Promise<void> {
  for (const one of processes) one.kill('SIGSTOP')
  const untilMs = performance.now() + asleepMs
  await until(() => performance.now() > untilMs, { what: 'they wake', timeoutMs: 2 * asleepMs })
  for (const one of processes) one.kill('SIGCONT')
}

// Side by side: they sleep.
describe.concurrent('running jobs', () => {
  it.each([
    ['the whole host', ['manager', 'work', 'finish'], timeoutMs],
    ['a worker', ['work'], timeoutMs],
    // The worker's clock runs on: a time-out would be right.
    ['the manager', ['manager'], 1_800_000],
  ] as const)(
    'of %s that sleeps run on after it, not one given back or charged',
    async (...row) => {
      const [, asleep, timeout] = row
      await using bench = await Bench.open()
      const gate = join(bench.folder, 'gate')
      const processes = {
        manager: bench.manager(ledgerFile, { WORK_TIMEOUT_MS: String(timeout) }),
        work: bench.worker('work', ['--concurrency', '4']),
        finish: bench.worker('finish'),
      }
      const client = await bench.client()
      await bench.workersReady(client, { work: 1, finish: 1 })
      await client.enqueueJobs(numbered(8, { waitsFor: gate }))
      await until(() => bench.entries().length === 4, { what: 'four jobs run' })

      await sleep(asleep.map((name) => processes[name]))
      await bench.workersReady(client, { work: 1, finish: 1 })
      // Three reports of the worker later it has settled whatever it was going to.
      const atMs = performance.now() + 3_000
      await until(() => performance.now() > atMs, { what: 'some beats have passed' })
      const status = (await client.status()).shards[0]
      expect(status?.phases[0]).toMatchObject({ running: 4, waiting: 4 })
      expect(status?.counters).toMatchObject({ released: 0, retried: 0, stale: 0 })
      writeFileSync(gate, '')
      await bench.settled(client, 8)
      expect((await client.status()).shards[0]?.settled).toEqual({ done: 8, dead: 0, cancelled: 0 })
      // Each phase of each job was run once.
      expect(bench.entries()).toHaveLength(16)
      expect(processes.manager.exitCode).toBeNull()
      expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
    },
  )
})
