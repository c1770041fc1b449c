// The example of the design (dsl.md), as written there: it must compile under every strict flag.
import { chain } from '../../../src/pipeline/chain.ts'
import type { Context } from '../../../src/pipeline/context.ts'
import { Phase } from '../../../src/pipeline/phase.ts'
import {
  Pipeline,
  type PipelineInput,
  type PipelineJobType,
  type PipelineName,
  type PipelineOutput,
} from '../../../src/pipeline/pipeline.ts'
import type { Storage } from '../../../src/storage/contract.ts'
import type { Equal, True } from './equal.ts'

declare class Gpu {
  static open(): Promise<Gpu>
  close(): Promise<void>
  encode(path: string, options: { signal: AbortSignal; onProgress(p: number): void }): Promise<void>
}
declare class RedisStorageBackend {
  constructor(name: string, options: { redisUri: string })
}
interface RedisStorageBackend extends Storage {}

export class EncodeVideo extends Phase {
  readonly jobType = 'encode-video'
  retry = { attempts: 5, delay: 1_000, factor: 2 }
  timeout = 600_000
  declare gpu: Gpu

  async setup() {
    this.gpu = await Gpu.open()
  }
  async teardown() {
    await this.gpu.close()
  }

  async execute(job: { videoPath: string; encodingOptions?: string[] }, context: Context) {
    context.log.info('encoding', { path: job.videoPath })
    await this.gpu.encode(job.videoPath, {
      signal: context.signal,
      onProgress: (p) => context.progress(p),
    })
    return { videoUri: `s3://bucket/${job.videoPath}` }
  }
}

export class SplitIntoSegments extends Phase {
  readonly jobType = 'split-video'

  execute(job: { videoUri: string }) {
    return { segments: [job.videoUri], at: new Date(), thumbnail: Buffer.from('x') }
  }
}

export class VideoEncoderPipeline extends Pipeline {
  readonly name = 'video-encoder-pipeline'
  readonly phases = chain(EncodeVideo, SplitIntoSegments)

  initialize() {
    this.backend = new RedisStorageBackend(this.name, { redisUri: 'redis://cache1:6379' })
  }
}

type P = typeof VideoEncoderPipeline
export type Checks = [
  True<Equal<PipelineName<P>, 'video-encoder-pipeline'>>,
  True<Equal<PipelineInput<P>, { videoPath: string; encodingOptions?: string[] }>>,
  True<
    Equal<
      PipelineOutput<P>,
      {
        videoPath: string
        encodingOptions?: string[]
        videoUri: string
        segments: string[]
        at: string
        thumbnail: Uint8Array
      }
    >
  >,
  True<Equal<PipelineJobType<P>, 'encode-video' | 'split-video'>>,
]
