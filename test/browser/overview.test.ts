/** The overview: does the drawing say how the work stands, and soon enough to be believed? */
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { PhaseView, Snapshot } from '../../src/dashboard/api-types.ts'
import { defaultLimits } from '../../src/core/limits.ts'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders, phases } from './dashboard-bench.ts'

const bench = benchOfFile()

const box = (page: Page, jobType: string) => page.getByTestId(`phase-${jobType}`)
const figure = async (page: Page, jobType: string, name: string) =>
  Number(await box(page, jobType).getByTestId(name).innerText())

async function phaseOf(jobType: string): Promise<PhaseView> {
  const { pipelines } = await bench().api<Snapshot>('overview')
  const phase = pipelines[0]?.phases.find((one) => one.jobType === jobType)
  if (phase === undefined) throw new Error(`the API knows no phase ${jobType}`)
  return phase
}

describe.skipIf(chromiumIsMissing)(`the overview${skipped}`, () => {
  it('moves within two seconds of an enqueue, and says 50 when 50 jobs are done', async () => {
    const page = await bench().page()
    await box(page, 'ship').waitFor()
    const answers = await bench().client.enqueueJobs(orders(50, { takesMs: 100 }))
    expect(answers.every(({ ok }) => ok)).toBe(true)

    await until(async () => (await figure(page, 'validate', 'phase-done')) > 0, {
      what: 'the first box has moved',
      timeoutMs: 2_000,
    })
    await page.getByTestId('settled-done').getByText('50 done').waitFor()
    for (const jobType of phases) {
      expect(await figure(page, jobType, 'phase-done')).toBe(50)
      expect(await figure(page, jobType, 'waiting')).toBe(0)
    }
  })

  it('shows the numbers of the API, at most one tick old', async () => {
    const page = await bench().page()
    await box(page, 'charge').waitFor()
    await bench().client.enqueueJobs(orders(200, { takesMs: 40 }))
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
    await bench().client.pause('charge')
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
    await bench().client.resume('charge')
    await page.getByTestId('settled-done').getByText('250 done').waitFor()
  })

  it('keeps a pause over a reload of the page, until it is taken back', async () => {
    const page = await bench().page()
    await page.getByRole('button', { name: 'Pause charge' }).click()
    await page.getByRole('button', { name: 'Resume charge' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Resume charge' }).waitFor()
    await bench().client.enqueueJobs(orders(5))
    await box(page, 'charge').getByTestId('waiting').getByText('5', { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Resume charge' }).click()
    await page.getByTestId('settled-done').getByText('255 done').waitFor()

    await page.getByRole('button', { name: 'Pause orders' }).click()
    await page.getByRole('button', { name: 'Resume orders' }).waitFor()
    await page.reload()
    await page.getByRole('button', { name: 'Resume orders' }).click()
    await page.getByRole('button', { name: 'Pause orders' }).waitFor()
  })

  it('says “no workers” when the only one is killed, and how the oldest job ages', async () => {
    const page = await bench().page()
    await box(page, 'charge').getByText('1 worker,').waitFor()
    await kill(bench().workerOf('charge'))
    await bench().client.enqueueJobs(orders(3))

    await box(page, 'charge')
      .getByTestId('workers')
      .getByText('no workers')
      .waitFor({ timeout: defaultLimits.silentAfterMs + 2_000 })
    await box(page, 'charge').getByTestId('waiting').getByText('3', { exact: true }).waitFor()
    const oldest = () => box(page, 'charge').getByTestId('oldest').innerText()
    const first = seconds(await oldest())
    await until(async () => seconds(await oldest()) > first, { what: 'the age grows' })
  })
})

/** `oldest 5 s` → 5; `now` → 0. */
function seconds(text: string): number {
  return Number(/(\d+) s\b/.exec(text)?.[1] ?? 0)
}
