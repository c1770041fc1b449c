/** The overview: does the drawing say how the work stands, and soon enough to be believed? */
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { PhaseView, Snapshot } from '../../src/dashboard/api-types.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { DashboardBench, closeBrowser, openBrowser, orders } from './dashboard-bench.ts'

let bench: DashboardBench

beforeAll(async () => {
  if (!chromiumIsMissing) await openBrowser()
})
afterAll(closeBrowser)

afterEach(async () => {
  await bench?.close()
  expect(bench?.complaints ?? []).toEqual([])
})

const box = (page: Page, jobType: string) => page.getByTestId(`phase-${jobType}`)
const figure = async (page: Page, jobType: string, name: string) =>
  Number(await box(page, jobType).getByTestId(name).innerText())

async function phaseOf(jobType: string): Promise<PhaseView> {
  const { pipelines } = await bench.api<Snapshot>('overview')
  const phase = pipelines[0]?.phases.find((one) => one.jobType === jobType)
  if (phase === undefined) throw new Error(`the API knows no phase ${jobType}`)
  return phase
}

describe.skipIf(chromiumIsMissing)(`the overview${skipped}`, () => {
  it('moves within two seconds of an enqueue, and says 50 when 50 jobs are done', async () => {
    bench = await DashboardBench.open()
    const page = await bench.page()
    await box(page, 'ship').waitFor()
    const answers = await bench.client.enqueueJobs(orders(50, { takesMs: 100 }))
    expect(answers.every(({ ok }) => ok)).toBe(true)

    await until(async () => (await figure(page, 'validate', 'phase-done')) > 0, {
      what: 'the first box has moved',
      timeoutMs: 2_000,
    })
    await page.getByTestId('settled-done').getByText('50 done').waitFor()
    for (const jobType of ['validate', 'charge', 'ship']) {
      expect(await figure(page, jobType, 'phase-done')).toBe(50)
      expect(await figure(page, jobType, 'waiting')).toBe(0)
    }
  })

  it('says “no workers” when the only one is killed, and how the oldest job ages', async () => {
    bench = await DashboardBench.open(['validate', 'ship'])
    const worker = bench.worker('charge')
    await bench.processes.workersReady(bench.client, { charge: 1 })
    const page = await bench.page()
    await box(page, 'charge').getByText('1 worker,').waitFor()
    await kill(worker)
    await bench.client.enqueueJobs(orders(3))

    await box(page, 'charge')
      .getByTestId('workers')
      .getByText('no workers')
      .waitFor({ timeout: defaultLimits.silentAfterMs + 2_000 })
    await box(page, 'charge').getByTestId('waiting').getByText('3', { exact: true }).waitFor()
    const oldest = async () => box(page, 'charge').getByTestId('oldest').innerText()
    const first = await oldest()
    await until(async () => seconds(await oldest()) > seconds(first), { what: 'the age grows' })
  })

  it('keeps a pause over a reload of the page, until it is taken back', async () => {
    bench = await DashboardBench.open()
    const page = await bench.page()
    await page.getByRole('button', { name: 'Pause charge' }).click()
    await page.getByRole('button', { name: 'Resume charge' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Resume charge' }).waitFor()
    await bench.client.enqueueJobs(orders(5))
    await box(page, 'charge').getByTestId('waiting').getByText('5', { exact: true }).waitFor()

    await page.getByRole('button', { name: 'Resume charge' }).click()
    await page.getByTestId('settled-done').getByText('5 done').waitFor()

    await page.getByRole('button', { name: 'Pause orders' }).click()
    await page.getByRole('button', { name: 'Resume orders' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Resume orders' }).click()
    await page.getByRole('button', { name: 'Pause orders' }).waitFor()
  })

  it('shows the numbers of the API, at most one tick old', async () => {
    bench = await DashboardBench.open()
    const page = await bench.page()
    await box(page, 'charge').waitFor()
    await bench.client.enqueueJobs(orders(200, { takesMs: 40 }))
    for (let look = 0; look < 3; look++) {
      const { done } = await phaseOf('charge')
      await until(async () => (await figure(page, 'charge', 'phase-done')) >= done, {
        what: `the page has come to ${done}`,
        timeoutMs: 2_000,
      })
      const shown = await figure(page, 'charge', 'phase-done')
      await until(async () => (await phaseOf('charge')).done >= shown, {
        what: `the API says ${shown} as well`,
        timeoutMs: 2_000,
      })
    }
    // At rest, they are simply equal.
    await bench.client.pause('charge')
    await until(async () => (await phaseOf('charge')).running === 0, { what: 'nothing runs' })
    await until(
      async () => {
        const { waiting, done } = await phaseOf('charge')
        const shown = [
          await figure(page, 'charge', 'waiting'),
          await figure(page, 'charge', 'phase-done'),
        ]
        return shown[0] === waiting && shown[1] === done && waiting > 0
      },
      { what: 'page and API say the same' },
    )
  })
})

/** `oldest 1 min 5 s` → 65. */
function seconds(text: string): number {
  const of = (unit: string) => Number(new RegExp(`(\\d+) ?${unit}\\b`).exec(text)?.[1] ?? 0)
  return of('s') + 60 * of('min')
}
