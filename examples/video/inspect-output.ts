/**
 * Checks what a finished job left on the disk against the clip it was made from, with ffprobe and
 * not with what the job says of itself. The demo prints this; a test may assert it.
 */
import { stat } from 'node:fs/promises'
import type { Clip } from './make-clips.ts'
import { type MediaInfo, readMediaInfo } from './media-info.ts'

/** What the demo needs of the finished job's instructions. */
export interface Produced {
  readonly videoPath: string
  readonly thumbnailPath: string
  readonly playlistPath: string
}

export interface Inspection {
  readonly video: MediaInfo | undefined
  readonly videoBytes: number
  readonly thumbnailBytes: number
  /** Sentences for people; empty when all is as it should be. */
  readonly problems: readonly string[]
}

const durationToleranceSeconds = 0.3

export async function inspectOutput(clip: Clip, produced: Produced): Promise<Inspection> {
  const videoBytes = await sizeOf(produced.videoPath)
  const thumbnailBytes = await sizeOf(produced.thumbnailPath)
  const video = await readMediaInfo(produced.videoPath)
  const playlist = await readMediaInfo(produced.playlistPath)
  const problems = [
    ...problemsOf('video', video, clip.seconds),
    ...problemsOf('playlist', playlist, clip.seconds),
    ...(thumbnailBytes === 0 ? [`no thumbnail at ${produced.thumbnailPath}`] : []),
  ]
  return { video, videoBytes, thumbnailBytes, problems: problems.map((p) => `${clip.name}: ${p}`) }
}

function problemsOf(what: string, info: MediaInfo | undefined, seconds: number): string[] {
  if (info === undefined) return [`the ${what} is missing or cannot be played`]
  const problems = []
  if (info.codec !== 'h264') problems.push(`the ${what} is ${info.codec}, not h264`)
  if (Math.abs(info.duration - seconds) > durationToleranceSeconds) {
    problems.push(`the ${what} is ${String(info.duration)} s long, not ${String(seconds)} s`)
  }
  return problems
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}
