/** Logs as they come: a flood of them leaves the page quick, and what somebody reads stands still. */
import type { Locator, Route } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders } from './dashboard-bench.ts'
import { fair, shownTime, type FairTime } from './fair-time.ts'
import { noteFigure } from './note-figure.ts'

const bench = benchOfFile()

let greetings = 0

/** A subscription arrives when it arrives: jobs come until one of their lines has, and not from what was kept. */
async function untilHeard(lines: Locator): Promise<void> {
  greetings += 1
  const says = `good morning for the ${greetings}. time`
  await until(
    async () => {
      await bench().client.enqueueJobs(orders(1, { says }))
      return (await lines.filter({ hasText: says }).count()) > 1
    },
    { what: 'two lines are there', timeoutMs: 15_000 },
  )
}

describe.skipIf(chromiumIsMissing)(`the page of logs${skipped}`, () => {
  it('holds at most 1,000 lines of 2,000 a second, answers clicks in 200 ms, and counts what was dropped', async () => {
    const page = await bench().page('logs')
    const lines = page.getByTestId('log-line')
    await untilHeard(lines)
    const [flood] = await bench().client.enqueueJobs(orders(1, { does: 'logALot' }))
    await lines.filter({ hasText: 'of many' }).first().waitFor()

    const counts: number[] = []
    const clicks: FairTime[] = []
    let isOver = false
    const ended = bench().client.waitForJobs([flood?.job.id ?? ''], 30_000, () => (isOver = true))
    while (!isOver) {
      counts.push(await lines.count())
      for (const name of ['Pause', 'Go on']) {
        clicks.push(fair(await page.evaluate<number>(click(name))))
      }
    }
    await ended
    const sorted = clicks.toSorted((a, b) => a.fairMs - b.fairMs)
    // The slowest of all is as often the machine's doing as the page's.
    const nineOfTen = sorted[Math.floor(sorted.length * 0.9) - 1] ?? { clockMs: 0, fairMs: 0 }
    const slowest = sorted.at(-1) ?? nineOfTen
    noteFigure(
      `logs: at most ${Math.max(...counts)} lines; ${clicks.length} clicks, ` +
        `nine of ten within ${shownTime(nineOfTen)}, the slowest ${shownTime(slowest)}`,
    )
    expect(Math.max(...counts)).toBeLessThanOrEqual(1_000)
    expect(Math.max(...counts)).toBeGreaterThan(500)
    expect(nineOfTen.fairMs).toBeLessThan(200)
    await page
      .getByTestId('dropped')
      .getByText(/[\d,]+ lines? dropped/)
      .waitFor()
  })

  it('misses none of the lines that fit a filter, however many do not', async () => {
    const page = await bench().page('logs?text=line+5+of+many')
    const began = page.waitForRequest(/stream\?topics=\S*logs\S*&text=/)
    await page.reload()
    await began
    // Somebody else looks already: the dashboard has each line that is written from now on.
    const other = await bench().page('logs')
    await untilHeard(other.getByTestId('log-line'))
    const [flood] = await bench().client.enqueueJobs(orders(1, { does: 'logALot' }))
    await other.getByTestId('dropped').waitFor()
    await page.getByTestId('log-line').nth(20).waitFor()
    // The next test is not to read in a flood.
    await bench().client.waitForJobs([flood?.job.id ?? ''], 30_000, () => undefined)
    expect(await page.getByTestId('dropped').count()).toBe(0)
  })

  it('does not jump when somebody has scrolled up, and goes on when told', async () => {
    const page = await bench().page('logs')
    const lines = page.getByTestId('log-line')
    await untilHeard(lines)
    // A batch has a hundred lines at most: what comes at once must be less.
    for (const says of ['an old line', 'an older line']) {
      await bench().client.enqueueJobs(orders(40, { says }))
      await lines.filter({ hasText: says }).nth(39).waitFor()
    }
    const box = page.getByTestId('log-lines')
    await box.hover()
    await page.mouse.wheel(0, -400)
    await page.getByTestId('new-lines').waitFor()
    const look = async () => [
      await box.evaluate((element) => (element as unknown as { scrollTop: number }).scrollTop),
      (await lines.first().boundingBox())?.y,
      await lines.count(),
    ]
    const before = await look()
    await bench().client.enqueueJobs(orders(60, { says: 'a new line' }))
    await page.getByTestId('new-lines').getByText('60 new lines').waitFor()
    expect(await look()).toEqual(before)

    await page.getByTestId('new-lines').click()
    await lines.filter({ hasText: 'a new line' }).last().waitFor()
  })

  it.each(['stream', 'logs'])('misses no line when the answer to %s is late', async (late) => {
    const context = await bench().context()
    const page = await context.newPage()
    let held: Route | undefined
    await page.route(`**/api/v1/${late}?*`, (route) => void (held = route), { times: 1 })
    // Somebody else looks already: the dashboard has each line that is written from now on.
    const other = await bench().page('logs')
    await untilHeard(other.getByTestId('log-line'))
    await page.goto(`${bench().url}#/logs`)
    await until(() => held !== undefined, { what: 'the request is held' })

    const lines = page.getByTestId('log-line')
    const theirs = other.getByTestId('log-line')
    const says = `meanwhile ${late} is late`
    await bench().client.enqueueJobs(orders(20, { says }))
    await theirs.filter({ hasText: says }).nth(19).waitFor()
    await held?.continue()
    await lines.filter({ hasText: says }).nth(19).waitFor()
    const then = `${late} came`
    await bench().client.enqueueJobs(orders(20, { says: then }))
    for (const one of [lines, theirs]) await one.filter({ hasText: then }).nth(19).waitFor()
    expect(await lines.allTextContents()).toEqual(await theirs.allTextContents())
  })

  it('asks for what it has missed when the stream says that it read too slowly', async () => {
    const context = await bench().context()
    const page = await context.newPage()
    // Nothing comes but that word, and no later stream begins.
    const held: Route[] = []
    await page.route('**/api/v1/stream?*', (route) => void held.push(route))
    const other = await bench().page('logs')
    const theirs = other.getByTestId('log-line')
    await untilHeard(theirs)
    await page.goto(`${bench().url}#/logs`)
    const lines = page.getByTestId('log-line')
    await lines.first().waitFor()
    await until(() => held.length > 0, { what: 'the stream is held' })

    const says = 'written while the page was slow'
    await bench().client.enqueueJobs(orders(20, { says }))
    await theirs.filter({ hasText: says }).nth(19).waitFor()
    expect(await lines.filter({ hasText: says }).count()).toBe(0)
    const body = 'event: resync\ndata: {}\n\n'
    await held[0]?.fulfill({ contentType: 'text/event-stream', body })
    await lines.filter({ hasText: says }).nth(19).waitFor()
  })

  it('keeps what is typed at the moment in which a filter takes effect', async () => {
    const page = await bench().page('logs')
    const text = page.getByRole('searchbox', { name: 'Text' })
    await text.waitFor()
    await page.evaluate(typeWhenTheUrlChanges('gold f'))
    await text.fill('gold')
    await until(() => page.url().includes('text=gold+f'), { what: 'the URL has both words' })
    expect(await text.inputValue()).toBe('gold f')
    // What comes from elsewhere is shown.
    await page.goto(`${bench().url}#/logs?text=silver`)
    await until(async () => (await text.inputValue()) === 'silver', { what: 'the field has it' })
    await page.goBack()
    await until(async () => (await text.inputValue()) === 'gold f', { what: 'the field is back' })
  })

  it('misses no line while others come and go who want something else', async () => {
    const follow = (topics: string) => bench().ask(`stream?topics=${topics}`)
    let heard = ''
    const reader = (await follow('logs')).body?.getReader()
    const reading = (async () => {
      for (;;) {
        const { value } = (await reader?.read()) ?? {}
        if (value === undefined) return
        heard += Buffer.from(value).toString()
      }
    })()
    const says = 'one of a hundred'
    const count = () => heard.split(`"message":"${says}"`).length - 1
    await until(
      async () => {
        await bench().client.enqueueJobs(orders(1, { says: 'is it heard' }))
        return heard.includes('is it heard')
      },
      { what: 'a line is there', timeoutMs: 15_000 },
    )
    for (let turn = 0; turn < 10; turn++) {
      const other = await follow('snapshot')
      await bench().client.enqueueJobs(orders(5, { says }))
      await other.body?.cancel()
      await bench().client.enqueueJobs(orders(5, { says }))
    }
    await until(() => count() === 100, { what: 'all lines are there', timeoutMs: 15_000 })
    await reader?.cancel()
    await reading
  })

  it('shows only what is asked for, and a link of it does the same', async () => {
    const page = await bench().page('logs')
    const lines = page.getByTestId('log-line')
    await untilHeard(lines)
    await page.getByRole('searchbox', { name: 'Text' }).fill('gold')
    await until(() => page.url().includes('text=gold'), { what: 'the URL has the filter' })
    // A blank is where the next word begins; another filter that is chosen meanwhile stays.
    const text = page.getByRole('searchbox', { name: 'Text' })
    await text.press('End')
    await text.pressSequentially(' f')
    await page.getByRole('combobox', { name: 'Level' }).selectOption('info')
    await until(() => page.url().includes('text=gold+f'), { what: 'the URL has both words' })
    expect(page.url()).toContain('level=info')
    await bench().client.enqueueJobs([
      ...orders(3, { says: 'silver lining' }),
      ...orders(2, { says: 'gold found' }),
    ])
    await lines.filter({ hasText: 'gold found' }).nth(1).waitFor()
    expect(await lines.filter({ hasNotText: 'gold' }).count()).toBe(0)
    const other = await page.context().newPage()
    await other.goto(page.url())
    await other.getByTestId('log-line').filter({ hasText: 'gold found' }).nth(1).waitFor()
    expect(await other.getByTestId('log-line').filter({ hasNotText: 'gold' }).count()).toBe(0)
  })
})

/** Somebody's next letters, before the page has drawn the change that the ones before have made. */
const typeWhenTheUrlChanges = (text: string) => `(() => {
  const replaceState = history.replaceState.bind(history)
  history.replaceState = (...change) => {
    replaceState(...change)
    history.replaceState = replaceState
    const field = [...document.querySelectorAll('label')]
      .find((label) => label.textContent === 'Text').querySelector('input')
    field.value = '${text}'
    field.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }
})()`

/**
 * A click, behind what the page has to do already, until its button has changed and everything has its place.
 * Painting is left out: without a graphics card that is the processor's work.
 */
const click = (name: string) => `(async () => {
  const startedMs = performance.now()
  await new Promise((resolve) => setTimeout(resolve))
  const button = [...document.querySelectorAll('button')].find((one) => one.textContent.includes('${name}'))
  const changed = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (button.textContent.includes('${name}')) return
      observer.disconnect()
      resolve()
    })
    observer.observe(button, { childList: true, characterData: true, subtree: true })
  })
  button.click()
  await changed
  document.body.getBoundingClientRect()
  return performance.now() - startedMs
})()`
