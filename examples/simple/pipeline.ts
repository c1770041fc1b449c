/**
 * The smallest useful pipeline: make a file, hash it, delete it. It shows what every phase owes its
 * reader, because a phase may run more than once for one job (a worker dies, a time-out passes):
 * the same job always names the same file, a file appears complete or not at all, and work that is
 * already done is not an error.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Phase, Pipeline, Reject, chain, type Context } from 'carbontube'

const linesPerBlock = 10_000

/** Writes `size` random lines into a file of this job's own. */
export class GenerateFile extends Phase {
  readonly jobType = 'generate-file'

  async execute(job: { size: number; directory?: string }, context: Context) {
    if (!Number.isSafeInteger(job.size) || job.size < 0) {
      throw new Reject(`size is a number of lines, 0 or more; got ${JSON.stringify(job.size)}`)
    }
    const directory = job.directory ?? tmpdir()
    const path = join(directory, `carbontube-simple-${shortHash(context.idempotencyKey)}.txt`)
    const unfinished = `${path}.${context.fence}`

    await mkdir(directory, { recursive: true })
    try {
      const lines = Readable.from(randomLines(job.size, context))
      await pipeline(lines, createWriteStream(unfinished), { signal: context.signal })
      await rename(unfinished, path)
    } finally {
      await rm(unfinished, { force: true })
    }
    context.log.info('generated', { path, lines: job.size })
    return { path }
  }
}

/** Reads the file as a stream, so that its size does not matter. */
export class CalculateHash extends Phase {
  readonly jobType = 'calculate-hash'

  async execute(job: { path: string }, context: Context) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(job.path), hash, { signal: context.signal })
    return { sha256: hash.digest('hex') }
  }
}

/** Removes the file; one that is gone already was removed by an earlier run of this phase. */
export class DeleteFile extends Phase {
  readonly jobType = 'delete-file'

  async execute(job: { path: string }) {
    await rm(job.path, { force: true })
  }
}

export class SimplePipeline extends Pipeline {
  readonly name = 'simple-pipeline'
  readonly phases = chain(GenerateFile, CalculateHash, DeleteFile)
}

function* randomLines(size: number, context: Context): Generator<string> {
  for (let written = 0; written < size;) {
    const count = Math.min(linesPerBlock, size - written)
    yield randomBytes(count * 32)
      .toString('hex')
      .replace(/.{64}/g, '$&\n')
    written += count
    context.progress(written / size)
  }
}

/** Job ids may hold any character and be long; a file name may not. */
function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
