/**
 * Processes of this version beside those of an earlier one (`earlier/carbontube-<commit>.tgz`, made by `npm pack`
 * at that commit): each is replaced in its turn, worker by worker and the manager too, while jobs run.
 */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { Bench, kill, ledgerFile, numbered } from './processes.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const jobsInAll = 600

let bench: Bench

beforeEach(async () => {
  bench = await Bench.open()
})

afterEach(() => bench.close())

/** Unpacks the earlier version with the dependencies of today; the pipeline's file is beside it, so that it imports that one. */
function installEarlier() {
  const folder = join(bench.folder, 'node_modules', 'carbontube')
  mkdirSync(folder, { recursive: true })
  const archive = path('earlier/carbontube-94375e8.tgz')
  execFileSync('tar', ['-xzf', archive, '-C', folder, '--strip-components', '1'])
  symlinkSync(path('../../node_modules'), join(folder, 'node_modules'))
  const file = join(bench.folder, 'ledger-pipeline.mjs')
  copyFileSync(ledgerFile, file)
  const doors = ['--pull-bind', bench.pull, '--sub-bind', bench.address(2)]
  const links = ['--push-connect', bench.pull, '--pub-connect', bench.address(2)]
  const main = join(folder, 'dist', 'cli', 'main.js')
  return {
    manager: () => bench.start(['pipeline', file, ...doors], {}, main),
    worker: (jobType: string) => bench.start(['phase', file, jobType, ...links], {}, main),
  }
}

it('replaces workers and the manager one by one while jobs run, and each is done once', async () => {
  const earlier = installEarlier()
  const manager = earlier.manager()
  const [work, finish] = [earlier.worker('work'), earlier.worker('finish')]
  const client = await bench.client()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const answers = await client.enqueueJobs(numbered(jobsInAll, { ms: 10 }))
  expect(answers.every(({ ok, acknowledged }) => ok && acknowledged)).toBe(true)
  const begunBy = (pid: number | undefined) => bench.entries().some((entry) => entry.pid === pid)
  await until(() => begunBy(finish.pid), { what: 'the earlier version takes jobs through' })

  const newWork = bench.worker('work')
  await until(() => begunBy(newWork.pid), { what: 'a worker of today runs jobs beside it' })
  work.kill('SIGTERM')
  expect(await once(work, 'exit')).toEqual([0, null])

  manager.kill('SIGTERM')
  expect(await once(manager, 'exit')).toEqual([0, null])
  bench.manager()
  await bench.workersReady(client, { work: 1, finish: 1 })
  const newFinish = bench.worker('finish')
  await until(() => begunBy(newFinish.pid), { what: 'the last of today runs jobs' })
  await kill(finish)
  await bench.settled(client, jobsInAll)

  const [shard] = (await client.status()).shards
  expect(shard?.settled).toEqual({ done: jobsInAll, dead: 0, cancelled: 0 })
  for (const { job } of answers) {
    const { attempts } = await client.getJob(job.id)
    expect(attempts.filter(({ outcome }) => outcome === 'done')).toHaveLength(2)
  }
  expect(await bench.audit()).toMatchObject({ code: 0, stderr: '' })
})
