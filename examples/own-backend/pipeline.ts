/** A pipeline that keeps its jobs in a store of one's own. docs/how-to/write-a-backend.md quotes the region. */
// #region pipeline
import { setTimeout } from 'node:timers/promises'
import { Phase, Pipeline, chain } from 'carbontube'
import { LmdbStorageBackend } from './lmdb-storage.ts'

export class CountLetters extends Phase {
  readonly jobType = 'count-letters'

  async execute(job: { word: string; ms?: number }) {
    await setTimeout(job.ms ?? 0)
    return { letters: job.word.length }
  }
}

export class Letters extends Pipeline {
  readonly name = 'letters'
  readonly phases = chain(CountLetters)

  initialize(): void {
    this.backend = new LmdbStorageBackend(this.name)
  }
}
// #endregion pipeline
