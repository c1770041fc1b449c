/** Who may look and who may act; and that what is secret stays so. */
import type { BrowserContext, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import type { PolicyReports, Problem } from '../../src/dashboard/api-types.ts'
import { chromiumIsMissing, skipped } from './chromium.ts'
import { benchOfFile, orders, token, type Web } from './dashboard-bench.ts'

const bench = benchOfFile(['validate'])
const admin = token('ann', 'admin')
const reader = token('rob', 'read')
let guarded: Web | undefined

/** A dashboard that wants tokens. */
async function guardedWeb(): Promise<Web> {
  guarded ??= await bench().web(['--token', admin.configured, '--token', reader.configured])
  return guarded
}

async function logIn(secret: string, context?: BrowserContext): Promise<Page> {
  const { url } = await guardedWeb()
  const page = await bench().page('', context, url)
  await page.getByLabel('Access token').fill(secret)
  await page.getByRole('button', { name: 'Log in' }).click()
  return page
}

describe.skipIf(chromiumIsMissing)(`access to the dashboard${skipped}`, () => {
  it('is refused with 401 for a wrong token, and says so', async () => {
    const context = await bench().context()
    const answers: number[] = []
    context.on('response', (response) => {
      if (response.request().method() === 'POST') answers.push(response.status())
    })
    const page = await logIn('a-guess', context)
    await page.locator('#login-error').getByText(/token/).waitFor()
    expect(answers).toEqual([401])
    expect(await page.getByTestId('phase-validate').count()).toBe(0)
    expect((await fetch(`${(await guardedWeb()).url}api/v1/overview`)).status).toBe(401)
  })

  it('brings whoever has a token to the page that was wanted, also after a reload, until they log out', async () => {
    const { url } = await guardedWeb()
    const page = await bench().page('workers', undefined, url)
    await page.getByLabel('Access token').fill(admin.secret)
    await page.getByRole('button', { name: 'Log in' }).click()
    await page.getByRole('heading', { name: 'Workers' }).waitFor()
    await page.reload()
    await page.getByRole('heading', { name: 'Workers' }).waitFor()
    expect(await page.evaluate('document.cookie')).toBe('')
    await page.evaluate('globalThis.isOld = true')
    await page.getByRole('button', { name: 'Log out' }).click()
    await page.getByLabel('Access token').waitFor()
    // The page began anew: nothing of before goes on asking.
    expect(await page.evaluate('globalThis.isOld')).toBeUndefined()
  })

  it('lets a reader look and nothing else', async () => {
    await bench().client.enqueueJobs(orders(1, {}, 'seen-'))
    const page = await logIn(reader.secret)
    await page.getByTestId('phase-validate').waitFor()
    expect(await page.getByRole('button', { name: /^Pause/ }).count()).toBe(0)
    await page.getByRole('link', { name: 'Jobs' }).first().click()
    await page.getByTestId('job-row').first().waitFor()
    expect(await page.getByRole('checkbox').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Settings' }).count()).toBe(0)
    // What the page does not offer, the server refuses.
    const status = await page.evaluate<number>(`fetch('api/v1/pipelines/orders/pause', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}',
    }).then((answer) => answer.status)`)
    expect(status).toBe(403)
  })

  it('shows the configuration without its secrets, neither in the page nor in the API', async () => {
    const context = await bench().context()
    const bodies: string[] = []
    context.on('response', (response) => {
      if (!response.url().includes('/api/v1/') || response.url().includes('stream')) return
      void response.text().then(
        (text) => bodies.push(text),
        () => undefined,
      )
    })
    const page = await logIn(admin.secret, context)
    await page.getByTestId('phase-validate').waitFor()
    for (const name of ['workers', 'jobs', 'logs', 'settings']) {
      await page.goto(`${(await guardedWeb()).url}#/${name}`)
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    }
    await page.getByTestId('options').getByRole('cell', { name: 'token' }).first().waitFor()
    const everything = [...bodies, await page.content()].join('\n')
    expect(bodies.length).toBeGreaterThan(4)
    for (const { secret, configured } of [admin, reader]) {
      expect(everything).not.toContain(secret)
      expect(everything).not.toContain(configured.split(':')[2] ?? '')
    }
  })

  it('refuses with 403 what a page of somebody else posts in the name of who looks', async () => {
    const context = await bench().context()
    const page = await logIn(admin.secret, context)
    await page.getByTestId('phase-validate').waitFor()
    const { url } = await guardedWeb()
    // Another origin: the same server by another name, with nothing of ours running on it.
    const stranger = await context.newPage()
    await stranger.goto('about:blank')
    const answered = context.waitForEvent('response', (one) => one.url().endsWith('/pause'))
    await stranger.setContent(
      `<form method="post" enctype="text/plain" action="${url}api/v1/pipelines/orders/pause">
         <input name='{"a":"' value='"}'></form><script>document.forms[0].submit()</script>`,
    )
    expect((await answered).status()).toBe(403)
    const forged = await fetch(`${bench().url}api/v1/pipelines/orders/pause`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'sec-fetch-site': 'cross-site' },
      body: '{}',
    })
    expect(forged.status).toBe(403)
    expect(((await forged.json()) as Problem).code).toBe('CT_FORBIDDEN')
    const { shards } = await bench().client.status()
    expect(shards[0]?.paused).toBe(false)
  })

  it('has had no report of its content security policy', async () => {
    expect(await bench().api<PolicyReports>('csp-reports')).toEqual({ count: 0, reports: [] })
  })
})
