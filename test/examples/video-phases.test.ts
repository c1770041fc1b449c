/**
 * The phases of the video example on the real ffmpeg. Its dependencies (70 MB of ffmpeg) are not
 * those of the library: they are there after `make demo` or `npm ci --prefix examples/video`.
 */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeContext } from './fake-context.ts'

const example = resolve(import.meta.dirname, '../../examples/video')
const installed = ['@ffmpeg-installer/ffmpeg', '@ffprobe-installer/ffprobe', 'carbontube'].every(
  (name) => existsSync(join(example, 'node_modules', name, 'package.json')),
)
const skipped = installed ? '' : ' (skipped: run npm ci --prefix examples/video)'

interface PhaseClass {
  new (): { execute(job: object, context: object): Promise<Record<string, unknown>> }
}

// By a computed path: these modules cannot be resolved, not even for their types, before npm ci.
async function load<Exports>(file: string): Promise<Exports> {
  return (await import(join(example, file))) as Exports
}

describe.skipIf(!installed)(`the phases of the video example${skipped}`, () => {
  let phases: Record<'Probe' | 'Transcode' | 'Thumbnail' | 'PackageHls', PhaseClass>
  let ffmpeg: { runFfmpeg(args: readonly string[]): Promise<string> }
  let directory: string
  let source: { sourcePath: string; outputDirectory: string }

  beforeAll(async () => {
    phases = await load('pipeline.ts')
    ffmpeg = await load('ffmpeg.ts')
    directory = await mkdtemp(join(tmpdir(), 'carbontube-video-test-'))
    source = { sourcePath: join(directory, 'clip.avi'), outputDirectory: join(directory, 'made') }
    const inputs = 'cellauto=size=161x121:rate=25 sine=frequency=440'.split(' ')
    const from = inputs.flatMap((input) => ['-f', 'lavfi', '-i', input])
    const codecs = '-c:v mjpeg -pix_fmt yuvj444p -c:a libmp3lame'.split(' ')
    await ffmpeg.runFfmpeg([...from, '-t', '1', ...codecs, source.sourcePath])
  })

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true })
  })

  it('turn a clip with odd sides into an mp4, a thumbnail and a playlist', async () => {
    let job: Record<string, unknown> = source
    const progressed: number[] = []
    for (const PhaseClass of [
      phases.Probe,
      phases.Transcode,
      phases.Thumbnail,
      phases.PackageHls,
    ]) {
      const context = fakeContext(PhaseClass.name)
      job = { ...job, ...(await new PhaseClass().execute(job, context)) }
      progressed.push(...context.progressed)
    }

    expect(job).toMatchObject({ codec: 'mjpeg', width: 161, height: 121, hasAudio: true })
    expect(job['duration']).toBeCloseTo(1, 0)
    expect(progressed.at(-1)).toBeGreaterThan(0.8)
    const made = await readdir(source.outputDirectory)
    expect(made.toSorted()).toEqual(['hls', 'thumbnail.jpg', 'video.mp4'])
    expect(await readFile(String(job['playlistPath']), 'utf8')).toContain('segment-000.ts')

    const probed = { ...source, sourcePath: String(job['videoPath']) }
    const output = await new phases.Probe().execute(probed, fakeContext('probe'))
    expect(output).toMatchObject({ codec: 'h264', width: 160, height: 120, hasAudio: true })
  })

  it('can run again over what an earlier run left', async () => {
    const probed = await new phases.Probe().execute(source, fakeContext('probe'))
    const job = { ...source, ...probed }
    for (let run = 0; run < 2; run++) {
      const video = await new phases.Transcode().execute(job, fakeContext('transcode'))
      await new phases.PackageHls().execute({ ...job, ...video }, fakeContext('package'))
    }
    const hidden = (await readdir(source.outputDirectory)).filter((name) => name.startsWith('.'))
    expect(hidden).toEqual([])
  })

  it('reject a text, a picture and a missing file at the probe', async () => {
    const text = join(directory, 'notes.txt')
    await writeFile(text, 'not a film\n'.repeat(500))
    const picture = join(directory, 'still.jpg')
    await ffmpeg.runFfmpeg(['-i', source.sourcePath, '-frames:v', '1', '-f', 'mjpeg', picture])

    const probe = (sourcePath: string) =>
      new phases.Probe().execute({ ...source, sourcePath }, fakeContext('probe'))
    await expect(probe(text)).rejects.toThrow('not a video')
    await expect(probe(picture)).rejects.toThrow('not a video')
    await expect(probe(join(directory, 'nowhere.avi'))).rejects.toThrow('cannot read the source')
    await expect(probe(basename(source.sourcePath))).rejects.toThrow('absolute paths')
  })

  it('kill ffmpeg when the job is aborted, and leave nothing half made', async () => {
    const outputDirectory = join(directory, 'aborted')
    const abort = new AbortController()
    const context = fakeContext('transcode', abort.signal)
    // An hour of a film that never ends by itself: only the kill can end this.
    const endless = join(directory, 'endless.txt')
    await writeFile(endless, `ffconcat version 1.0\n${`file clip.avi\n`.repeat(3_600)}`)
    const job = { sourcePath: endless, outputDirectory, duration: 3_600, hasAudio: true }
    const reason = new Error('taken back')
    const run = new phases.Transcode().execute(job, {
      ...context,
      progress: () => abort.abort(reason),
    })

    await expect(run).rejects.toBe(reason)
    expect(await readdir(outputDirectory)).toEqual([])
  })
})
