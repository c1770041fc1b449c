/** The page of one job: its life as it was, its errors where they happened, and how it is done again. */
import { describe, expect, it } from 'vitest'
import type { JobDetail, JobPage } from '../../src/dashboard/api-types.ts'
import { decodeInstructions } from '../../src/wire/instructions.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'
import { fairTime, shownTime } from './fair-time.ts'
import { noteFigure } from './note-figure.ts'

const bench = benchOfFile()

/** Enqueues one order and waits for its end. */
async function settledOrder(more: object): Promise<string> {
  const [answer] = await bench().client.enqueueJobs(orders(1, more))
  const id = answer?.job.id ?? ''
  await bench().client.waitForJobs([id], 20_000, () => undefined)
  return id
}

describe.skipIf(chromiumIsMissing)(`the page of a job${skipped}`, () => {
  it('draws three bars for two failures and a success, with two stacks that name file and line', async () => {
    const id = await settledOrder({ does: 'failTwice' })
    const page = await bench().page(`jobs/orders/${id}`)
    const lane = page.locator('[data-testid=timeline-lane][aria-label=charge]')
    await lane.waitFor()
    const bars = lane.getByTestId('attempt-bar')
    expect(
      await bars.evaluateAll((all) => all.map((one) => one.getAttribute('aria-label'))),
    ).toEqual([
      expect.stringMatching(/^charge, attempt 1, failed: .*backoff/),
      expect.stringMatching(/^charge, attempt 2, failed: .*backoff/),
      expect.stringMatching(/^charge, attempt 3, done: .*running/),
    ])
    expect(await page.getByTestId('timeline-lane').count()).toBe(3)

    const region = page.getByRole('region', { name: 'Stack of charge, attempt 2' })
    expect(await region.count()).toBe(1)
    const stacks = await page.getByTestId('stack').allInnerTexts()
    expect(stacks).toHaveLength(2)
    for (const stack of stacks) expect(stack).toMatch(/lively-pipeline\.ts:\d+/)
    // The line is that of the user's own file, not of what a loader made of it.
    const { line } = /lively-pipeline\.ts:(?<line>\d+)/.exec(stacks[0] ?? '')?.groups ?? {}
    expect(bench().lineOf('the bank did not answer')).toBe(Number(line))

    await bars.nth(1).focus()
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.textContent')).toContain('attempt 2')
  })

  it('shows what each phase has merged', async () => {
    const id = await settledOrder({ customer: { name: 'Ann' } })
    const page = await bench().page(`jobs/orders/${id}`)
    const steps = page.getByTestId('merged').getByRole('listitem')
    await steps.filter({ hasText: 'ship' }).getByText('shipped').waitFor()
    await steps.filter({ hasText: 'Input' }).getByText('customer').waitFor()
    await steps.filter({ hasText: 'validate' }).getByText('validated').waitFor()
    await steps.filter({ hasText: 'charge' }).getByText('charged').waitFor()
  })

  it('replays with edited input; a bad one gets the error of the schema at the field, and no job', async () => {
    const id = await settledOrder({ does: 'throw' })
    const before = (await bench().api<JobPage>('jobs')).count ?? 0
    const page = await bench().page(`jobs/orders/${id}`)
    await page.getByRole('button', { name: /Replay with edited input/ }).click()
    const form = page.getByTestId('replay-form')
    const field = form.getByRole('textbox', { name: /Instructions/ })
    await field.fill('{ "orderNumber": "seven" }')
    await form.getByRole('button', { name: 'Enqueue as a new job' }).click()
    await form.getByTestId('field-issues').getByText('orderNumber').first().waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    expect((await bench().api<JobPage>('jobs')).count).toBe(before)

    await field.fill('{ "orderNumber": 7, "does": "failTwice" }')
    await form.getByRole('button', { name: 'Enqueue as a new job' }).click()
    await page.getByText('replay of').waitFor()
    await page.locator('.job-head').getByText('done', { exact: true }).waitFor()
    const { jobs, count } = await bench().api<JobPage>('jobs')
    expect(count).toBe(before + 1)
    expect(jobs[0]).toMatchObject({ replayOf: id, state: 'done' })
  })

  it('replays what JSON cannot say as it is, unless it is edited', async () => {
    const exact = { file: new Uint8Array([0, 255]), total: 2n ** 60n }
    const id = await settledOrder({ does: 'throw', ...exact })
    const page = await bench().page(`jobs/orders/${id}`)
    await page.getByRole('button', { name: /Replay with edited input/ }).click()
    const form = page.getByTestId('replay-form')
    const field = form.getByRole('textbox', { name: /Instructions/ })
    await field.fill((await field.inputValue()).replace('"throw"', '"failTwice"'))
    await form.getByRole('button', { name: 'Enqueue as a new job' }).click()
    await page.locator('.job-head').getByText('done', { exact: true }).waitFor()
    const { jobs } = await bench().api<JobPage>('jobs')
    expect(jobs[0]?.replayOf).toBe(id)
    const { instructions } = await bench().client.getJob(jobs[0]?.id ?? '')
    const { file, total, does } = decodeInstructions(instructions)
    expect([[...(file as Uint8Array)], total, does]).toEqual([[0, 255], exact.total, 'failTwice'])
  })

  it('offers the input of a large job without what its phases have made', async () => {
    const id = await settledOrder({ does: 'giveMegabytes' })
    const page = await bench().page(`jobs/orders/${id}`)
    await page.getByRole('button', { name: /Replay with edited input/ }).click()
    const field = page.getByTestId('replay-form').getByRole('textbox', { name: /Instructions/ })
    const offered = JSON.parse(await field.inputValue()) as object
    expect(Object.keys(offered).toSorted()).toEqual(['does', 'orderNumber'])
  })

  it('shows no log line of a job of another pipeline that has its id', async () => {
    const id = await settledOrder({})
    const page = await bench().page('overview')
    const line = { atMs: 0, worker: 'w', phase: 'charge', jobId: id, level: 'info', message: 'm' }
    const lines = ['others', 'orders'].map((pipeline, at) => ({
      ...line,
      pipeline,
      number: at + 1,
    }))
    await page.route('**/api/v1/logs?*', (route) => route.fulfill({ json: { lines } }))
    await page.goto(`${bench().url}#/jobs/orders/${id}`)
    await page.getByTestId('log-line').first().waitFor()
    expect(await page.getByTestId('log-line').count()).toBe(1)
  })

  it('retries from the failed phase: what came before is not done again', async () => {
    const flag = bench().flag()
    const id = await settledOrder({ rejectedUntil: flag.path })
    flag.raise()
    const page = await bench().page(`jobs/orders/${id}`)
    await page.getByRole('combobox', { name: 'Phase to retry from' }).waitFor()
    await page.getByRole('button', { name: 'Retry from' }).click()
    await page.getByText('replay of').waitFor()
    await page.locator('.job-head').getByText('done', { exact: true }).waitFor()
    const { jobs } = await bench().api<JobPage>('jobs')
    const again = jobs.find(({ replayOf }) => replayOf === id)?.id ?? ''
    const { attempts } = await bench().api<JobDetail>(`pipelines/orders/jobs/${again}`)
    expect(attempts.map(({ phase }) => phase)).toEqual(['charge', 'ship'])
  })

  it('cuts an output of five megabytes, and answers to clicks within two seconds', async () => {
    const id = await settledOrder({ does: 'giveMegabytes' })
    const page = await bench().page('overview')
    await page.getByTestId('settled-done').waitFor()
    const payload = page.getByTestId('payload')
    const opening = await fairTime(async () => {
      await page.goto(`${bench().url}#/jobs/orders/${id}`)
      await payload.waitFor()
      await page.getByRole('button', { name: 'Raw JSON' }).click()
      await page.getByRole('dialog').waitFor()
    })
    noteFigure(`a job with 5 MB of output is open, and a dialog of it, after ${shownTime(opening)}`)
    expect(opening.fairMs).toBeLessThan(2_000)
    expect((await payload.innerText()).length).toBeLessThan(70_000)
    await page.keyboard.press('Escape')
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: /[Dd]ownload/ }).click()
    expect((await download).suggestedFilename()).toBe(`${id}.json`)
  })

  it('says whose page it is when there is no such job', async () => {
    const page = await bench().page('jobs/orders/nobody')
    await page.getByTestId('error-note').getByText('CT_JOB_NOT_FOUND').waitFor()
    expect(await page.getByRole('heading', { level: 1 }).innerText()).toBe('nobody')
  })

  it('cancels a job that runs', async () => {
    const flag = bench().flag()
    const [answer] = await bench().client.enqueueJobs(orders(1, { waitsFor: flag.path }))
    const page = await bench().page(`jobs/orders/${answer?.job.id}`)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.locator('.job-head').getByText('cancelled', { exact: true }).waitFor()
  })
})
