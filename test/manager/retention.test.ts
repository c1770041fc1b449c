/** Old jobs leave the store, a slice at a time, and not while somebody is about to bring one back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Retention, type RetentionOptions } from '../../src/manager/retention.ts'
import type { Storage } from '../../src/storage/contract.ts'
import { EphemeralStorageBackend } from '../../src/storage/memory/memory-storage.ts'
import { aJob, completion, death, Owner } from '../../src/testing/storage/builders.ts'
import { listAll, shard, startMs } from '../../src/testing/storage/builders.ts'
import { until } from '../wait.ts'

const warnings: unknown[] = []
const logger = {
  ...{ debug: () => undefined, info: () => undefined, error: () => undefined },
  warn: (_message: string, fields?: object) => void warnings.push(fields),
}
const hourMs = 3_600_000
let store: Storage
let nowMs = startMs
let settled = 250
let retention: Retention

function start(options: Partial<RetentionOptions> = {}, storage = store): Retention {
  const clock = { nowMs: () => nowMs }
  retention = new Retention({
    ...{ storage, ref: shard, clock, logger, settled: () => settled },
    options: { settledKeepAllMs: 0, ...options },
  })
  return retention
}

beforeEach(async () => {
  warnings.length = 0
  settled = 250
  nowMs = startMs
  store = new EphemeralStorageBackend()
  await store.open()
  const owner = await Owner.of(store)
  const jobs = Array.from({ length: 250 }, (_, index) => aJob(index + 1))
  await owner.insert(...jobs, aJob(251), aJob(252))
  await owner.commit(...jobs.map((job) => completion(job, startMs)), death(aJob(251), 'x', startMs))
})

afterEach(() => retention.stop())

describe('retention', () => {
  it('by default keeps done jobs for a day, dead ones for thirty, and those that wait', async () => {
    start()
    nowMs = startMs + 24 * hourMs
    expect(await retention.sweep()).toBe(0)
    nowMs += 1
    expect(await retention.sweep()).toBe(250)
    nowMs = startMs + 30 * 24 * hourMs + 1
    expect(await retention.sweep()).toBe(1)
    expect((await listAll(store)).map(({ id }) => id)).toEqual(['job-252'])
  })

  it('keeps only so many done jobs', async () => {
    start({ settledKeepJobs: 3 })
    expect(await retention.sweep()).toBe(247)
  })

  it('keeps all that have ended lately, for whoever sends one of them again', async () => {
    start({ settledKeepJobs: 3, settledKeepAllMs: 60_000 })
    nowMs += 59_999
    // It cannot know yet what has ended before it began.
    expect(await retention.sweep()).toBe(0)
    nowMs += 1
    settled += 200
    expect(await retention.sweep()).toBe(50)
    nowMs += 60_000
    settled += 20
    expect(await retention.sweep()).toBe(180)
    nowMs += 60_000
    expect(await retention.sweep()).toBe(17)
  })

  it('works in slices of no more than what is set', async () => {
    const limits: number[] = []
    const prune: Storage['prune'] = (ref, policy, limit) => {
      limits.push(limit)
      return store.prune(ref, policy, limit)
    }
    start({ settledKeepJobs: 0, sliceJobsMax: 20 }, { prune } as Storage)
    expect(await retention.sweep()).toBe(250)
    expect(limits.length).toBeGreaterThanOrEqual(13)
    expect(Math.max(...limits)).toBe(20)
  })

  it('waits while it is held off', async () => {
    start({ settledKeepJobs: 0 })
    const releases = [await retention.hold(), await retention.hold()]
    let isOver = false
    const swept = retention.sweep().then((count) => {
      isOver = true
      return count
    })
    for (const release of releases) {
      await new Promise((resolve) => setImmediate(resolve))
      expect(isOver).toBe(false)
      expect(await listAll(store)).toHaveLength(252)
      release()
      release()
    }
    expect(await swept).toBe(250)
  })

  it('goes on by itself, also after the store has failed once', async () => {
    let isBroken = true
    const prune: Storage['prune'] = (ref, policy, limit) => {
      if (!isBroken) return store.prune(ref, policy, limit)
      isBroken = false
      return Promise.reject(new Error('no'))
    }
    start({ settledKeepJobs: 0, everyMs: 1 }, { prune } as Storage)
    retention.start()
    await until(async () => (await listAll(store)).length === 2, { what: 'old jobs are gone' })
    expect(warnings).toMatchObject([{ reason: 'no' }])
  })
})
