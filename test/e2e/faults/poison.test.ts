/**
 * A job that kills the process of every worker that runs it: it is found and ended, and of the thousand
 * innocent jobs beside it none is charged with anything.
 */
import type { ChildProcess } from 'node:child_process'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PipelineClient } from '../../../src/client/pipeline-client.ts'
import { Bench, ledgerFile, numbered } from '../processes.ts'

let bench: Bench
let deaths: number
let isOver: boolean

beforeEach(async () => {
  bench = await Bench.open()
  deaths = 0
  isOver = false
})

afterEach(async () => {
  isOver = true
  await bench.close()
})

/** As systemd would: another one for each that ends. */
function supervised(start: () => ChildProcess): void {
  start().once('exit', () => {
    if (isOver) return
    deaths += 1
    supervised(start)
  })
}

async function outcomesOf(client: PipelineClient, id: string) {
  const { job, attempts } = await client.getJob(id)
  return { job, attempts, outcomes: attempts.map(({ outcome }) => outcome) }
}

describe('a job that kills its process', () => {
  it.each([3, 1])(
    'is dead as crashed after %i deaths alone, and none of 1,000 neighbours is charged',
    async (crashes) => {
      bench.manager(ledgerFile, { WORK_CRASHES: String(crashes) })
      for (let n = 0; n < 2; n++) supervised(() => bench.worker('work', ['--concurrency', '4']))
      bench.worker('finish', ['--concurrency', '4'])
      const client = await bench.client()
      await bench.workersReady(client, { work: 2, finish: 1 })

      const early = await client.enqueueJobs(numbered(200, { ms: 10 }))
      const [poison] = await client.enqueueJobs(numbered(1, { does: 'die' }))
      const late = await client.enqueueJobs(numbered(800, { ms: 10 }))
      await bench.settled(client, 1_001)

      const culprit = await outcomesOf(client, poison?.job.id ?? '')
      expect(culprit.job).toMatchObject({ state: 'dead', deathReason: 'crashed', attempts: 0 })
      // Two deaths in company, which are nobody's fault yet; then the limit. A death before the
      // acknowledgement has left the process is not held against the job: one more `lost`.
      expect(culprit.outcomes.length).toBeGreaterThanOrEqual(crashes + 2)
      expect(culprit.outcomes.length).toBeLessThanOrEqual(deaths)
      const [last, ...before] = culprit.outcomes.toReversed()
      expect(last).toBe('dead')
      expect(before.every((outcome) => outcome === 'lost')).toBe(true)

      // With a limit of one death, a neighbour that is charged at all is dead.
      const innocent = [...early, ...late].map(({ job }) => job.id)
      for (const id of innocent) {
        const { job, attempts, outcomes } = await outcomesOf(client, id)
        expect(job).toMatchObject({ state: 'done', attempts: 0 })
        expect(outcomes.filter((outcome) => outcome !== 'lost')).toEqual(['done', 'done'])
        expect(attempts.every(({ attempt }) => attempt === 1)).toBe(true)
      }
      expect(await bench.audit()).toMatchObject({ code: 0 })
    },
    90_000,
  )
})
