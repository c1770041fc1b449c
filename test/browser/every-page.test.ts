/**
 * What holds on every page: it can be read in the dark, on a telephone, with a keyboard and by a screen reader,
 * it keeps its content security policy, and it does not care where a proxy mounts it. Its pictures are in
 * out/screens/.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PolicyReports } from '../../src/dashboard/api-types.ts'
import { until } from '../wait.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders, token } from './dashboard-bench.ts'
import { MountingProxy } from './mounting-proxy.ts'

const bench = benchOfFile()
const screens = fileURLToPath(new URL('../../out/screens/', import.meta.url))
const shownWidth = 'document.documentElement.scrollWidth'
let failedId = ''

/** Name → where it is, and what is there when it has come. */
function pages(): readonly { name: string; hash: string; heading: string | RegExp }[] {
  return [
    { name: 'overview', hash: 'overview', heading: 'Overview' },
    { name: 'workers', hash: 'workers', heading: 'Workers' },
    { name: 'jobs', hash: 'jobs', heading: 'Jobs' },
    { name: 'job', hash: `jobs/orders/${failedId}`, heading: failedId },
    { name: 'dead', hash: 'dead', heading: 'Dead jobs' },
    { name: 'logs', hash: 'logs', heading: 'Logs' },
    { name: 'pipelines', hash: 'pipelines', heading: 'Pipelines' },
    { name: 'pipeline', hash: 'pipelines/orders', heading: 'orders' },
    { name: 'settings', hash: 'settings', heading: 'Settings' },
  ]
}

async function open(page: Page, { hash, heading }: { hash: string; heading: string | RegExp }) {
  await page.goto(`${bench().url}#/${hash}`)
  await page.getByRole('heading', { level: 1, name: heading }).waitFor()
  // What is still loading has a placeholder.
  await until(async () => (await page.getByRole('status', { name: 'Loading' }).count()) === 0, {
    what: `${hash} is complete`,
  })
}

beforeAll(async () => {
  if (chromiumIsMissing) return
  mkdirSync(screens, { recursive: true })
  const { client } = bench()
  const answers = await client.enqueueJobs([
    ...orders(30, { customer: { name: 'Ann' }, says: 'the card is charged' }),
    ...orders(3, { does: 'throw', reason: 'the card was declined' }),
    ...orders(1, { does: 'failTwice' }),
  ])
  failedId = answers[33]?.job.id ?? ''
  await client.waitForJobs([failedId], 20_000, () => undefined)
  // Only now: its second and third attempt would wait behind these.
  await client.enqueueJobs(orders(40, { takesMs: 20_000 }))
})

describe.skipIf(chromiumIsMissing)(`every page${skipped}`, () => {
  for (const colorScheme of ['light', 'dark'] as const) {
    it(`has no finding of weight for whoever cannot see it well, ${colorScheme}`, async () => {
      // The policy forbids any script but ours, and so the examiner: it is put aside for this test alone.
      const context = await bench().context({ colorScheme, bypassCSP: true })
      const page = await context.newPage()
      const findings: string[] = []
      for (const one of pages()) {
        await open(page, one)
        await page.screenshot({ path: join(screens, `${one.name}-${colorScheme}-1280.png`) })
        findings.push(...(await examine(page)).map((text) => `${one.name}: ${text}`))
      }
      expect(findings).toEqual([])
    })

    it(`fits on a telephone without a scroll to the side, ${colorScheme}`, async () => {
      const viewport = { width: 390, height: 844 }
      const context = await bench().context({ colorScheme, viewport, hasTouch: true })
      const page = await context.newPage()
      const tooWide: string[] = []
      for (const one of pages()) {
        await open(page, one)
        await page.screenshot({ path: join(screens, `${one.name}-${colorScheme}-390.png`) })
        for (const width of [viewport.width, 320]) {
          await page.setViewportSize({ ...viewport, width })
          const shown = await page.evaluate<number>(shownWidth)
          if (shown > width) tooWide.push(`${one.name}: ${shown} px of ${width}`)
        }
        await page.setViewportSize(viewport)
      }
      expect(tooWide).toEqual([])
    })
  }

  it('is reached by its menu on a telephone', async () => {
    const context = await bench().context({ viewport: { width: 390, height: 844 } })
    const page = await bench().page('', context)
    await page.getByRole('button', { name: 'Menu' }).click()
    await page
      .getByRole('navigation', { name: 'Pages' })
      .getByRole('link', { name: 'Workers' })
      .click()
    await page.getByRole('heading', { level: 1, name: 'Workers' }).waitFor()
    const menu = page.getByRole('button', { name: 'Menu' })
    expect(await menu.getAttribute('aria-expanded')).toBe('false')

    await menu.click()
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link').first().focus()
    await page.keyboard.press('Escape')
    expect(await menu.getAttribute('aria-expanded')).toBe('false')
    expect(await page.evaluate('document.activeElement.ariaLabel')).toBe('Menu')
  })

  it('is reached by the keyboard alone, and what has the focus is seen', async () => {
    const page = await bench().page('overview')
    await page.getByTestId('phase-charge').waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to content')
    const focus = () => page.evaluate<string>('document.activeElement.textContent.trim()')
    for (let presses = 0; presses < 12 && (await focus()) !== 'Jobs'; presses++) {
      await page.keyboard.press('Tab')
    }
    expect(await focus()).toBe('Jobs')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).not.toBe(
      'none',
    )
    await page.keyboard.press('Enter')
    await page.getByTestId('job-row').first().waitFor()
    await page.keyboard.press('/')
    await page.keyboard.type('state:dead')
    await page.keyboard.press('Enter')
    await page.getByTestId('job-count').getByText('3 jobs').waitFor()
    expect(page.url()).toContain('q=state%3Adead')
  })

  it('keeps its theme, and its pages come back by the browser’s own button', async () => {
    const page = await bench().page('overview')
    await page.getByText('Dark', { exact: true }).first().click()
    const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
    const dark = await ground()
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor()
    await page.goBack()
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await page.reload()
    await page.getByTestId('phase-charge').waitFor()
    expect(await ground()).toBe(dark)
  })

  it('keeps its policy: no page was reported, and nothing was asked of anybody else', async () => {
    const page = await bench().page()
    for (const one of pages()) await open(page, one)
    expect(await bench().api<PolicyReports>('csp-reports')).toEqual({ count: 0, reports: [] })
    expect(bench().complaints).toEqual([])
  })

  it('works below any path of a proxy, with a login, live', async () => {
    const ann = token('ann', 'admin')
    const web = await bench().web(['--token', ann.configured])
    await using proxy = await MountingProxy.open(web.url, '/a/b')
    const page = await bench().page('workers', undefined, proxy.url)
    await page.getByLabel('Access token').fill(ann.secret)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByTestId('worker').first().waitFor()
    await page.getByTestId('live-state').getByText('live').waitFor()
    await page.reload()
    await page.getByTestId('worker').first().waitFor()
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await page.getByTestId('job-row').first().waitFor()
    expect(proxy.strays).toEqual([])
  })
})

describe.skipIf(chromiumIsMissing)(`the page of the login${skipped}`, () => {
  it('has no finding of weight either, and fits on a telephone', async () => {
    const web = await bench().web(['--token', token('ann', 'admin').configured])
    const context = await bench().context({
      bypassCSP: true,
      viewport: { width: 390, height: 844 },
    })
    const page = await bench().page('', context, web.url)
    await page.getByLabel('Access token').waitFor()
    await page.screenshot({ path: join(screens, 'login-light-390.png') })
    expect(await page.evaluate<number>(shownWidth)).toBeLessThanOrEqual(390)
    expect(await examine(page)).toEqual([])
  })
})

afterAll(() => process.stdout.write(`pictures of the pages: ${screens}\n`))

interface Finding {
  readonly id: string
  readonly impact: string | null
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[] }[]
}

/** Serious and critical findings of axe, with where they are. */
async function examine(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const findings = await page.evaluate<readonly Finding[]>(
    `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
       violations.map(({ id, impact, help, nodes }) =>
         ({ id, impact, help, nodes: nodes.map(({ target }) => ({ target })) })))`,
  )
  return findings
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, help, nodes }) => {
      const places = nodes.slice(0, 3).map(({ target }) => target.join(' '))
      return `${id} (${help}) at ${places.join(', ')}`
    })
}
