/**
 * What ffprobe knows of a file, reduced to what the pipeline needs. Used to look at sources, and by
 * the packaging phase and the demo to check what was produced.
 */
import { ToolError, runFfprobe } from './ffmpeg.ts'

export interface MediaInfo {
  /** Seconds. */
  readonly duration: number
  /** Codec of the first video stream, as ffprobe names it: `h264`, `vp8`, … */
  readonly codec: string
  readonly width: number
  readonly height: number
  readonly hasAudio: boolean
}

/** `undefined`: ffprobe could read the file, or tried to, and it is not a video. */
export async function readMediaInfo(
  path: string,
  signal?: AbortSignal,
): Promise<MediaInfo | undefined> {
  try {
    const args = ['-print_format', 'json', '-show_format', '-show_streams', path]
    return toMediaInfo(JSON.parse(await runFfprobe(args, { signal })) as Probe)
  } catch (error) {
    if (error instanceof ToolError && error.exitCode === 1) return undefined
    throw error
  }
}

interface Probe {
  readonly format?: { readonly duration?: string; readonly format_name?: string }
  readonly streams?: readonly ProbedStream[]
}

interface ProbedStream {
  readonly codec_type: string
  readonly codec_name?: string
  readonly width?: number
  readonly height?: number
  readonly disposition?: { readonly attached_pic?: number }
}

const notFilms = /^(tty|image2|\w+_pipe)$/

function toMediaInfo({ format, streams = [] }: Probe): MediaInfo | undefined {
  // To ffprobe, a song with a cover has a video stream, and a picture or a text is a short film.
  const video = streams.find((s) => s.codec_type === 'video' && s.disposition?.attached_pic !== 1)
  const duration = Number(format?.duration)
  if (notFilms.test(format?.format_name ?? '') || !(duration > 0)) return undefined
  if (!video?.codec_name || !video.width || !video.height) return undefined

  const hasAudio = streams.some((stream) => stream.codec_type === 'audio')
  return { duration, codec: video.codec_name, width: video.width, height: video.height, hasAudio }
}
