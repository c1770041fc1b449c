/** A hundred thousand jobs in the store: the list is as quick as with ten, and holds as few rows. */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'
import { fairTime, shownTime } from './fair-time.ts'
import { noteFigure } from './note-figure.ts'

const jobsMany = 100_000
const groupSize = 1_000
/** That is how many are to be found again. */
const rare = 37

const bench = benchOfFile([])
let isSeeded = false

/** Oldest first: 37 rare ones in the middle of a hundred thousand, and of those that are left, 37 cancelled. */
async function seed(): Promise<void> {
  if (isSeeded) return
  isSeeded = true
  const { client } = bench()
  const startedMs = performance.now()
  for (let from = 0; from < jobsMany; from += 4 * groupSize) {
    const groups = [0, 1, 2, 3].map(() => orders(groupSize, { customer: { name: 'Ben' } }))
    await Promise.all(groups.map((group) => client.enqueueJobs(group)))
  }
  const special = orders(rare, { customer: { name: 'Ann' } }, 'rare-')
  await client.enqueueJobs(special)
  for (const { id } of special) await client.cancelJob(id ?? '')
  const seconds = (performance.now() - startedMs) / 1_000
  noteFigure(`${jobsMany} jobs are enqueued within ${seconds.toFixed(1)} s`)
}

const rowsOf = (page: Page) => page.getByTestId('job-row')
const nodeCount = (page: Page) => page.evaluate<number>(`document.querySelectorAll('*').length`)

describe.skipIf(chromiumIsMissing)(`the list of a hundred thousand jobs${skipped}`, () => {
  it('shows its first rows within a second, and the next page within half of one', async () => {
    await seed()
    const page = await bench().page('overview')
    await page.getByTestId('phase-validate').waitFor()
    const first = await fairTime(async () => {
      await page.goto(`${bench().url}#/jobs`)
      await rowsOf(page).first().waitFor()
    })
    const top = await rowsOf(page).first().getAttribute('data-job')
    const next = await fairTime(async () => {
      await page.getByTestId('next-page').click()
      await until(async () => (await rowsOf(page).first().getAttribute('data-job')) !== top, {
        what: 'the next page is there',
      })
    })
    const rows = await rowsOf(page).count()
    noteFigure(
      `100,000 jobs: first rows ${shownTime(first)}, next page ${shownTime(next)}, ` +
        `${rows} rows, ${await nodeCount(page)} elements`,
    )
    expect(await page.getByTestId('job-count').innerText()).toMatch(/10,000\+ jobs/)
    expect(rows).toBeGreaterThan(10)
    expect(rows).toBeLessThan(150)
    expect(first.fairMs).toBeLessThan(1_000)
    expect(next.fairMs).toBeLessThan(500)
  })

  it('finds exactly the 37 of a filter, and its URL finds the same in a new tab', async () => {
    await seed()
    const page = await bench().page('jobs')
    await rowsOf(page).first().waitFor()
    const state = page.getByTestId('job-search').getByText('cancelled', { exact: true })
    const found = await fairTime(async () => {
      await state.click()
      await page.getByTestId('job-count').getByText('37 jobs').waitFor()
    })
    noteFigure(`100,000 jobs: the 37 of a filter ${shownTime(found)}`)
    const ids = async (one: Page) =>
      new Set(
        await rowsOf(one).evaluateAll((all) => all.map((row) => row.getAttribute('data-job'))),
      )
    const expected = new Set(orders(rare, {}, 'rare-').map(({ id }) => id))
    expect(await ids(page)).toEqual(expected)

    const other = await page.context().newPage()
    await other.goto(page.url())
    await other.getByTestId('job-count').getByText('37 jobs').waitFor()
    expect(await ids(other)).toEqual(expected)
  })

  it('finds the 37 by a value in their instructions, and says how far it has looked', async () => {
    await seed()
    const page = await bench().page('jobs')
    await rowsOf(page).first().waitFor()
    await page.getByRole('searchbox', { name: 'Search jobs' }).fill('customer.name=Ann')
    const found = await fairTime(async () => {
      await page.getByRole('button', { name: 'Search', exact: true }).click()
      await page
        .getByTestId('job-count')
        .getByText(/^37 matches among [\d,]+ jobs/)
        .waitFor()
    })
    noteFigure(`100,000 jobs: the 37 with a value in their instructions ${shownTime(found)}`)
    expect(await rowsOf(page).count()).toBe(rare)
  })
})
