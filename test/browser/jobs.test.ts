/** The list of jobs: what arrives moves nothing, and an error is an error. */
import { describe, expect, it } from 'vitest'
import { kill } from '../e2e/processes.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'

const bench = benchOfFile([])

describe.skipIf(chromiumIsMissing)(`the list of jobs${skipped}`, () => {
  it('moves nothing when jobs arrive: rows, scroll, choice and focus stay, “12 new — show” waits', async () => {
    await bench().client.enqueueJobs(orders(80, {}, 'old-'))
    const page = await bench().page('jobs')
    const rows = page.getByTestId('job-row')
    await rows.nth(49).waitFor()
    const chosen = page.getByRole('checkbox', { name: 'Select old-70', exact: true })
    await chosen.check()
    await rows.nth(30).scrollIntoViewIfNeeded()
    await page.getByRole('link', { name: 'old-50', exact: true }).focus()
    // Where things stand on the screen is what counts; a page may become longer above them.
    const look = async () => ({
      ids: await rows.evaluateAll((all) => all.map((one) => one.getAttribute('data-job'))),
      focus: await page.evaluate<string>('document.activeElement.textContent'),
      isChosen: await chosen.isChecked(),
      top: (await page.locator('[data-job="old-50"]').boundingBox())?.y,
    })
    const atTheTop = await bench().page('jobs', page.context())
    await atTheTop.getByTestId('job-row').nth(49).waitFor()
    const first = atTheTop.locator('[data-job="old-79"]')
    const firstBox = await first.boundingBox()
    const before = await look()
    expect(await page.evaluate('scrollY')).toBeGreaterThan(0)
    expect(before).toMatchObject({ focus: 'old-50', isChosen: true })

    await bench().client.enqueueJobs(orders(12, {}, 'new-'))
    // Enqueued before the page was loaded, and maybe told of after it: not new.
    const show = page.getByTestId('new-jobs')
    await show.getByText('12 new — show').waitFor()
    expect(await look()).toEqual(before)
    await atTheTop.getByTestId('new-jobs').getByText('12 new — show').waitFor()
    expect(await first.boundingBox()).toEqual(firstBox)

    const dead = await bench().page('jobs?q=state%3Adead', page.context())
    await dead.getByText('No job matches this search').waitFor()
    await bench().client.enqueueJobs(orders(1, {}, 'newest-'))
    await show.getByText('13 new — show').waitFor()
    expect(await dead.getByTestId('new-jobs').count()).toBe(0)

    await show.click()
    await page.getByRole('link', { name: 'newest-0', exact: true }).waitFor()
    await until(async () => (await show.count()) === 0, { what: 'nothing is new any more' })
    expect(await rows.count()).toBe(50)
  })

  it('says where a search is wrong', async () => {
    const page = await bench().page('jobs?q=state%3Anonsense')
    const note = page.getByTestId('error-note')
    await note.getByText('nonsense').first().waitFor()
    expect(await page.getByTestId('job-row').count()).toBe(0)
  })

  it('does to chosen jobs what is asked, after a question with their number', async () => {
    await bench().client.enqueueJobs(orders(5, {}, 'order-'))
    const page = await bench().page('jobs')
    await page.getByRole('checkbox', { name: 'Select order-1', exact: true }).check()
    await page.getByRole('checkbox', { name: 'Select order-3', exact: true }).check()
    await page.getByTestId('bulk-bar').getByRole('button', { name: 'Cancel' }).click()
    await page.getByTestId('bulk-count').getByText('2 jobs').waitFor()
    await page.getByRole('button', { name: 'Cancel 2 jobs' }).click()
    await page.locator('[data-testid=operation][data-state=done]').waitFor()
    const { jobs } = await bench().client.listJobs({ state: 'cancelled' })
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(['order-1', 'order-3'])
  })

  it('says that the manager does not answer, with a code and what to do', async () => {
    await kill(bench().managerProcess)
    const page = await bench().page('jobs')
    await page
      .getByTestId('error-note')
      .getByText(/CT_(UNREACHABLE|TIMED_OUT)/)
      .waitFor()
    expect(await page.getByText('No jobs yet').count()).toBe(0)
    bench().startManager()
    await until(async () => (await bench().ask('jobs')).ok, {
      what: 'the manager is back',
      timeoutMs: 20_000,
    })
  })

  it('says that the dashboard does not answer, and never that there are no jobs', async () => {
    const page = await bench().page('jobs')
    await page.getByTestId('job-row').nth(2).waitFor()
    await kill(bench().webProcess)
    await page.getByTestId('connection').waitFor()
    await page.getByRole('searchbox', { name: 'Search jobs' }).fill('phase:charge')
    await page.getByRole('button', { name: 'Search', exact: true }).click()
    await page.getByTestId('error-note').getByText('CT_UNREACHABLE').waitFor()
    expect(await page.getByText('No job matches').count()).toBe(0)
    expect(await page.getByText('No jobs yet').count()).toBe(0)
  })
})
