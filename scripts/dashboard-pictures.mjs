// `node scripts/dashboard-pictures.mjs [seconds]`: takes the pictures of docs/images/, of a pipeline that is alive: clips
// come in, some take long, some die. Its phases only take their time; everything else is real.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PipelineClient } from 'carbontube'
import { chromium } from 'playwright-core'
import { end, freePort, start, until } from '../bench/processes.mjs'
import { root } from './run-step.mjs'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'
const images = join(root, 'docs/images')
/** Long enough for charts that show something. */
const seconds = Number(process.argv[2] ?? 90)

const pipeline = `
import { Phase, Pipeline, Reject, chain } from '${join(root, 'dist/index.js')}'
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
class Probe extends Phase {
  jobType = 'probe'
  concurrency = 8
  async execute(job, context) {
    await wait(20 + 40 * Math.random())
    context.log.info('probed', { width: 1920, height: 1080, duration: job.seconds })
    if (job.path.endsWith('.txt')) throw new Reject('not a video: ' + job.path)
    return { duration: job.seconds, hasAudio: true }
  }
}
class Transcode extends Phase {
  jobType = 'transcode'
  concurrency = 6
  retry = { attempts: 3, delay: 1_500 }
  async execute(job, context) {
    const steps = 10
    for (let step = 1; step <= steps; step++) {
      await wait(job.seconds * (8 + 6 * Math.random()))
      context.progress(step / steps, job.path)
    }
    const isUnlucky = job.path.includes('-7') && context.attempt < 3
    if (job.path.includes('-13')) throw new Reject('the codec prores_raw is not supported')
    if (isUnlucky) throw new Error('ffmpeg ended with code 187: moov atom not found in ' + job.path)
    return { videoPath: job.path.replace('.mov', '.mp4') }
  }
}
class Thumbnail extends Phase {
  jobType = 'thumbnail'
  concurrency = 4
  async execute(job) {
    await wait(60 + 120 * Math.random())
    return { thumbnailPath: job.path.replace('.mov', '.jpg') }
  }
}
class Package extends Phase {
  jobType = 'package'
  concurrency = 4
  async execute() {
    await wait(40 + 100 * Math.random())
    return { segments: 12 }
  }
}
export class Videos extends Pipeline {
  name = 'videos'
  phases = chain(Probe, Transcode, Thumbnail, Package)
}
`

const folder = mkdtempSync(join(tmpdir(), 'carbontube-pictures-'))
const file = join(folder, 'pipeline.mjs')
writeFileSync(file, pipeline)
const started = []
try {
  const [pull, sub] = [await freePort(), await freePort()].map((port) => `tcp://127.0.0.1:${port}`)
  const doors = ['--pull-bind', pull, '--sub-bind', sub, '--pub-bind', 'tcp://127.0.0.1:*']
  started.push(start(folder, ['pipeline', file, ...doors]))
  for (const phase of ['probe', 'transcode', 'transcode', 'thumbnail', 'package']) {
    started.push(
      start(folder, ['phase', file, phase, '--push-connect', pull, '--pub-connect', sub]),
    )
  }
  const bind = `127.0.0.1:${await freePort()}`
  started.push(start(folder, ['web', pull, '--bind', bind]))
  const client = new PipelineClient(pull, { timeout: 20_000 })
  await until(() =>
    client.connect().then(
      () => true,
      () => false,
    ),
  )
  await until(() =>
    fetch(`http://${bind}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    ),
  )
  const unluckyId = await keepBusy(client)
  await client.waitForJobs([unluckyId], 60_000, () => undefined)
  client.close()
  await take(`http://${bind}/`, unluckyId)
} finally {
  for (const child of started.toReversed()) await end(child)
  rmSync(folder, { recursive: true, force: true })
}

/** Clips in waves; answers the id of one that fails twice and passes. */
async function keepBusy(client) {
  let clip = 0
  let unluckyId = ''
  for (let second = 0; second < seconds; second++) {
    const count = 6 + Math.round(5 * Math.sin(second / 9))
    const jobs = Array.from({ length: count }, () => {
      clip += 1
      const name = clip % 29 === 0 ? `notes-${clip}.txt` : `clip-${clip}.mov`
      return { name: 'videos', instructions: { path: `/media/${name}`, seconds: 8 + (clip % 17) } }
    })
    const answers = await client.enqueueJobs(jobs)
    const at = jobs.findIndex(({ instructions: { path } }) => path.includes('-7'))
    if (at >= 0 && second < seconds / 2) unluckyId = answers[at].job.id
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  return unluckyId
}

async function take(url, jobId) {
  mkdirSync(images, { recursive: true })
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const shots = [
      { name: 'overview', hash: 'overview', colorScheme: 'light', width: 1280, height: 800 },
      { name: 'job', hash: `jobs/videos/${jobId}`, colorScheme: 'light', width: 1280, height: 760 },
      { name: 'dead-narrow', hash: 'dead', colorScheme: 'dark', width: 390, height: 844 },
    ]
    for (const { name, hash, colorScheme, ...viewport } of shots) {
      const page = await browser.newPage({ colorScheme, viewport })
      await page.goto(`${url}#/${hash}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.getByText('live', { exact: true }).waitFor()
      // Charts are drawn when their history is there.
      if (name === 'overview') await page.locator('canvas').nth(2).waitFor()
      if (name === 'dead-narrow') await page.getByTestId('dead-group').first().waitFor()
      await page.screenshot({ path: join(images, `${name}.png`) })
      await page.close()
    }
  } finally {
    await browser.close()
  }
}
