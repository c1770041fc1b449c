/** What the core has loaded: all of it in the end, and never more at once than memory can take. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { JobRecord } from '../../src/core/job.ts'
import { OwnerLoads } from '../../src/manager/owner-loads.ts'
import { aJobRecord } from '../core/a-job.ts'

const MiB = 1024 * 1024
const ref = { pipeline: 'films', shard: 0 }

/** Of these sizes; `instructions` only say how long they are. */
function jobsOf(sizes: readonly number[]): readonly JobRecord[] {
  return sizes.map((length, at) => {
    const instructions = { length } as Uint8Array
    return aJobRecord(`job-${at}`, { sequence: at + 1, dueMs: at + 1, instructions })
  })
}

const bytesIn = (jobs: readonly JobRecord[]) =>
  jobs.reduce((sum, { instructions }) => sum + instructions.length, 0)

function aStore(jobs: readonly JobRecord[]) {
  const slices: number[] = []
  const read = (after: { sequence: number } | undefined, limit: number) => {
    const found = jobs.filter(({ sequence }) => sequence > (after?.sequence ?? 0)).slice(0, limit)
    slices.push(bytesIn(found))
    return found
  }
  return {
    slices,
    loadReady: async (_: unknown, { after, limit }: { after?: JobRecord; limit: number }) =>
      read(after, limit),
    loadDue: async (_: unknown, { after, limit }: { after?: JobRecord; limit: number }) => {
      const found = read(after, limit)
      const nextDueMs = jobs.find(
        ({ dueMs }) => dueMs > ((found.at(-1) ?? after)?.dueMs ?? 0),
      )?.dueMs
      return nextDueMs === undefined ? { jobs: found } : { jobs: found, nextDueMs }
    },
  }
}

const sizes = fc.array(fc.constantFrom(0, 200, MiB, 8 * MiB), { maxLength: 700 })

it('ready jobs are loaded in their order, to the last one', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 500 }), async (of, limit) => {
      const jobs = jobsOf(of)
      const loads = new OwnerLoads(aStore(jobs) as never, ref, { bytesMax: 32 * MiB })
      const found: JobRecord[] = []
      for (let isOver = false; !isOver;) {
        const { jobs: some, exhausted } = await loads.ready({
          phase: 0,
          after: found.at(-1),
          limit,
        })
        expect(some.length).toBeLessThanOrEqual(limit)
        expect(exhausted || some.length > 0).toBe(true)
        found.push(...some)
        isOver = exhausted
      }
      expect(found).toEqual(jobs)
    }),
  )
})

it('due jobs are loaded in their order, and it is said when the next one is', async () => {
  await fc.assert(
    fc.asyncProperty(sizes, fc.integer({ min: 1, max: 500 }), async (of, limit) => {
      const jobs = jobsOf(of)
      const loads = new OwnerLoads(aStore(jobs) as never, ref, { bytesMax: 32 * MiB })
      const found: JobRecord[] = []
      for (let next: number | undefined = 1; next !== undefined;) {
        const after = found.at(-1)
        const { jobs: some, nextDueMs } = await loads.due({ untilMs: 1_000, after, limit })
        expect(nextDueMs).toBe(jobs[found.length + some.length]?.dueMs)
        found.push(...some)
        next = nextDueMs
      }
      expect(found).toEqual(jobs)
    }),
  )
})

it('thousands of jobs of 1 MiB are not read at once, and small ones not one by one', async () => {
  const large = aStore(jobsOf(Array.from({ length: 2_000 }, () => MiB)))
  const loads = new OwnerLoads(large as never, ref, { bytesMax: 32 * MiB })
  const range = { phase: 0, after: undefined, limit: 2_000 }
  const { jobs, exhausted } = await loads.ready(range)
  expect(exhausted).toBe(false)
  expect(bytesIn(jobs)).toBe(32 * MiB)
  expect(Math.max(...large.slices)).toBe(16 * MiB)
  const small = aStore(jobsOf(Array.from({ length: 2_000 }, () => 200)))
  await new OwnerLoads(small as never, ref, { bytesMax: 32 * MiB }).ready(range)
  expect(small.slices.length).toBeLessThan(12)
})
