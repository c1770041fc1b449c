/**
 * The tale on three boxes, which are network namespaces of this machine: the commands of
 * docs/how-to/three-boxes.md, with cables that are pulled while jobs run.
 */
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { regionNames, regionOf } from '../../scripts/quoted-regions.mjs'
import { until } from '../wait.ts'
import { Bench } from './processes.ts'
import { Shell, type Running } from './shell.ts'

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url))
const commands = readFileSync(path('../../examples/three-boxes/commands.sh'), 'utf8')
const script = path('../../examples/three-boxes/boxes.sh')
const command = `${process.execPath} ${path('../../dist/cli/main.js')}`
/** Names of namespaces are those of the whole machine. */
const env = { ...process.env, BOXES: `ct${process.pid}` }
const ran = new Set<string>()

let bench: Bench
let shell: Shell

/** Why there can be no boxes here. */
function lack(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may make network namespaces'
  try {
    execFileSync('ip', ['netns', 'list'])
    return undefined
  } catch {
    return 'no network namespaces here'
  }
}

function boxes(...args: string[]): void {
  execFileSync(script, args, { env })
}

/** The line that runs a region on a box. */
function on(box: string, region: string, line = regionOf(commands, region)): string {
  ran.add(region)
  const file = join(bench.folder, `${region}-${ran.size}.sh`)
  const video = join(bench.folder, 'video1.mp4')
  writeFileSync(file, line.replaceAll('npx carbontube', command).replace('/tmp/video1.mp4', video))
  return `BOXES=${env.BOXES} ${script} on ${box} bash -eu ${file}`
}

async function ready(parts: readonly Running[]): Promise<void> {
  const isReady = ({ stderr }: Running) => / is ready.*$/m.test(stderr())
  await until(() => parts.every(isReady), { what: 'all are ready', timeoutMs: 20_000 })
}

interface Shown {
  readonly workers: readonly { readonly jobType: string; readonly state: string }[]
  readonly settled: { readonly done: number }
}

async function status(): Promise<Shown> {
  const line = on('manager', 'status', `${regionOf(commands, 'status').trim()} --json`)
  return JSON.parse(await shell.succeed(line)) as Shown
}

async function workersAre(states: Readonly<Record<string, string>>): Promise<void> {
  await until(
    async () => {
      const { workers } = await status()
      return Object.entries(states).every(([type, state]) =>
        workers.some((worker) => worker.jobType === type && worker.state === state),
      )
    },
    { what: `workers are ${JSON.stringify(states)}`, timeoutMs: 30_000 },
  )
}

async function enqueue(more: string): Promise<unknown[]> {
  const line = on('manager', 'enqueue', `${regionOf(commands, 'enqueue').trim()} ${more}`)
  const output = await shell.succeed(line)
  return output.split('\n').flatMap((text) => (text === '' ? [] : [JSON.parse(text) as unknown]))
}

const why = lack()

describe.skipIf(why !== undefined)(
  `three boxes${why === undefined ? '' : ` [skipped: ${why}]`}`,
  () => {
    beforeEach(async () => {
      bench = await Bench.open()
      shell = new Shell(bench.folder)
      copyFileSync(
        path('../../examples/three-boxes/tinas-pipeline.ts'),
        join(bench.folder, 'tinas-pipeline.ts'),
      )
      boxes('up')
    })

    afterEach(async () => {
      await shell.close()
      boxes('down')
      await bench.close()
    })

    it('encode and split over relays, and nothing is lost or done twice when cables are pulled', async () => {
      writeFileSync(join(bench.folder, 'video1.mp4'), 'a frame '.repeat(100_000))
      await ready(['encoder', 'file-io', 'manager'].map((box) => shell.start(on(box, box))))
      await workersAre({ 'encode-video': 'ready', 'split-video': 'ready' })
      const [whole] = await enqueue('--wait --json')
      expect(whole).toMatchObject({ state: 'done', acknowledged: true })

      boxes('cut', 'encoder')
      const waiting: unknown[] = []
      for (let n = 0; n < 5; n++) waiting.push(...(await enqueue('--json')))
      expect(waiting).toHaveLength(5)
      const isThere = async () =>
        (await status()).workers.some(
          ({ jobType, state }) => jobType === 'encode-video' && state === 'ready',
        )
      await until(async () => !(await isThere()), { what: 'the loss is seen', timeoutMs: 40_000 })
      boxes('heal', 'encoder')
      await workersAre({ 'encode-video': 'ready' })
      boxes('cut', 'file-io')
      for (let n = 0; n < 5; n++) waiting.push(...(await enqueue('--json')))
      boxes('heal', 'file-io')
      const [last] = await enqueue('--wait --timeout 60s --json')
      expect(last).toMatchObject({ state: 'done' })
      await until(async () => (await status()).settled.done === 12, {
        what: 'all have settled',
        timeoutMs: 60_000,
      })
      const store = join(bench.folder, '.carbontube', 'video-encoder-pipeline.db')
      expect(await bench.run(['audit', store])).toMatchObject({ code: 0, stderr: '' })
    }, 180_000)

    it('are shown no command that did not run here', () => {
      expect([...ran].sort()).toEqual(regionNames(commands).sort())
    })
  },
)
