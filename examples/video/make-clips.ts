/**
 * Makes small real videos with ffmpeg's own generators, so that the example needs no downloads:
 * every clip differs in container, codec, size, frame rate and length, some have sound, one has odd
 * sides. Run it by itself with `npm run clips -- <directory>`.
 */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runFfmpeg } from './ffmpeg.ts'

export interface Clip {
  readonly name: string
  readonly path: string
  /** The length it was made with, against which a finished job can be checked. */
  readonly seconds: number
}

interface Recipe {
  readonly name: string
  readonly seconds: number
  /** A source filter of ffmpeg's `lavfi` input. */
  readonly picture: string
  readonly sound?: string
  readonly encode: string
}

const recipes: readonly Recipe[] = [
  {
    name: 'test-pattern.mkv',
    seconds: 3,
    picture: 'testsrc2=size=640x360:rate=30',
    sound: 'sine=frequency=440:beep_factor=4',
    encode: '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac',
  },
  {
    name: 'mandelbrot.avi',
    seconds: 2,
    picture: 'mandelbrot=size=320x240:rate=25',
    encode: '-c:v mpeg4 -q:v 4',
  },
  {
    name: 'colour-bars.ts',
    seconds: 2.4,
    picture: 'smptebars=size=720x576:rate=25',
    sound: 'sine=frequency=1000',
    encode: '-c:v mpeg2video -q:v 4 -c:a mp2',
  },
  {
    name: 'game-of-life.webm',
    seconds: 2,
    picture: 'life=size=320x240:rate=15:mold=10:ratio=0.1:death_color=blue:life_color=white',
    sound: 'sine=frequency=220',
    encode: '-c:v libvpx -deadline realtime -cpu-used 8 -b:v 600k -c:a libvorbis',
  },
  {
    name: 'cellular.mov',
    seconds: 1.5,
    picture: 'cellauto=size=333x251:rate=20:rule=110',
    encode: '-c:v mjpeg -q:v 4 -pix_fmt yuvj444p',
  },
  {
    name: 'portrait.flv',
    seconds: 4,
    picture: 'testsrc=size=360x640:rate=24',
    sound: 'sine=frequency=330',
    encode: '-c:v flv -q:v 4 -c:a libmp3lame',
  },
  {
    name: 'fast.mp4',
    seconds: 1,
    picture: 'rgbtestsrc=size=426x240:rate=60',
    encode: '-c:v mpeg4 -q:v 4',
  },
  {
    name: 'large.mkv',
    seconds: 2,
    picture: 'testsrc2=size=1280x720:rate=25',
    sound: 'sine=frequency=660',
    encode: '-c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a libopus',
  },
]

export async function makeClips(directory: string, signal?: AbortSignal): Promise<Clip[]> {
  await mkdir(directory, { recursive: true })
  return Promise.all(recipes.map((recipe) => makeClip(recipe, directory, signal)))
}

async function makeClip(recipe: Recipe, directory: string, signal?: AbortSignal): Promise<Clip> {
  const { name, seconds, picture, sound, encode } = recipe
  const path = resolve(directory, name)
  const inputs = [picture, sound].filter((source) => source !== undefined)
  const from = inputs.flatMap((source) => ['-f', 'lavfi', '-i', source])
  await runFfmpeg([...from, '-t', String(seconds), ...encode.split(' '), path], { signal })
  return { name, path, seconds }
}

const [, script, directory] = process.argv
if (script !== undefined && import.meta.url === pathToFileURL(script).href) {
  if (directory === undefined) throw new Error('usage: npm run clips -- <directory>')
  for (const { path } of await makeClips(directory)) process.stdout.write(`${path}\n`)
}
