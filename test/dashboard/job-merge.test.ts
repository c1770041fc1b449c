/** One list out of several pipelines, also when one of them is away for a page. */
import { expect, it } from 'vitest'
import { JobMerge, type MergedPipeline } from '../../src/dashboard/job-merge.ts'

/** Has so many jobs, the n-th enqueued at n. */
function pipeline(name: string, count: number): MergedPipeline {
  const all = Array.from({ length: count }, (_, n) => ({ id: `${name}-${n}`, enqueuedMs: n }))
  const listJobs = (_query: object, { after, limit }: { after: string; limit: number }) => {
    const from = Number(after)
    const jobs = all.toReversed().slice(from, from + limit)
    const next = from + limit < count ? String(from + limit) : ''
    return Promise.resolve({ jobs, next, count, more: false })
  }
  return { name, phases: 1, shards: 1, client: { listJobs } as never }
}

async function page(pipelines: readonly MergedPipeline[], after: string) {
  const options = { query: {}, withInstructions: false, rowsWanted: 4 }
  const merge = new JobMerge({ ...options, pipelines, after })
  const ids: string[] = []
  for (let row = 0; row < 4; row += 1) {
    const found = await merge.next()
    if (found !== undefined) ids.push(found.job.id)
  }
  return { ids, next: merge.cursor() }
}

it('a pipeline that is away for a page goes on at its place afterwards', async () => {
  const [here, away] = [pipeline('here', 10), pipeline('away', 10)]
  const first = await page([here, away], '')
  expect(first.ids).toEqual(['here-9', 'away-9', 'here-8', 'away-8'])
  const second = await page([here], first.next ?? '')
  expect(second.ids).toEqual(['here-7', 'here-6', 'here-5', 'here-4'])
  const third = await page([here, away], second.next ?? '')
  expect(third.ids).toEqual(['away-7', 'away-6', 'away-5', 'away-4'])
})

it('a list ends when nothing is left but what is away', async () => {
  const first = await page([pipeline('here', 4), pipeline('away', 10)], '')
  const second = await page([pipeline('here', 4)], first.next ?? '')
  expect([second.ids, second.next]).toEqual([['here-3', 'here-2', 'here-1', 'here-0'], undefined])
})
