/**
 * A video pipeline on a real ffmpeg: probe → transcode → thumbnail → package. Each phase does one
 * job, so each can run on the boxes that suit it; all of them reach the files by the same absolute
 * paths. Everything a job produces goes to its own `outputDirectory`:
 *
 *   video.mp4   thumbnail.jpg   hls/playlist.m3u8   hls/segment-000.ts …
 */
import { access, constants, mkdir, readdir, stat } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { Phase, Pipeline, Reject, chain, type Context } from 'carbontube'
import { runFfmpeg } from './ffmpeg.ts'
import { readMediaInfo } from './media-info.ts'
import { writeThenRename } from './write-then-rename.ts'

/** Looks before anybody works: what is not a video dies here, at once and without a retry. */
export class Probe extends Phase {
  readonly jobType = 'probe'
  timeout = 60_000

  async execute(job: { sourcePath: string; outputDirectory: string }, context: Context) {
    for (const path of [job.sourcePath, job.outputDirectory]) {
      if (!isAbsolute(path)) throw new Reject(`workers need absolute paths; got "${path}"`)
    }
    await access(job.sourcePath, constants.R_OK).catch((error: Error) => {
      throw new Reject(`cannot read the source: ${error.message}`, { cause: error })
    })
    const info = await readMediaInfo(job.sourcePath, context.signal)
    if (info === undefined) throw new Reject(`not a video: ${job.sourcePath}`)
    context.log.info('probed', { ...info })
    return info
  }
}

/** Makes an H.264/AAC mp4 with a key frame every second, so that it can be cut without encoding. */
export class Transcode extends Phase {
  readonly jobType = 'transcode'
  retry = { attempts: 3, delay: 1_000 }
  timeout = 600_000

  async execute(
    job: { sourcePath: string; outputDirectory: string; duration: number; hasAudio: boolean },
    context: Context,
  ) {
    const videoPath = join(job.outputDirectory, 'video.mp4')
    const audio = job.hasAudio ? ['-map', '0:a:0', '-c:a', 'aac', '-b:a', '128k'] : ['-an']
    const video = ['-map', '0:v:0', '-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p']
    // yuv420p halves the colour planes: both sides must be even.
    const evenSides = ['-vf', 'scale=trunc(iw/2)*2:trunc(ih/2)*2']
    const keyFrames = ['-force_key_frames', 'expr:gte(t,n_forced)']
    const output = ['-movflags', '+faststart', '-f', 'mp4', '-progress', 'pipe:1']

    const onLine = (line: string) => {
      const microseconds = /^out_time_(?:us|ms)=(\d+)/.exec(line)?.[1]
      if (microseconds === undefined) return
      context.progress(Math.min(1, Number(microseconds) / 1e6 / job.duration))
    }
    await writeThenRename(videoPath, context.fence, async (temporary) => {
      const args = ['-i', job.sourcePath, ...video, ...evenSides, ...keyFrames, ...audio, ...output]
      await runFfmpeg([...args, temporary], { signal: context.signal, onLine })
    })
    return { videoPath }
  }
}

/** A picture from the first tenth of the video, 320 pixels wide. */
export class Thumbnail extends Phase {
  readonly jobType = 'thumbnail'
  timeout = 60_000

  async execute(
    job: { videoPath: string; outputDirectory: string; duration: number },
    context: Context,
  ) {
    const thumbnailPath = join(job.outputDirectory, 'thumbnail.jpg')
    const seek = ['-ss', String(job.duration / 10), '-i', job.videoPath]
    const picture = ['-frames:v', '1', '-vf', 'scale=320:-2', '-q:v', '3', '-f', 'mjpeg']

    await writeThenRename(thumbnailPath, context.fence, async (temporary) => {
      await runFfmpeg([...seek, ...picture, temporary], { signal: context.signal })
      // ffmpeg is content with a seek past the last frame and leaves an empty file.
      if ((await stat(temporary)).size === 0) throw new Error(`no frame at 10 %: ${job.videoPath}`)
    })
    return { thumbnailPath }
  }
}

const durationToleranceSeconds = 0.3

/** Cuts the video into HLS segments, and checks the result before anybody can see it. */
export class PackageHls extends Phase {
  readonly jobType = 'package'
  timeout = 300_000

  async execute(
    job: { videoPath: string; outputDirectory: string; duration: number },
    context: Context,
  ) {
    const directory = join(job.outputDirectory, 'hls')
    const hls = ['-f', 'hls', '-hls_time', '1', '-hls_playlist_type', 'vod']
    const names = ['-hls_segment_filename', 'segment-%03d.ts', 'playlist.m3u8']
    let segments = 0

    await writeThenRename(directory, context.fence, async (temporary) => {
      await mkdir(temporary, { recursive: true })
      const args = ['-i', job.videoPath, '-c', 'copy', ...hls, ...names]
      await runFfmpeg(args, { signal: context.signal, cwd: temporary })
      await checkPlaylist(join(temporary, 'playlist.m3u8'), job.duration, context.signal)
      segments = (await readdir(temporary)).filter((name) => name.endsWith('.ts')).length
    })
    return { playlistPath: join(directory, 'playlist.m3u8'), segments }
  }
}

export class VideoPipeline extends Pipeline {
  readonly name = 'video-pipeline'
  readonly phases = chain(Probe, Transcode, Thumbnail, PackageHls)
}

async function checkPlaylist(path: string, seconds: number, signal: AbortSignal): Promise<void> {
  const info = await readMediaInfo(path, signal)
  const off = Math.abs((info?.duration ?? 0) - seconds)
  if (info?.codec !== 'h264' || off > durationToleranceSeconds) {
    const got =
      info === undefined ? 'nothing playable' : `${info.codec}, ${String(info.duration)} s`
    throw new Error(`the playlist should be h264, ${String(seconds)} s; it is ${got}`)
  }
}
