/**
 * Tina's pipeline: boxes with fast processors encode, boxes with fast disks split and store. What is done to
 * the file is kept small here (it is compressed, and cut into segments); examples/video does it to real video.
 */
import { createReadStream, createWriteStream } from 'node:fs'
import { open, writeFile } from 'node:fs/promises'
import { pipeline as stream } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { Phase, Pipeline, chain } from 'carbontube'

const segmentBytes = 64 * 1024

export class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'

  async execute({ video_path }: { video_path: string }) {
    const video_uri = `${video_path}.gz`
    await stream(createReadStream(video_path), createGzip(), createWriteStream(video_uri))
    return { video_uri }
  }
}

export class SplitIntoSegments extends Phase {
  readonly jobType = 'split-video'

  async execute({ video_uri }: { video_uri: string }) {
    const segments: string[] = []
    const file = await open(video_uri)
    try {
      for await (const bytes of file.createReadStream({ highWaterMark: segmentBytes })) {
        const segment = `${video_uri}.${segments.length}`
        await writeFile(segment, bytes as Uint8Array)
        segments.push(segment)
      }
    } finally {
      await file.close()
    }
    return { segments }
  }
}

export class VideoEncoderPipeline extends Pipeline {
  readonly name = 'video-encoder-pipeline'
  readonly phases = chain(EncodeVideo, SplitIntoSegments)
}
