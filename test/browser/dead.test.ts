/** Dead jobs in thousands: by their cause, put back by a group, with a way to stop. */
import { describe, expect, it } from 'vitest'
import type { DeadGroups, OperationRequest, Problem } from '../../src/dashboard/api-types.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'

const bench = benchOfFile()

const causes = [
  { reason: 'the bank is closed until 9:0', count: 2_500 },
  { reason: 'no card of customer ', count: 1_500 },
  { reason: 'could not open /var/receipts/', count: 1_000 },
] as const

/** 5,000 dead orders in three groups; they pass once the flag is raised. Ids begin with the group's number. */
async function fillWithDead(): Promise<{ raise(): void }> {
  const flag = bench().flag()
  for (const [group, { reason, count }] of causes.entries()) {
    const jobs = orders(count, { rejectedUntil: flag.path }, `g${group}-`)
    // Each message has a number of its own: they are one group all the same.
    for (const [at, { instructions }] of jobs.entries()) {
      Object.assign(instructions as object, { reason: `${reason}${at}` })
    }
    for (let from = 0; from < count; from += 1_000) {
      await bench().client.enqueueJobs(jobs.slice(from, from + 1_000))
    }
  }
  await until(async () => (await deadCount()) === 5_000, {
    what: 'all are dead',
    timeoutMs: 40_000,
  })
  return flag
}

const settled = async () => (await bench().client.status()).shards[0]?.settled
const deadCount = async () => (await settled())?.dead
const deadIds = async () => {
  const pages = [await bench().client.listJobs({ state: 'dead' })]
  for (let next = pages[0]?.next; next !== undefined && next !== ''; next = pages.at(-1)?.next) {
    pages.push(await bench().client.listJobs({ state: 'dead' }, { after: next }))
  }
  return pages.flatMap(({ jobs }) => jobs.map(({ id }) => id))
}

describe.skipIf(chromiumIsMissing)(`the page of dead jobs${skipped}`, () => {
  it('shows a sample with its error, and says when there is none', async () => {
    const page = await bench().page('dead')
    await page.getByText('No dead jobs').waitFor()
    const amounts = Array.from({ length: 40 }, (_, at) => at).join(', ')
    await bench().client.enqueueJobs(
      orders(3, {
        does: 'throw',
        reason: `the card 4711 was declined  by the bank that keeps it: ${amounts}`,
      }),
    )
    const group = page.getByTestId('dead-group')
    await group.waitFor()
    await group
      .getByText(/the card \S+ was declined/)
      .first()
      .waitFor()
    const { groups } = await bench().api<DeadGroups>('dead')
    expect(groups).toMatchObject([{ phase: 'charge', count: 3 }])
    await group.getByRole('button', { name: 'Show jobs' }).click()
    await group.locator('.dead__job').nth(2).waitFor()

    await group.getByRole('button', { name: 'Discard…' }).click()
    await page.getByRole('button', { name: 'Discard 3 jobs' }).click()
    await page.getByText('No dead jobs').waitFor()
  })

  it('stops at half when it is told to: what was not reached stays dead', async () => {
    const flag = bench().flag()
    await bench().client.enqueueJobs(orders(600, { rejectedUntil: flag.path, reason: 'closed' }))
    await until(async () => (await deadCount()) === 600, {
      what: 'all are dead',
      timeoutMs: 20_000,
    })
    flag.raise()
    const page = await bench().page('dead')
    await page.getByTestId('dead-group').getByRole('button', { name: 'Redrive…' }).click()
    await page.getByTestId('bulk-count').getByText('600 jobs').waitFor()
    await page.getByRole('spinbutton', { name: /jobs a second/ }).fill('100')
    await page.getByTestId('bulk-dialog').getByRole('button', { name: 'Redrive 600 jobs' }).click()
    const progress = page.getByTestId('operation').getByRole('progressbar')
    await until(async () => Number(await progress.getAttribute('value')) >= 200, {
      what: 'a third is done',
      timeoutMs: 15_000,
    })
    await page.getByTestId('operation').getByRole('button', { name: 'Abort' }).click()
    const aborted = page.locator('[data-testid=operation][data-state=aborted]')
    await aborted.getByText(/Aborted after \d+ of 600/).waitFor()
    await page.locator('[data-testid=operation]:focus').waitFor()
    const after = Number(/after (\d+) of/.exec(await aborted.innerText())?.[1])
    expect(after).toBeGreaterThanOrEqual(200)
    expect(after).toBeLessThan(600)
    expect(await deadCount()).toBe(600 - after)
    await bench().client.discardJobs(await deadIds())
  })

  it('shares one limit among all groups that are put back, and refuses a limit of nothing', async () => {
    await bench().client.enqueueJobs([
      ...orders(2, { does: 'throw', reason: 'no money' }),
      ...orders(2, { does: 'throw', reason: 'no card' }),
    ])
    const page = await bench().page('dead')
    for (const cause of ['no money', 'no card']) {
      await page.getByRole('checkbox', { name: new RegExp(`Choose the group .*${cause}`) }).check()
    }
    const limits: unknown[] = []
    await page.route('**/api/v1/operations', async (route) => {
      const sent = route.request().postDataJSON() as OperationRequest | null
      if (sent !== null && sent.dryRun !== true) limits.push(sent.perSecondMax)
      await route.continue()
    })
    await page.getByRole('button', { name: 'Redrive 2 groups' }).click()
    const limit = page.getByRole('spinbutton', { name: /jobs a second/ })
    const start = page.getByTestId('bulk-dialog').getByRole('button', { name: 'Redrive 4 jobs' })
    for (const none of ['0', '-5']) {
      await limit.fill(none)
      await start.click()
    }
    expect(limits).toEqual([])
    await limit.fill('9')
    await start.click()
    await page.locator('[data-testid=operation][data-state=done]').nth(1).waitFor()
    expect(limits).toEqual([4.5, 4.5])
    await until(async () => (await deadCount()) === 4, { what: 'all have died again' })
    await bench().client.discardJobs(await deadIds())
  })

  it('puts one group of three back: it is done to 100 %, each job once, the others stay dead', async () => {
    const flag = await fillWithDead()
    const page = await bench().page('dead')
    const groups = page.getByTestId('dead-group')
    await groups.nth(2).waitFor()
    expect(await groups.count()).toBe(3)
    const counts = await page.getByTestId('dead-count').allInnerTexts()
    expect(counts.map((text) => Number.parseInt(text.replace(',', '')))).toEqual([
      2_500, 1_500, 1_000,
    ])

    const doneBefore = (await settled())?.done ?? 0
    flag.raise()
    const group = groups.filter({ hasText: 'no card of customer' })
    await group.getByRole('button', { name: 'Redrive…' }).click()
    await page.getByTestId('bulk-count').getByText('1,500 jobs').waitFor()
    // More than a thousand: their number has to be typed.
    const start = page
      .getByTestId('bulk-dialog')
      .getByRole('button', { name: 'Redrive 1,500 jobs' })
    expect(await start.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: /to confirm/ }).fill('1400')
    expect(await start.isDisabled()).toBe(true)
    await page.getByRole('textbox', { name: /to confirm/ }).fill('1500')
    await start.click()

    const operation = page.locator('[data-testid=operation][data-state=done]')
    await operation.waitFor({ timeout: 30_000 })
    expect(await operation.getByRole('progressbar').getAttribute('aria-label')).toBe(
      'Redrive: 1500 of 1500',
    )
    await until(async () => (await settled())?.done === doneBefore + 1_500, {
      what: 'all of the group are done',
      timeoutMs: 20_000,
    })
    await until(async () => (await groups.count()) === 2, {
      what: 'the group is gone from the page',
      timeoutMs: 15_000,
    })
    expect(await deadCount()).toBe(3_500)
    const runs = [...bench().charged()].filter(([id]) => /^g\d-/.test(id))
    // Once when they died, once more when they came back; the others only died.
    expect(runs.filter(([id, count]) => id.startsWith('g1-') && count !== 2)).toEqual([])
    expect(runs.filter(([id, count]) => !id.startsWith('g1-') && count !== 1)).toEqual([])
    expect(runs).toHaveLength(5_000)
  })

  it('refuses an operation on everything, and one on over 1,000 jobs that names no count', async () => {
    await bench().client.pause()
    await bench().client.enqueueJobs(orders(1_001))
    for (const filter of [{}, { q: '' }, { q: '  ' }]) {
      const answer = await bench().ask('operations', {
        action: 'cancel',
        pipeline: 'orders',
        filter,
      })
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(((await answer.json()) as Problem).code).toMatch(/^CT_/)
    }
    const many = { action: 'cancel', pipeline: 'orders', filter: { q: 'state:ready' } }
    const unconfirmed = await bench().ask('operations', many)
    expect(unconfirmed.status).toBe(409)
    expect(((await unconfirmed.json()) as Problem).hint).toContain('confirm: 1001')
    expect((await settled())?.cancelled).toBe(0)
  })
})
