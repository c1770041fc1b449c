/**
 * What twenty open dashboards cost the pipeline they look at: the same work without a dashboard, with twenty
 * browsers' streams on one, and with a real Chromium beside them, in turns on one installation.
 */
import { existsSync } from 'node:fs'
import { get } from 'node:http'
import { chromium } from 'playwright-core'
import { Installation } from './installation.mjs'
import {
  cpuSeconds,
  end,
  freePort,
  hundredths,
  quantile,
  round,
  start,
  until,
} from './processes.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const lookers = 20

export async function dashboards({ store, jobs: given, runs, concurrency }) {
  const jobs = Number(given ?? 30_000)
  const ways = existsSync(executablePath)
    ? ['without', 'streams', 'browser']
    : ['without', 'streams']
  const figures = Object.fromEntries(ways.map((way) => [way, []]))
  const installation = await Installation.open(store, { concurrency })
  try {
    await installation.startWorkers()
    await work(installation, Math.ceil(jobs / 5))
    for (let run = 0; run < Number(runs); run++) {
      // Who goes first alternates: a store that grows makes the later ones slower.
      for (const way of run % 2 === 0 ? ways : ways.toReversed()) {
        const dashboard = way === 'without' ? undefined : await open(installation, way)
        try {
          figures[way].push(await work(installation, jobs, dashboard))
        } finally {
          await dashboard?.close()
        }
      }
    }
  } finally {
    await installation.close()
  }
  return { store, jobs, lookers, figures }
}

export function dashboardsTables({ jobs, lookers: count, figures }) {
  const median = (way, key) =>
    quantile(
      figures[way].map((one) => one[key]),
      0.5,
    )
  // Of what was measured in the same run: the machine is the same then, more or less.
  const ratio = (way, key) =>
    quantile(
      figures[way].map((one, run) => one[key] / figures.without[run][key]),
      0.5,
    )
  const names = {
    without: 'no dashboard',
    streams: `${count} dashboards open`,
    browser: `${count} and a Chromium on the same machine`,
  }
  const rows = Object.keys(figures).map((way) => [
    names[way],
    Math.round(median(way, 'jobsPerSecond')),
    hundredths(ratio(way, 'jobsPerSecond')),
    round(median(way, 'managerMicros')),
    hundredths(ratio(way, 'managerMicros')),
    round(median(way, 'webPercent')),
    Math.min(...figures[way].map(({ snapshots }) => snapshots)),
  ])
  const head = [
    `${jobs} jobs a run`,
    'jobs/s',
    'ratio',
    'manager, µs a job',
    'ratio',
    'dashboard, % of a core',
    'snapshots of each',
  ]
  return [{ head, rows }]
}

/** From the first enqueue to the last completion. */
async function work(installation, jobs, dashboard) {
  const managerBefore = cpuSeconds(installation.manager)
  const webBefore = dashboard === undefined ? 0 : cpuSeconds(dashboard.child)
  const startedMs = performance.now()
  await installation.workOff(jobs)
  const seconds = (performance.now() - startedMs) / 1_000
  const webSeconds = dashboard === undefined ? 0 : cpuSeconds(dashboard.child) - webBefore
  return {
    jobsPerSecond: jobs / seconds,
    managerMicros: ((cpuSeconds(installation.manager) - managerBefore) / jobs) * 1e6,
    webPercent: (100 * webSeconds) / seconds,
    snapshots: dashboard?.fewestSnapshots() ?? 0,
  }
}

/** A dashboard that so many look at; each of them reads what it is sent. */
async function open(installation, way) {
  const bind = `127.0.0.1:${await freePort()}`
  const address = installation.doors.map(([pull]) => pull).join(',')
  const child = start(installation.folder, ['web', address, '--bind', bind])
  await until(() =>
    fetch(`http://${bind}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const streams = Array.from({ length: lookers }, () => follow(`http://${bind}/api/v1/stream`))
  const browser =
    way === 'browser'
      ? await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
      : undefined
  if (browser !== undefined) {
    const page = await browser.newPage()
    await page.goto(`http://${bind}/`)
    await page.getByTestId('phase-third').waitFor()
  }
  await until(() => streams.every(({ snapshots }) => snapshots > 0))
  return {
    child,
    fewestSnapshots: () => Math.min(...streams.map(({ snapshots }) => snapshots)),
    async close() {
      for (const stream of streams) stream.request.destroy()
      await browser?.close()
      await end(child)
    },
  }
}

function follow(url) {
  const stream = { snapshots: 0, request: undefined }
  stream.request = get(`${url}?topics=snapshot`, (response) => {
    response.on('data', (text) => {
      if (text.includes('event: snapshot')) stream.snapshots += 1
    })
    // Cut off when the run is over.
    response.on('error', () => undefined)
  })
  stream.request.on('error', () => undefined)
  return stream
}
