/** Live figures: one stream for all tabs of a browser, and what is seen while a manager is away. */
import type { Page, Request } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'
import { fairTime, shownTime } from './fair-time.ts'
import { noteFigure } from './note-figure.ts'

const bench = benchOfFile()
const doneIn = (page: Page, count: number) =>
  page.getByTestId('settled-done').getByText(`${count} done`, { exact: true })

describe.skipIf(chromiumIsMissing)(`the live figures${skipped}`, () => {
  it('reach eight tabs within two seconds by one stream, and go on when the tab that has it is closed', async () => {
    const context = await bench().context()
    const streams = new Set<Request>()
    context.on('request', (request) => {
      if (request.url().includes('/stream')) streams.add(request)
    })
    const ended = (request: Request) => streams.delete(request)
    context.on('requestfailed', ended)
    context.on('requestfinished', ended)
    // Of a tab that is closed, nobody hears how its requests end.
    const openStreams = () =>
      [...streams].filter((request) => !request.frame().page().isClosed()).length
    const pages: Page[] = []
    for (let tab = 0; tab < 8; tab++) pages.push(await bench().page('overview', context))
    for (const page of pages) await page.getByTestId('live-state').getByText('live').waitFor()
    expect(openStreams()).toBe(1)

    await bench().client.enqueueJobs(orders(20))
    await bench().processes.settled(bench().client, 20)
    const all = await fairTime(() =>
      Promise.all(pages.map((page) => doneIn(page, 20).waitFor({ timeout: 10_000 }))),
    )
    noteFigure(`eight tabs show what has happened after ${shownTime(all)}`)
    expect(all.fairMs).toBeLessThan(2_000)

    // The first to come is the one that has the stream.
    await pages.shift()?.close()
    await bench().client.enqueueJobs(orders(5))
    for (const page of pages) await doneIn(page, 25).waitFor({ timeout: 10_000 })
    expect(openStreams()).toBe(1)
  })

  it('say “reconnecting” while the manager is away, keep the last ones, and are live again by themselves', async () => {
    const page = await bench().page('overview')
    await doneIn(page, 25).waitFor()
    await kill(bench().managerProcess)
    await page.getByTestId('reconnecting').waitFor()
    expect(await doneIn(page, 25).count()).toBe(1)
    const jobs = await bench().page('jobs')
    await jobs.getByTestId('connection').getByText('No manager of orders answers').waitFor()
    expect(await jobs.getByTestId('job-row').count()).toBe(0)
    bench().startManager()
    await until(async () => (await page.getByTestId('reconnecting').count()) === 0, {
      what: 'the figures are live again',
      timeoutMs: 20_000,
    })
    await bench().client.enqueueJobs(orders(3))
    await doneIn(page, 28).waitFor()
    // What could not be loaded meanwhile is there now.
    await jobs.getByTestId('job-row').first().waitFor()
    expect(await jobs.getByTestId('connection').innerText()).toBe('')
  })

  it('have their age by the clock of the dashboard, whatever that of the browser says', async () => {
    const context = await bench().context()
    await context.addInitScript('const real = Date.now; Date.now = () => real() + 7_200_000')
    await bench().client.enqueueJobs(orders(1))
    const page = await bench().page('jobs', context)
    const age = page.getByTestId('job-row').first().getByRole('time')
    await age.waitFor()
    await page.getByTestId('live-state').getByText('live').waitFor()
    expect(await age.innerText()).toMatch(/^(?:now|\d+ s)$/)
  })

  it('say that the dashboard itself is away, and come back with it', async () => {
    const page = await bench().page('overview')
    await page.getByTestId('live-state').getByText('live').waitFor()
    await bench().restartWeb()
    await page.getByTestId('live-state').getByText('live').waitFor({ timeout: 20_000 })
    await page.getByTestId('phase-charge').waitFor()
  })
})
