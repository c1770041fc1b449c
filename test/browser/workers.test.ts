/** The page of workers: how well each does, what became of a lost one, and how one is sent away. */
import { once } from 'node:events'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { defaultLimits } from '../../src/core/limits.ts'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'

const bench = benchOfFile(['validate', 'ship'])

/** The worker of a phase that is not lost. */
const rowOf = (page: Page, jobType: string) =>
  page
    .locator('[data-testid=worker]:not([data-state=lost])')
    .filter({ has: page.getByRole('cell', { name: jobType }) })

describe.skipIf(chromiumIsMissing)(`the page of workers${skipped}`, () => {
  it('gives a worker that fails 30 of 100 jobs a score of 70 %', async () => {
    const worker = bench().worker('charge')
    const page = await bench().page('workers')
    const failing = orders(100).map((order, at) =>
      at % 10 < 3 ? (orders(1, { does: 'throw' })[0] ?? order) : order,
    )
    await bench().client.enqueueJobs(failing)
    await rowOf(page, 'charge').getByText('70 done, 30 failed').waitFor()
    const score = Number.parseInt(await rowOf(page, 'charge').getByTestId('score').innerText())
    expect(score).toBeGreaterThanOrEqual(60)
    expect(score).toBeLessThanOrEqual(80)
    await rowOf(page, 'validate').getByText('100 %').waitFor()
    await kill(worker)
  })

  it('says that a killed worker is lost, and links the job that went back to the queue', async () => {
    const victim = bench().worker('charge', ['--concurrency', '1'])
    await bench().processes.workersReady(bench().client, { charge: 1 })
    const page = await bench().page('workers')
    const flag = bench().flag()
    const [answer] = await bench().client.enqueueJobs(orders(1, { waitsFor: flag.path }))
    const id = answer?.job.id ?? ''
    await rowOf(page, 'charge').getByRole('link', { name: id }).waitFor()
    await kill(victim)

    const lost = page.locator('[data-testid=worker][data-state=lost]').filter({ hasText: id })
    await lost.waitFor({ timeout: defaultLimits.silentAfterMs + 2_000 })
    await lost.getByText('1 job back in the queue').waitFor()
    flag.raise()
    const successor = bench().worker('charge')
    await lost.getByTestId('released').getByRole('link', { name: id }).click()
    await page.getByRole('heading', { name: id }).waitFor()
    await page.getByTestId('attempt').getByText('lost', { exact: true }).waitFor()
    await page.locator('.job-head').getByText('done', { exact: true }).waitFor()
    await kill(successor)
  })

  it('drains a worker: it finishes the job it has, takes no other, and ends', async () => {
    const worker = bench().worker('charge', ['--concurrency', '1'])
    const ended = once(worker, 'exit')
    await bench().processes.workersReady(bench().client, { charge: 1 })
    const flag = bench().flag()
    const [first] = await bench().client.enqueueJobs(orders(1, { waitsFor: flag.path }))
    const page = await bench().page('workers')
    const id = first?.job.id ?? ''
    await rowOf(page, 'charge').getByRole('link', { name: id }).waitFor()
    await until(() => bench().charged().has(id), { what: 'the first runs' })
    const before = bench().charged().size
    await bench().client.enqueueJobs(orders(4))

    await rowOf(page, 'charge')
      .getByRole('button', { name: /^Drain/ })
      .click()
    await rowOf(page, 'charge').getByText('draining').waitFor()
    // It can be kept, and sent away again.
    const button = rowOf(page, 'charge').getByRole('button')
    await button.filter({ hasText: 'Resume' }).click()
    await rowOf(page, 'charge').getByText('ready').waitFor()
    await button.filter({ hasText: 'Drain' }).click()
    await rowOf(page, 'charge').getByText('draining').waitFor()
    flag.raise()
    expect(await ended).toEqual([0, null])
    expect((await bench().client.getJob(id)).job.phase).not.toBe('charge')
    // The four others have not run anywhere.
    expect(bench().charged().size).toBe(before)
    const { shards } = await bench().client.status()
    expect(shards[0]?.phases[1]?.waiting).toBe(4)
  })
})
