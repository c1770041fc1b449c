/** The pipeline of README.md: pipeline.ts without streams, progress and a folder of one's choice. */
// #region pipeline
import { createHash, randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { Phase, Pipeline, Reject, chain, type Context } from 'carbontube'

export class GenerateFile extends Phase {
  readonly jobType = 'generate-file'

  async execute(job: { size: number }, context: Context) {
    if (!Number.isSafeInteger(job.size)) throw new Reject('size is a number of bytes')
    // The same in every attempt, so that a second run makes no second file. An id may hold any character.
    const name = createHash('sha256').update(context.idempotencyKey).digest('hex')
    const path = `/tmp/simple-${name}`
    await writeFile(`${path}.${context.fence}`, randomBytes(job.size))
    await rename(`${path}.${context.fence}`, path)
    return { path }
  }
}

export class CalculateHash extends Phase {
  readonly jobType = 'calculate-hash'

  async execute(job: { path: string }) {
    const content = await readFile(job.path)
    return { sha256: createHash('sha256').update(content).digest('hex') }
  }
}

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
// #endregion pipeline
