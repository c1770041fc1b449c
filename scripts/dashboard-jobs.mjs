// `npm run dashboard-jobs -- [--jobs 1000000]`: fills a store with jobs that nobody works off, opens the list of
// jobs in a real Chromium, and prints how long people wait: for the first rows, the next page, a filter, a search.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { PipelineClient } from 'carbontube'
import { chromium } from 'playwright-core'
import { end, freePort, start, until } from '../bench/processes.mjs'
import { root } from './run-step.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const groupSize = 1_000
const groupsInFlight = 4
const rare = 37
const looks = 5

const { values } = parseArgs({ options: { jobs: { type: 'string', default: '1000000' } } })
const jobs = Number(values.jobs)
if (!Number.isSafeInteger(jobs) || jobs < 1_000) {
  console.error('usage: npm run dashboard-jobs -- [--jobs 1000000: at least a thousand]')
  process.exit(2)
}
if (!existsSync(executablePath)) {
  console.log(`dashboard-jobs: there is no ${executablePath}: install the Debian package chromium`)
  process.exit(1)
}

const folder = mkdtempSync(join(tmpdir(), 'carbontube-dashboard-'))
const started = []
try {
  const [pull, sub] = [await freePort(), await freePort()].map((port) => `tcp://127.0.0.1:${port}`)
  const doors = ['--pull-bind', pull, '--sub-bind', sub, '--pub-bind', 'tcp://127.0.0.1:*']
  const file = join(root, 'bench/three-phases.mjs')
  started.push(start(folder, ['pipeline', file, ...doors]))
  const client = new PipelineClient(pull, { timeout: 60_000 })
  await until(() =>
    client.connect().then(
      () => true,
      () => false,
    ),
  )
  await fill(client)
  client.close()

  const bind = `127.0.0.1:${await freePort()}`
  started.push(start(folder, ['web', pull, '--bind', bind]))
  await until(() =>
    fetch(`http://${bind}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  await look(`http://${bind}/`)
} finally {
  for (const child of started) await end(child)
  rmSync(folder, { recursive: true, force: true })
}

/** The oldest 37 are cancelled: what a filter finds is at the far end of the list. */
async function fill(client) {
  const startedMs = performance.now()
  const special = Array.from({ length: rare }, (_, n) => ({
    ...{ name: 'three-phases', id: `rare-${n}`, instructions: { n, customer: { name: 'Ann' } } },
  }))
  await client.enqueueJobs(special)
  for (const { id } of special) await client.cancelJob(id)
  let sent = rare
  const sendGroups = async () => {
    while (sent < jobs) {
      const count = Math.min(groupSize, jobs - sent)
      const from = sent
      sent += count
      const group = Array.from({ length: count }, (_, n) => ({
        ...{ name: 'three-phases', instructions: { n: from + n, customer: { name: 'Ben' } } },
      }))
      const answers = await client.enqueueJobs(group)
      if (!answers.every(({ ok }) => ok)) throw new Error('a job was refused')
    }
  }
  await Promise.all(Array.from({ length: groupsInFlight }, sendGroups))
  const seconds = (performance.now() - startedMs) / 1_000
  console.log(`${jobs.toLocaleString('en')} jobs enqueued within ${seconds.toFixed(1)} s`)
}

async function look(url) {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage()
    const rows = page.getByTestId('job-row')
    const counted = (text) => page.getByTestId('job-count').getByText(text).waitFor()
    const timings = {
      'first rows': async () => {
        await page.goto(`${url}#/jobs`)
        await rows.first().waitFor()
      },
      'next page': async () => {
        const id = await rows.first().getAttribute('data-job')
        await page.getByTestId('next-page').click()
        await page.waitForFunction(nextPage, id, { polling: 'raf' })
      },
      'a filter that 37 pass': async () => {
        await page.goto(`${url}#/jobs?q=state%3Acancelled`)
        await counted(`${rare} jobs`)
      },
      'one job by its id': async () => {
        await page.goto(`${url}#/jobs?q=id%3Arare-7`)
        await counted('1 job')
      },
      'one page of a search for a value in the instructions': async () => {
        await page.goto(`${url}#/jobs?q=customer.name%3DAnn`)
        await page
          .getByText(/looked at/)
          .first()
          .waitFor()
      },
    }
    let shown = 0
    const times = Object.fromEntries(Object.keys(timings).map((name) => [name, []]))
    for (let at = 0; at < looks; at++) {
      for (const [name, act] of Object.entries(timings)) {
        // Each begins on a page without a list.
        if (name !== 'next page') {
          await page.goto(`${url}#/overview`)
          await page.getByTestId('phase-first').waitFor()
        }
        const startedMs = performance.now()
        await act()
        times[name].push(performance.now() - startedMs)
        if (name === 'first rows') shown = await rows.count()
      }
    }
    for (const [name, all] of Object.entries(times)) {
      const [least, median, most] = [0, all.length >> 1, all.length - 1].map((at) =>
        Math.round(all.toSorted((a, b) => a - b)[at]),
      )
      console.log(`${name}: ${median} ms (${least} … ${most})`)
    }
    console.log(`${shown} rows in the page`)
  } finally {
    await browser.close()
  }
}

function nextPage(id) {
  const first = globalThis.document.querySelector('[data-testid=job-row]')
  return first !== null && first.getAttribute('data-job') !== id
}
